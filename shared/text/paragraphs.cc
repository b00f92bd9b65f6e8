#include "shared/text/paragraphs.h"

#include "shared/text/graphemes.h"

namespace dramatis {

std::string_view CutAtParagraph(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  for (const char* end : {"\n\n", "\r\n\r\n", "\n", " "}) {
    const size_t at = text.rfind(end, max_bytes);
    if (at != std::string_view::npos && at >= max_bytes / 2) return text.substr(0, at);
  }
  return FirstGraphemeBytes(text, max_bytes);
}

}  // namespace dramatis
