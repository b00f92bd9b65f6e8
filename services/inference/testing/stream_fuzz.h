// How the readers of providers' answers are fuzzed: whatever the bytes, they say valid UTF-8, and
// cutting them elsewhere changes nothing. The first byte says where to cut.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/text/text.h"

namespace dramatis::inference {

// What came of a body, as one text. `check` looks at the stream's end or failure.
template <class Stream, class Check>
std::string ReadInPieces(std::string_view bytes, size_t piece, const Check& check) {
  Stream stream;
  std::string text;
  while (!bytes.empty()) {
    stream.Feed(bytes.substr(0, piece), text);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  stream.End(text);
  if (!IsValidUtf8(text)) std::abort();
  check(stream);
  if (stream.failure().has_value()) {
    if (stream.finished()) std::abort();
    return text + "\nfailed: " + stream.failure()->message;
  }
  if (!stream.finished()) return text + "\nopen";
  const auto end = stream.end();
  return text + "\nended: " + end.finish_reason + " " +
         std::to_string(end.tokens.has_value() ? end.tokens->output_tokens : -1);
}

// The bytes after the first one, cut as that says.
template <class Stream, class Check>
std::string_view FuzzStream(const uint8_t* data, size_t size, const Check& check) {
  if (size == 0) return {};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece = size_t{data[0]} + 1;
  const std::string whole = ReadInPieces<Stream>(bytes, bytes.size() + 1, check);
  if (whole != ReadInPieces<Stream>(bytes, piece, check)) std::abort();
  if (whole != ReadInPieces<Stream>(bytes, 1, check)) std::abort();
  return bytes;
}

}  // namespace dramatis::inference
