// The gateway's own pages: probes, the OpenAPI document and the page that shows it, to which the
// root leads. Everything is in the program: nothing is fetched from elsewhere. Immutable,
// thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace dramatis::gateway {

class Site {
 public:
  Site();

  // The answer to GET or HEAD of this path, or null.
  const HttpAnswer* Find(std::string_view verb, std::string_view path) const;
  // Whether it asks for /readyz, whose answer is not always the same.
  bool IsReadiness(std::string_view verb, std::string_view path) const;
  // The methods of a page's path; empty where there is none.
  std::string Allow(std::string_view path) const;

 private:
  std::map<std::string, HttpAnswer, std::less<>> pages_;
};

}  // namespace dramatis::gateway
