// The tasks of inference as the built-in retrieval model does them: it picks sentences as they were
// written and invents nothing.
//
//   a summary      the most telling sentences, each on a line with who said it: `Ada: I bake.`
//   an extraction  the user's sentences that tell something lasting of themselves in so many words
//                  ("my name is", "I live in"), quoted: `0: The user said: "I live in Turin."`
//
// English only. Pure and deterministic.
#pragma once

#include <string>

#include "dramatis/inference/v1/tasks.pb.h"

namespace dramatis::inference {

// What stands before the user's own words in a memory that the built-in model took.
inline constexpr char kUserSaid[] = "The user said: ";

// The answer in the form that language models are asked for (providers/task_prompt.h).
std::string AnswerTask(const v1::RunTaskRequest& request);

// Whether a sentence says something lasting of who says it.
bool TellsOfSpeaker(const std::string& sentence);

}  // namespace dramatis::inference
