// Counts tokens without a model's vocabulary: an estimate that is meant to be a little too high,
// since a prompt that was thought to fit and does not is refused by the provider.
//
//   const int tokens = EstimateTokens("What do you work on?");   // 7
//
// The rules, from what byte-pair vocabularies of about 100,000 to 200,000 entries do to text:
//   a run of n ASCII letters       n / 4, rounded up
//   a run of n ASCII digits        n / 3, rounded up
//   an ASCII punctuation mark      1
//   a single space                 0 (it belongs to the next word)
//   a line end                     1
//   further white space            1/4 each
//   U+0080..U+07FF                 3/4 each (Latin with accents, Greek, Cyrillic, Hebrew, Arabic)
//   U+0800..U+FFFF                 5/4 each (the scripts of India, Thai, Chinese, Japanese, Korean)
//   U+10000 and above              3 each (emoji)
//
// Pure functions, O(n).
#pragma once

#include <string_view>

namespace dramatis::inference {

// What every message of a chat costs beside its text: role and separators
// (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken).
inline constexpr int kTokensPerMessage = 4;
// What the start of the reply costs.
inline constexpr int kTokensForReply = 3;

// What one answer took.
struct TokenCounts {
  int input_tokens = 0;    // with the cached and the written ones
  int output_tokens = 0;   // with those of thinking
  int cached_tokens = 0;   // of the input: read from the provider's cache
  int written_tokens = 0;  // of the input: written to the provider's cache
  bool operator==(const TokenCounts&) const = default;
};

// The estimate for `text`, UTF-8; 0 for the empty text.
int EstimateTokens(std::string_view text);

}  // namespace dramatis::inference
