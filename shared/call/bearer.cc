#include "shared/call/bearer.h"

#include "absl/strings/match.h"

namespace dramatis {

std::optional<std::string_view> BearerToken(std::string_view authorization) {
  if (!absl::StartsWithIgnoreCase({authorization.data(), authorization.size()},
                                  {kBearerScheme.data(), kBearerScheme.size()})) {
    return std::nullopt;
  }
  return authorization.substr(kBearerScheme.size());
}

}  // namespace dramatis
