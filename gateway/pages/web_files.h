// The built files of gateway/web/, in the program itself: found wherever it is started, and not in
// memory before they are asked for.
#pragma once

#include <string_view>
#include <vector>

namespace dramatis::gateway {

struct WebFile {
  std::string_view path;  // "/index.html", "/assets/index-4f2a.js"
  std::string_view body;
  // The same, compressed as RFC 1952 says; empty where that was not worth it.
  std::string_view gzip;
};

struct WebFiles {
  std::vector<WebFile> files;
  // Why there are none; empty where there are.
  std::string_view why;
};

// Those that were built with this program: cmake/EmbedWeb.cmake.
const WebFiles& BuiltWebFiles();

}  // namespace dramatis::gateway
