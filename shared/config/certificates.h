// What can be wrong with a certificate, its key and their authorities, told before anything is
// served with them.
//
//   absl::Status status = CheckCertificate("/tls/tls.crt", "/tls/tls.key");
//
// Pure functions of the files.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace dramatis {

// A PEM certificate (chain) and its PEM private key. The error says which file and what is wrong,
// never what is in it.
absl::Status CheckCertificate(const std::string& certificate_file, const std::string& key_file);
// PEM certificates of authorities; at least one.
absl::Status CheckAuthorities(const std::string& ca_file);

}  // namespace dramatis
