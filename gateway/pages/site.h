// The gateway's own pages: the chat page at the root, probes, the OpenAPI document and the page
// that shows it, to which the root leads where the chat page was not built. Everything is in the
// program: nothing is fetched from elsewhere. Immutable, thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/pages/web_files.h"
#include "shared/http/message.h"

namespace dramatis::gateway {

class Site {
 public:
  explicit Site(const WebFiles& web = BuiltWebFiles());

  // The answer to GET or HEAD of a page.
  std::optional<HttpAnswer> Find(const HttpRequest& request) const;
  // Whether it asks for /readyz, whose answer is not always the same.
  bool IsReadiness(std::string_view verb, std::string_view path) const;
  // The methods of a page's path; empty where there is none.
  std::string Allow(std::string_view path) const;

 private:
  struct Entry {
    HttpAnswer answer;
    std::string_view gzip;  // its body, compressed; or empty
  };

  std::map<std::string, Entry, std::less<>> pages_;
};

}  // namespace dramatis::gateway
