// The built-in retrieval model: answers a question with sentences that stand in the persona's
// biography, in what is remembered about the user, or in what the user said before. It generates
// nothing and never invents: where nothing fits, it says so.
//
//   RetrievalInput input = {
//       .persona_name = "Ada", .biography = "...", .question = "Where do you live?"};
//   const std::string answer = Retrieve(input);
//
// Pure and deterministic: the same input gives the same answer.
#pragma once

#include <string>
#include <vector>

#include "services/inference/prompt/packing.h"

namespace dramatis::inference {

struct RetrievalInput {
  std::string persona_name;
  std::string biography;
  std::vector<std::string> memories;  // best first
  std::string question;               // the newest message
  std::string previous_question;      // the one before; may be empty
  std::string previous_answer;        // may be empty
  std::vector<std::string> said;      // what the user said before, oldest first
};

// What a packed prompt holds for the model.
RetrievalInput ReadPrompt(const PackedPrompt& prompt, const std::string& persona_name);

// The answer; never empty.
std::string Retrieve(const RetrievalInput& input);

}  // namespace dramatis::inference
