#include "services/inference/prompt/tokens.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/strings/ascii.h"
#include "services/inference/prompt/token_counter.h"

namespace dramatis::inference {
namespace {

constexpr int64_t kQuarters = 4;  // sums are kept in quarters of a token

int64_t RunQuarters(std::string_view text,
                    bool (*in_run)(unsigned char),
                    int per_token,
                    size_t& i) {
  const size_t begin = i;
  while (i < text.size() && in_run(static_cast<unsigned char>(text[i])))
    ++i;
  return static_cast<int64_t>((i - begin + per_token - 1) / per_token) * kQuarters;
}

bool IsAlpha(unsigned char c) {
  return absl::ascii_isalpha(c);
}
bool IsDigit(unsigned char c) {
  return absl::ascii_isdigit(c);
}

// The cost of a character outside ASCII, by the first byte of its UTF-8.
int64_t WideQuarters(unsigned char first) {
  if (first >= 0xF0) return 12;
  if (first >= 0xE0) return 5;
  if (first >= 0xC0) return 3;
  return 0;  // a continuation byte
}

}  // namespace

int EstimateTokens(std::string_view text) {
  constexpr int kLettersPerToken = 4;
  constexpr int kDigitsPerToken = 3;
  int64_t quarters = 0;
  size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (IsAlpha(c)) {
      quarters += RunQuarters(text, IsAlpha, kLettersPerToken, i);
      continue;
    }
    if (IsDigit(c)) {
      quarters += RunQuarters(text, IsDigit, kDigitsPerToken, i);
      continue;
    }
    if (c == ' ') {
      const bool follows_space =
          i > 0 && absl::ascii_isspace(static_cast<unsigned char>(text[i - 1]));
      quarters += follows_space ? 1 : 0;
    } else if (c != '\n' && absl::ascii_isspace(c)) {
      quarters += 1;
    } else if (c < 0x80) {
      quarters += kQuarters;
    } else {
      quarters += WideQuarters(c);
    }
    ++i;
  }
  const int64_t tokens = (quarters + kQuarters - 1) / kQuarters;
  return tokens > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max()
                                                  : static_cast<int>(tokens);
}

int TokenMeter::Count(std::string_view text) const {
  const int tokens = counter == nullptr ? EstimateTokens(text) : counter->Count(text);
  if (factor == 1) return tokens;
  constexpr double kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::min(kMost, std::ceil(tokens * factor)));
}

}  // namespace dramatis::inference
