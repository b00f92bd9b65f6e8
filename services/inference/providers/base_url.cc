#include "services/inference/providers/base_url.h"

#include <memory>

#include <curl/curl.h>

namespace dramatis::inference {

std::optional<std::string> NormalBaseUrl(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string copy;
    if (curl_url_get(parsed.get(), which, &text, 0) == CURLUE_OK) copy = text;
    curl_free(text);
    return copy;
  };
  const std::string scheme = part(CURLUPART_SCHEME);
  const bool good = (scheme == "http" || scheme == "https") && !part(CURLUPART_HOST).empty() &&
                    part(CURLUPART_USER).empty() && part(CURLUPART_PASSWORD).empty() &&
                    part(CURLUPART_QUERY).empty() && part(CURLUPART_FRAGMENT).empty();
  if (!good) return std::nullopt;
  std::string base = part(CURLUPART_URL);
  while (!base.empty() && base.back() == '/')
    base.pop_back();
  return base;
}

}  // namespace dramatis::inference
