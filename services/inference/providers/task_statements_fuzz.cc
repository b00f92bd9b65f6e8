// Fuzzes the reading of a model's answers to tasks: whatever it says, a statement is of a line of
// the user's, valid UTF-8, of bounded length, and on one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/inference/providers/task_prompt.h"
#include "shared/text/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  dramatis::inference::v1::RunTaskRequest request;
  request.add_lines()->set_from_user(true);
  request.add_lines();
  request.add_lines()->set_from_user(true);
  const auto statements = dramatis::inference::ReadStatements(request, answer, 0.5);
  if (statements.size() > dramatis::inference::kMostStatements) std::abort();
  for (const auto& statement : statements) {
    if (statement.line() != 0 && statement.line() != 2) std::abort();
    if (statement.text().empty() || !dramatis::IsValidUtf8(statement.text())) std::abort();
    if (statement.text().find('\n') != std::string::npos) std::abort();
    if (dramatis::CodePoints(statement.text()) > dramatis::inference::kLongestStatement) {
      std::abort();
    }
  }
  if (!dramatis::IsValidUtf8(dramatis::inference::ReadSummary(answer))) std::abort();
  return 0;
}
