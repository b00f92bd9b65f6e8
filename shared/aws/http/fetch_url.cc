#include "shared/aws/http/fetch_url.h"

#include <algorithm>
#include <memory>

#include <curl/curl.h>

#include "absl/strings/str_cat.h"

namespace dramatis::aws {
namespace {

constexpr size_t kMostBytes = size_t{64} * 1024;

size_t Take(char* data, size_t size, size_t count, void* user) {
  auto& body = *static_cast<std::string*>(user);
  const size_t bytes = size * count;
  if (body.size() + bytes > kMostBytes) return 0;  // less than given: an error
  body.append(data, bytes);
  return bytes;
}

// Of `scheme://host/...`: the path may tell of roles.
std::string HostOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(begin, std::min(url.find_first_of("/?", begin), url.size()) - begin);
}

}  // namespace

absl::StatusOr<std::string> FetchUrl(const SmallRequest& request) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)initialised;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  if (curl == nullptr) return absl::UnavailableError("no memory for a request");
  curl_slist* list = nullptr;
  for (const std::string& header : request.headers)
    list = curl_slist_append(list, header.c_str());
  list = curl_slist_append(list, "Expect:");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                            &curl_slist_free_all);
  std::string body;
  constexpr long kConnectMillis = 1000;
  constexpr long kWholeMillis = 5000;
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kWholeMillis);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  if (request.method != "GET") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, static_cast<void*>(&body));
  const CURLcode code = curl_easy_perform(curl.get());
  const std::string host = HostOf(request.url);
  if (code != CURLE_OK) {
    return absl::UnavailableError(absl::StrCat(host, ": ", curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  constexpr long kOk = 200;
  constexpr long kRedirect = 300;
  if (status < kOk || status >= kRedirect) {
    return absl::UnavailableError(absl::StrCat(host, " answers ", status));
  }
  return body;
}

}  // namespace dramatis::aws
