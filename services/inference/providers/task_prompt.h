// The tasks of inference as a language model is asked for them, and how its answer is read. What
// was said is content: it goes into the prompt as JSON, one line each, so that no text of it can
// pass for an instruction or for another line; and of an answer only what has the expected form is
// taken. Pure functions.
//
//   const TaskPrompt prompt = MakeTaskPrompt(request);
//   ReadStatements(request, "0: The user lives in Turin.\nSure!")   // one statement
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dramatis/inference/v1/tasks.pb.h"

#include "services/inference/prompt/packing.h"

namespace dramatis::inference {

// The most statements that one answer gives, and code points of each.
inline constexpr int kMostStatements = 20;
inline constexpr size_t kLongestStatement = 500;
// The most UTF-8 bytes of a summary.
inline constexpr size_t kLongestSummary = 4000;

struct TaskPrompt {
  Parts parts;
  Messages messages;
  prompt::v1::ModelParameters parameters;
};

TaskPrompt MakeTaskPrompt(const v1::RunTaskRequest& request);

// The answer to TASK_EXTRACTION, each statement on a line as `<line>: <text>`. Anything else is
// passed over: other lines, numbers of lines that are not the user's, texts that are too long, hold
// control characters, or were there before.
std::vector<v1::RunTaskResponse::Statement> ReadStatements(const v1::RunTaskRequest& request,
                                                           std::string_view answer,
                                                           double confidence);

// The answer to TASK_SUMMARY: without white space at its ends and without U+0000, cut between two
// code points at kLongestSummary. Empty where nothing is left.
std::string ReadSummary(std::string_view answer);

}  // namespace dramatis::inference
