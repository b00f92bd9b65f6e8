#include "shared/config/certificates.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "shared/config/watched_file.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

struct FreeX509 {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
};
template <class T>
using OwnedX509 = std::unique_ptr<T, FreeX509>;

// A key that has a pass phrase is not asked for it at a terminal.
int NoPassPhrase(char*, int, int, void*) {
  return 0;
}

absl::StatusOr<OwnedX509<X509>> ReadCertificate(const std::string& path) {
  WatchedFile file(path);
  DRAMATIS_ASSIGN_OR_RETURN(const std::string text, file.Read());
  const OwnedX509<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  OwnedX509<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassPhrase, nullptr));
  ERR_clear_error();
  if (certificate != nullptr) return certificate;
  return absl::InvalidArgumentError(absl::StrCat(path, " has no certificate in PEM"));
}

}  // namespace

absl::Status CheckCertificate(const std::string& certificate_file, const std::string& key_file) {
  DRAMATIS_ASSIGN_OR_RETURN(const OwnedX509<X509> certificate, ReadCertificate(certificate_file));
  WatchedFile file(key_file);
  DRAMATIS_ASSIGN_OR_RETURN(const std::string text, file.Read());
  const OwnedX509<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const OwnedX509<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassPhrase, nullptr));
  const bool fits = key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(key_file, " has no private key in PEM without a pass phrase"));
  }
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat(key_file, " is not the key of ", certificate_file));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return absl::InvalidArgumentError(absl::StrCat(certificate_file, " has expired"));
  }
  return absl::OkStatus();
}

absl::Status CheckAuthorities(const std::string& ca_file) {
  return ReadCertificate(ca_file).status();
}

}  // namespace dramatis
