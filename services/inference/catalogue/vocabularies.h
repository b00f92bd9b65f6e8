// The vocabularies of OpenAI's models that the operator has given, as tables of ranks
// (DRAMATIS_TOKEN_RANKS): with them prompts are counted exactly (prompt/bpe.h). Immutable.
//
//   Vocabularies vocabularies;
//   vocabularies.Read("/etc/dramatis/o200k_base.tiktoken");
//   vocabularies.Of("gpt-4o-mini")      // null where its table is not there
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "services/inference/prompt/token_counter.h"

namespace dramatis::inference {

class Vocabularies {
 public:
  // The file's name says which it is: `o200k_base.tiktoken` or `cl100k_base.tiktoken`, as they are
  // published. INVALID_ARGUMENT where it is neither, cannot be read or is no table.
  absl::Status Read(const std::string& path);
  // By the model's name, of whatever provider.
  std::shared_ptr<const TokenCounter> Of(const std::string& model) const;

 private:
  std::map<std::string, std::shared_ptr<const TokenCounter>> counters_;
};

}  // namespace dramatis::inference
