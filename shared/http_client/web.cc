#include "shared/http_client/web.h"

#include <algorithm>
#include <memory>

#include <curl/curl.h>
#include <dlfcn.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace dramatis {
namespace {

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

constexpr size_t kMostHeaders = 200;

// What comes, while it comes.
struct Incoming {
  const WebRequest& request;
  WebAnswer answer = {};
  absl::Status error = absl::OkStatus();
};

bool IsGood(int status) {
  return status >= 200 && status < 300;
}

size_t TakeHeader(const char* data, size_t size, size_t count, void* into) {
  auto& incoming = *static_cast<Incoming*>(into);
  const size_t bytes = size * count;
  const absl::string_view line = absl::StripAsciiWhitespace(absl::string_view(data, bytes));
  if (absl::StartsWith(line, "HTTP/")) {
    // A status line: what an interim answer (RFC 9110, section 15.2) said before does not count.
    incoming.answer = {};
    const size_t space = line.find(' ');
    if (space != absl::string_view::npos) {
      if (!absl::SimpleAtoi(line.substr(space + 1, 3), &incoming.answer.status)) {
        incoming.answer.status = 0;
      }
    }
    return bytes;
  }
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos && incoming.answer.headers.size() < kMostHeaders) {
    incoming.answer.headers.emplace_back(
        absl::AsciiStrToLower(line.substr(0, colon)),
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return bytes;
}

size_t TakeBody(const char* data, size_t size, size_t count, void* into) {
  auto& incoming = *static_cast<Incoming*>(into);
  const size_t bytes = size * count;
  if (incoming.request.sink != nullptr && IsGood(incoming.answer.status)) {
    incoming.error = incoming.request.sink({data, bytes});
  } else if (incoming.answer.body.size() + bytes > incoming.request.most_bytes) {
    incoming.error = absl::UnavailableError("the answer is too large");
  } else {
    incoming.answer.body.append(data, bytes);
  }
  return incoming.error.ok() ? bytes : 0;  // less than given ends the transfer
}

// Of `scheme://host/...`: the rest may be a secret.
std::string HostOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(begin, std::min(url.find_first_of("/?", begin), url.size()) - begin);
}

long Milliseconds(absl::Duration duration) {
  constexpr int64_t kMost = 1'000'000'000;
  return static_cast<long>(std::min(absl::ToInt64Milliseconds(duration), kMost));
}

void SetUp(const Curl& api, CURL* curl, const WebRequest& request, const curl_slist* headers) {
  api.easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  api.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  api.easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  api.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  api.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request.connect));
  if (request.total != absl::InfiniteDuration()) {
    api.easy_setopt(curl, CURLOPT_TIMEOUT_MS, Milliseconds(request.total));
  }
  if (request.idle != absl::InfiniteDuration()) {
    api.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    api.easy_setopt(
        curl, CURLOPT_LOW_SPEED_TIME,
        static_cast<long>(absl::ToInt64Seconds(absl::Ceil(request.idle, absl::Seconds(1)))));
  }
  if (!request.proxy) api.easy_setopt(curl, CURLOPT_PROXY, "");
  if (!request.ca_file.empty()) api.easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
  api.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (request.method == "HEAD") {
    api.easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method == "DELETE") {
    api.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "DELETE");
  } else if (request.method != "GET") {
    api.easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    api.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                    static_cast<curl_off_t>(request.body.size()));
    api.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

}  // namespace

std::string_view WebAnswer::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

absl::StatusOr<WebAnswer> SendWebRequest(const WebRequest& request) {
  static const Curl* const loaded = LoadCurl();
  if (loaded == nullptr) {
    return absl::UnavailableError("libcurl.so.4 cannot be loaded; Debian's package is libcurl4");
  }
  const Curl& api = *loaded;
  const std::unique_ptr<CURL, decltype(api.easy_cleanup)> curl(api.easy_init(), api.easy_cleanup);
  if (curl == nullptr) return absl::UnavailableError("curl does not start");
  // No waiting for a `100 Continue`, and no type that nobody named.
  curl_slist* list = api.slist_append(nullptr, "Expect:");
  const bool typed =
      std::any_of(request.headers.begin(), request.headers.end(), [](const std::string& header) {
        return absl::StartsWithIgnoreCase(header, "content-type:");
      });
  if (!typed) list = api.slist_append(list, "Content-Type:");
  for (const std::string& header : request.headers)
    list = api.slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, decltype(api.slist_free_all)> headers(list, api.slist_free_all);
  SetUp(api, curl.get(), request, headers.get());
  Incoming incoming{request};
  api.easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, &TakeHeader);
  api.easy_setopt(curl.get(), CURLOPT_HEADERDATA, static_cast<void*>(&incoming));
  api.easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &TakeBody);
  api.easy_setopt(curl.get(), CURLOPT_WRITEDATA, static_cast<void*>(&incoming));
  const CURLcode code = api.easy_perform(curl.get());
  if (!incoming.error.ok()) return incoming.error;
  if (code != CURLE_OK) {
    return absl::UnavailableError(absl::StrCat(HostOf(request.url), ": ", api.easy_strerror(code)));
  }
  return std::move(incoming.answer);
}

}  // namespace dramatis
