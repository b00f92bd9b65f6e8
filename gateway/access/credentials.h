// What a request brings to say who calls: `Authorization`, and `x-api-key`, which takes a key.
//
//   std::vector<std::string> credentials = ReadCredentials(request);
//   ProcessAuthenticator().Authenticate(credentials);
//
// A pure function.
#pragma once

#include <string>
#include <vector>

#include "shared/http/message.h"

namespace dramatis::gateway {

// As values of `Authorization`. Both headers with the same key are one; else two, which name
// nobody.
std::vector<std::string> ReadCredentials(const HttpRequest& request);

}  // namespace dramatis::gateway
