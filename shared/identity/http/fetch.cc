#include "shared/identity/http/fetch.h"

#include "absl/strings/str_cat.h"
#include "shared/http_client/web.h"
#include "shared/identity/key_source.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

constexpr size_t kMostBytes = size_t{256} * 1024;
constexpr int kOk = 200;

}  // namespace

absl::StatusOr<std::string> FetchOverHttp(const std::string& url) {
  if (!IsSafeUrl(url)) return absl::UnavailableError("the address is not https");
  DRAMATIS_ASSIGN_OR_RETURN(WebAnswer answer,
                            SendWebRequest({.url = url,
                                            .headers = {"Accept: application/json"},
                                            .most_bytes = kMostBytes,
                                            .connect = absl::Seconds(3),
                                            .proxy = true}));
  if (answer.status != kOk) {
    return absl::UnavailableError(absl::StrCat("the answer is ", answer.status));
  }
  return std::move(answer.body);
}

}  // namespace dramatis
