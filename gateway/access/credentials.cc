#include "gateway/access/credentials.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/identity/api_key.h"

namespace dramatis::gateway {

std::vector<std::string> ReadCredentials(const HttpRequest& request) {
  std::vector<std::string> credentials;
  for (const auto& [name, value] : request.headers) {
    const bool key = SameText(name, "x-api-key");
    if (!key && !SameText(name, "authorization")) continue;
    // No other credentials come in through the header for keys.
    const char* const scheme = key ? (LooksLikeApiKey(value) ? "Bearer " : "ApiKey ") : "";
    std::string credential = absl::StrCat(scheme, absl::string_view(value.data(), value.size()));
    if (std::find(credentials.begin(), credentials.end(), credential) == credentials.end()) {
      credentials.push_back(std::move(credential));
    }
  }
  return credentials;
}

}  // namespace dramatis::gateway
