// Fuzzes the canonical form of requests: whatever the URL and headers, it has its six parts, and
// one request is not written as another is. The input's lines are URL, service, headers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "shared/aws/sigv4.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dramatis::aws::CanonicalRequest;
  std::vector<std::string> lines =
      absl::StrSplit(std::string(reinterpret_cast<const char*>(data), size), '\n');
  lines.resize(std::max<size_t>(lines.size(), 2));
  const std::string service = lines[1] == "s3" ? "s3" : "bedrock";
  const dramatis::aws::SigV4Request request = {
      .method = "POST", .url = lines[0], .headers = {lines.begin() + 2, lines.end()}, .body = ""};
  const std::string text = CanonicalRequest(request, {service, "r"}, "hash");
  const std::vector<std::string> parts = absl::StrSplit(text, '\n');
  // Method, path, query, headers, an empty line, their names, the hash.
  if (parts.size() < 7 || parts[0] != "POST" || parts.back() != "hash") std::abort();
  if (parts[1].empty() || parts[1].front() != '/') std::abort();
  if (!parts[parts.size() - 3].empty()) std::abort();
  for (const size_t part : {size_t{1}, size_t{2}}) {
    for (const char c : parts[part]) {
      if (c <= ' ' || c > '~') std::abort();
    }
  }
  if (text != CanonicalRequest(request, {service, "r"}, "hash")) std::abort();
  return 0;
}
