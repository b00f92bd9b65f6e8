#include "services/inference/transport/loose_json.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_format.h"
#include "shared/text/surrogates.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

// More than any server nests what somebody reads, and little enough for the parser's recursion.
constexpr size_t kMaxDepth = 128;

void AppendWtf8(uint32_t half, std::string& out) {
  out += static_cast<char>(0xE0U | (half >> 12U));
  out += static_cast<char>(0x80U | ((half >> 6U) & 0x3FU));
  out += static_cast<char>(0x80U | (half & 0x3FU));
}

// Appends the escape at the start of `text`, or what it means where JSON has no way to say it; how
// many bytes it took.
size_t CopyEscape(std::string_view text, std::string& out) {
  const uint32_t unit = EscapedUnit(text);
  if (IsHighSurrogate(unit) && IsLowSurrogate(EscapedUnit(text.substr(kUnitEscapeBytes)))) {
    out += text.substr(0, 2 * kUnitEscapeBytes);
    return 2 * kUnitEscapeBytes;
  }
  if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) {
    AppendWtf8(unit, out);
    return kUnitEscapeBytes;
  }
  out += text.substr(0, 2);
  return std::min<size_t>(2, text.size());
}

std::string Repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  while (!text.empty()) {
    const char c = text.front();
    if (in_string && c == '\\') {
      text.remove_prefix(CopyEscape(text, out));
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string && static_cast<unsigned char>(c) < 0x20) {
      out += absl::StrFormat("\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::optional<json::value> ParseLooseJson(std::string_view text, const json::storage_ptr& storage) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  options.max_depth = kMaxDepth;
  try {
    boost::system::error_code error;
    json::value value =
        json::parse(json::string_view(text.data(), text.size()), error, storage, options);
    if (!error) return value;
    const std::string repaired = Repaired(text);
    json::value again =
        json::parse(json::string_view(repaired.data(), repaired.size()), error, storage, options);
    if (!error) return again;
    return std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;  // Boost.JSON throws where a value exceeds its own limits
  }
}

}  // namespace dramatis::inference
