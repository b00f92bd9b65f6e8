// Who counts a text's tokens: an estimate (prompt/tokens.h) or a model's own vocabulary
// (prompt/bpe.h).
#pragma once

#include <string_view>

namespace dramatis::inference {

// Thread-safe.
class TokenCounter {
 public:
  virtual ~TokenCounter() = default;
  // The tokens of `text`, UTF-8; 0 for the empty text.
  virtual int Count(std::string_view text) const = 0;
};

// Counts for one model: as its vocabulary does where that is known, else by estimate; times what
// its provider's own counts have been of ours.
struct TokenMeter {
  const TokenCounter* counter = nullptr;  // an estimate where null
  double factor = 1;
  int Count(std::string_view text) const;
};

}  // namespace dramatis::inference
