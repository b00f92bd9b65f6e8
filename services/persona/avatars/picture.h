// What kind of picture some bytes are, and how large: from their headers alone. Nothing is decoded.
// Pure function.
//
//   PNG    PNG (third edition), 11.2.1: the IHDR chunk
//   JPEG   ITU-T T.81, B.2.2: the first frame header
//   WebP   RFC 9649: the chunk VP8X, VP8L or "VP8 "
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dramatis::persona {

struct Picture {
  std::string content_type;
  int width = 0;  // at least 1
  int height = 0;
};

// nullopt where they are none of the three.
std::optional<Picture> ReadPicture(std::string_view bytes);

}  // namespace dramatis::persona
