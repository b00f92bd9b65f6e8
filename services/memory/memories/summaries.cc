#include "services/memory/memories/summaries.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/memory/memories/task_lines.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

// Models with different windows need different ranges; older ones leave out too much.
constexpr int kMostRecalled = 4;
// The second message is the first that something stands before.
constexpr int kFirstWithHistory = 2;

prompt::v1::PromptPart PartOf(const SummaryRow& summary) {
  prompt::v1::PromptPart part;
  part.set_kind(prompt::v1::PART_KIND_SUMMARY);
  part.set_text(summary.text);
  part.set_source(absl::StrCat("summary/", summary.key.conversation_id, "@", summary.to_sequence));
  part.set_from_sequence(summary.from_sequence);
  part.set_to_sequence(summary.to_sequence);
  return part;
}

}  // namespace

absl::StatusOr<v1::SummarizeResponse> Summaries::Summarize(const CallContext& call,
                                                           const v1::SummarizeRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(CheckOrder(request.messages(), request.after_sequence()));
  if (!options_.enabled) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_SUMMARIES_OFF,
                 "this deployment makes no summaries");
  }
  const ConversationKey key = {request.user_id(), request.conversation_id()};
  DRAMATIS_ASSIGN_OR_RETURN(const Progress seen, remembering_.FindProgress(key));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<SummaryRow> newest,
                            remembering_.Summaries(key, std::numeric_limits<int>::max(), 1));
  v1::SummarizeResponse response;
  response.set_to_sequence(newest.empty() ? 0 : newest.front().to_sequence);
  if (response.to_sequence() != request.after_sequence()) return response;

  inference::v1::RunTaskRequest task;
  task.set_user_id(request.user_id());
  task.set_task(inference::v1::TASK_SUMMARY);
  task.set_model(options_.model);
  if (!newest.empty()) task.set_previous_summary(newest.front().text);
  DRAMATIS_ASSIGN_OR_RETURN(const TaskOutcome outcome,
                            RunOnWhatFits(inference_, ids_, call, "summary", std::move(task),
                                          request.messages(), /*cut_others=*/false));
  SummaryRow row;
  row.key = key;
  row.from_sequence =
      newest.empty() ? request.messages(0).sequence() : newest.front().from_sequence;
  row.to_sequence = request.messages(outcome.taken - 1).sequence();
  row.text = outcome.response.summary();
  row.model = outcome.response.model();
  row.create_time = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(remembering_.AddSummary(row, seen));
  response.set_to_sequence(row.to_sequence);
  return response;
}

absl::StatusOr<v1::RecallResponse> Summaries::WithSummaries(const v1::RecallRequest& request,
                                                            const Recalling& recall) {
  if (request.conversation_id().empty() || request.before_sequence() < kFirstWithHistory) {
    return recall(request);
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<SummaryRow> summaries,
                            remembering_.Summaries({request.user_id(), request.conversation_id()},
                                                   request.before_sequence(), kMostRecalled));
  v1::RecallRequest rest = request;
  std::vector<prompt::v1::PromptPart> parts;
  for (const SummaryRow& summary : summaries) {
    const int size = static_cast<int>(summary.text.size());
    if (size > rest.budget_bytes()) continue;
    rest.set_budget_bytes(rest.budget_bytes() - size);
    parts.push_back(PartOf(summary));
  }
  DRAMATIS_ASSIGN_OR_RETURN(v1::RecallResponse response, recall(rest));
  for (prompt::v1::PromptPart& part : parts)
    *response.add_parts() = std::move(part);
  return response;
}

}  // namespace dramatis::memory
