#include "shared/identity/http/fetch.h"

#include <memory>

#include <curl/curl.h>
#include <dlfcn.h>

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

// libcurl, loaded with the first fetch: it and the thirty libraries behind it are a megabyte of
// every program, and most programs never ask an issuer.
struct Curl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
};

template <class Function>
bool Load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// Null where it is not there, or does not start.
const Curl* LoadCurl() {
  void* const library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  auto& curl = *new Curl();
  const bool whole = Load(library, "curl_global_init", curl.global_init) &&
                     Load(library, "curl_easy_init", curl.easy_init) &&
                     Load(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                     Load(library, "curl_easy_setopt", curl.easy_setopt) &&
                     Load(library, "curl_easy_perform", curl.easy_perform) &&
                     Load(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                     Load(library, "curl_easy_strerror", curl.easy_strerror) &&
                     Load(library, "curl_slist_append", curl.slist_append) &&
                     Load(library, "curl_slist_free_all", curl.slist_free_all);
  return whole && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? &curl : nullptr;
}

}  // namespace

absl::StatusOr<std::string> FetchOverHttp(const std::string& url) {
  if (!IsSafeUrl(url)) return absl::UnavailableError("the address is not https");
  static const Curl* const kCurl = LoadCurl();
  if (kCurl == nullptr) {
    return absl::UnavailableError("libcurl.so.4 cannot be loaded; Debian's package is libcurl4");
  }
  const Curl& api = *kCurl;
  const std::unique_ptr<CURL, decltype(api.easy_cleanup)> curl(api.easy_init(), api.easy_cleanup);
  if (curl == nullptr) return absl::UnavailableError("curl does not start");
  const std::unique_ptr<curl_slist, decltype(api.slist_free_all)> headers(
      api.slist_append(nullptr, "Accept: application/json"), api.slist_free_all);
  std::string body;
  api.easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  api.easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  api.easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  api.easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
  api.easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  api.easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
  api.easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kTotalMilliseconds);
  api.easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Append);
  api.easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  if (const CURLcode code = api.easy_perform(curl.get()); code != CURLE_OK) {
    return absl::UnavailableError(api.easy_strerror(code));
  }
  long status = 0;
  api.easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != kOk) return absl::UnavailableError(absl::StrCat("the answer is ", status));
  return body;
}

}  // namespace dramatis
