// Fuzzes the reader of Anthropic's answers: whatever the bytes, it says valid UTF-8, and cutting
// them elsewhere changes nothing. The first byte says where to cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/inference/anthropic/anthropic_stream.h"
#include "shared/text/text.h"

namespace {

using dramatis::inference::AnthropicStream;

// What came of a body, as one text.
std::string ReadInPieces(std::string_view bytes, size_t piece) {
  AnthropicStream stream;
  std::string text;
  while (!bytes.empty()) {
    stream.Feed(bytes.substr(0, piece), text);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  stream.End(text);
  if (!dramatis::IsValidUtf8(text)) std::abort();
  if (stream.failure().has_value()) {
    if (stream.finished()) std::abort();
    return text + "\nfailed: " + stream.failure()->message;
  }
  if (!stream.finished()) return text + "\nopen";
  const auto end = stream.end();
  if (end.tokens.has_value() &&
      (end.tokens->input_tokens < 0 || end.tokens->input_tokens < end.tokens->cached_tokens)) {
    std::abort();
  }
  return text + "\nended: " + end.finish_reason + " " +
         std::to_string(end.tokens.has_value() ? end.tokens->output_tokens : -1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece = size_t{data[0]} + 1;
  const std::string whole = ReadInPieces(bytes, bytes.size() + 1);
  if (whole != ReadInPieces(bytes, piece)) std::abort();
  if (whole != ReadInPieces(bytes, 1)) std::abort();
  return 0;
}
