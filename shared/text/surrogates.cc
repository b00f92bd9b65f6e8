#include "shared/text/surrogates.h"

#include <algorithm>

#include "absl/strings/numbers.h"

namespace dramatis {

uint32_t EscapedUnit(std::string_view json) {
  uint32_t value = 0;
  if (json.size() < kUnitEscapeBytes || !json.starts_with("\\u")) return 0;
  return absl::SimpleHexAtoi(absl::string_view(json.data() + 2, 4), &value) ? value : 0;
}

std::string WithoutHalfPairs(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const size_t plain = json.substr(0, json.find('\\')).size();
    out += json.substr(0, plain);
    json.remove_prefix(plain);
    const uint32_t unit = EscapedUnit(json);
    size_t taken = 2;  // the backslash, and what it escapes
    if (IsHighSurrogate(unit) && IsLowSurrogate(EscapedUnit(json.substr(kUnitEscapeBytes)))) {
      taken = 2 * kUnitEscapeBytes;
    } else if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) {
      out += "\\ufffd";
      json.remove_prefix(kUnitEscapeBytes);
      continue;
    }
    out += json.substr(0, taken);
    json.remove_prefix(std::min(taken, json.size()));
  }
  return out;
}

}  // namespace dramatis
