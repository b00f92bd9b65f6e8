// Counts tokens exactly, as OpenAI's models do: byte-pair encoding over a vocabulary, whose table
// of ranks the operator gives, since it is not ours to distribute. The format is tiktoken's: a line
// for each token, its bytes in base64, a space, its rank (https://github.com/openai/tiktoken).
//
//   absl::StatusOr<std::shared_ptr<const BpeCounter>> counter =
//       BpeCounter::Parse(text, BpeSplit::kO200k);
//   (*counter)->Count("Hello, world!");   // 4
//
// Thread-safe. A vocabulary of 200,000 tokens takes about 20 MB.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/inference/prompt/token_counter.h"

namespace dramatis::inference {

// How a text is cut into words before they are encoded.
enum class BpeSplit {
  kCl100k,  // gpt-4, gpt-3.5
  kO200k,   // gpt-4o and everything since
};

class BpeCounter : public TokenCounter {
 public:
  // INVALID_ARGUMENT, which names the line, where it is no such table, or where a byte has no
  // token.
  static absl::StatusOr<std::shared_ptr<const BpeCounter>> Parse(std::string_view ranks,
                                                                 BpeSplit split);

  // Words of more than 1 KiB are counted in pieces of so much.
  int Count(std::string_view text) const override;

 private:
  struct Splitter;
  explicit BpeCounter(BpeSplit split);
  int CountWord(std::string_view word) const;

  absl::flat_hash_map<std::string, int> ranks_;
  const Splitter& splitter_;
};

}  // namespace dramatis::inference
