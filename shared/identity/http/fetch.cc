#include "shared/identity/http/fetch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/http_client/web.h"
#include "shared/identity/discovery.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

constexpr size_t kMostBytes = size_t{256} * 1024;
constexpr int kOk = 200;

WebRequest RequestTo(const std::string& url) {
  return {.url = url,
          .headers = {"Accept: application/json"},
          .most_bytes = kMostBytes,
          .connect = absl::Seconds(3),
          .proxy = true};
}

}  // namespace

absl::StatusOr<std::string> FetchOverHttp(const std::string& url) {
  if (!IsSafeUrl(url)) return absl::UnavailableError("the address is not https");
  DRAMATIS_ASSIGN_OR_RETURN(WebAnswer answer, SendWebRequest(RequestTo(url)));
  if (answer.status != kOk) {
    return absl::UnavailableError(absl::StrCat("the answer is ", answer.status));
  }
  return std::move(answer.body);
}

absl::StatusOr<FormAnswer> SendFormOverHttp(const std::string& url, const std::string& form) {
  if (!IsSafeUrl(url)) return absl::UnavailableError("the address is not https");
  WebRequest request = RequestTo(url);
  request.method = "POST";
  request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
  request.body = form;
  DRAMATIS_ASSIGN_OR_RETURN(WebAnswer answer, SendWebRequest(request));
  return FormAnswer{.status = answer.status, .body = std::move(answer.body)};
}

}  // namespace dramatis
