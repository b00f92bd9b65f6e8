#include "shared/aws/http/fetch_url.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "shared/http_client/web.h"
#include "shared/status/macros.h"

namespace dramatis::aws {
namespace {

// Of `scheme://host/...`: the path may tell of roles.
std::string HostIn(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(begin, std::min(url.find_first_of("/?", begin), url.size()) - begin);
}

}  // namespace

absl::StatusOr<std::string> FetchUrl(const SmallRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(WebAnswer answer, SendWebRequest({.method = request.method,
                                                              .url = request.url,
                                                              .headers = request.headers,
                                                              .body = request.body}));
  constexpr int kGood = 200;
  constexpr int kNotGood = 300;
  if (answer.status < kGood || answer.status >= kNotGood) {
    return absl::UnavailableError(absl::StrCat(HostIn(request.url), " answers ", answer.status));
  }
  return std::move(answer.body);
}

}  // namespace dramatis::aws
