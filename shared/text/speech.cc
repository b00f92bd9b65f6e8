#include "shared/text/speech.h"

#include <algorithm>
#include <array>

#include "shared/text/text.h"

namespace dramatis {
namespace {

constexpr auto kLineEnds =
    std::to_array<std::string_view>({"\r\n", "\n", "\r", "\v", "\f", "\u0085", "\u2028", "\u2029"});

// The length of the end of line at the start of `text`, or 0.
size_t LineEndLength(std::string_view text) {
  const auto end = std::find_if(kLineEnds.begin(), kLineEnds.end(),
                                [&](std::string_view mark) { return text.starts_with(mark); });
  return end == kLineEnds.end() ? 0 : end->size();
}

}  // namespace

std::string SpokenLines(std::string_view name, std::string_view text) {
  std::string lines;
  bool first = true;
  while (true) {
    size_t length = 0;
    while (length < text.size() && LineEndLength(text.substr(length)) == 0)
      ++length;
    const std::string_view line = text.substr(0, length);
    // The first one says who speaks also where it is empty.
    if (first || !TrimSpace(line).empty()) lines.append(name).append(": ");
    lines.append(line);
    if (length == text.size()) return lines;
    lines += '\n';
    text.remove_prefix(length + LineEndLength(text.substr(length)));
    first = false;
  }
}

}  // namespace dramatis
