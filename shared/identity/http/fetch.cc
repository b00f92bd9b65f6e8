#include "shared/identity/http/fetch.h"

#include <memory>

#include <curl/curl.h>

#include "absl/strings/str_cat.h"
#include "shared/identity/key_source.h"

namespace dramatis {
namespace {

constexpr size_t kMostBytes = size_t{256} * 1024;
constexpr long kConnectMilliseconds = 3'000;
constexpr long kTotalMilliseconds = 5'000;
constexpr long kOk = 200;

size_t Append(const char* data, size_t size, size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  const size_t bytes = size * count;
  if (body.size() + bytes > kMostBytes) return 0;  // ends the transfer
  body.append(data, bytes);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> FetchOverHttp(const std::string& url) {
  if (!IsSafeUrl(url)) return absl::UnavailableError("the address is not https");
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (kReady != CURLE_OK || curl == nullptr) return absl::UnavailableError("curl does not start");
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "Accept: application/json"), curl_slist_free_all);
  std::string body;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kTotalMilliseconds);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    return absl::UnavailableError(curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != kOk) return absl::UnavailableError(absl::StrCat("the answer is ", status));
  return body;
}

}  // namespace dramatis
