#include "services/conversation/outbox/memory_sync.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "shared/call/call_metadata.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

namespace memory = dramatis::memory::v1;

// A job is had for so long, and no call begins that could outlast it.
constexpr absl::Duration kLease = absl::Minutes(4);
constexpr absl::Duration kCallTime = absl::Seconds(90);
// What memory is told at once: about as much as one call to a model takes.
constexpr int kMessagesAtOnce = 50;
constexpr size_t kBytesAtOnce = size_t{24} * 1024;
// Waits after failures: 2 s, 4 s, ... at most 10 minutes.
constexpr absl::Duration kFirstWait = absl::Seconds(2);
constexpr absl::Duration kLongestWait = absl::Minutes(10);
constexpr int kMostDoublings = 12;
// How often a model is asked again that refuses.
constexpr int kObserveTries = 8;
constexpr int kSummarizeTries = 3;
// Of a summary's ranges in one job; the rest waits for the next time.
constexpr int kMostRanges = 200;

absl::Duration WaitAfter(int failures) {
  return std::min(kFirstWait * (int64_t{1} << std::min(failures, kMostDoublings)), kLongestWait);
}

// Nothing was decided: the service, its database or its neighbour could not be reached, or messages
// were forgotten at the same time.
bool IsAway(const absl::Status& status) {
  const std::string reason = GetReason(status);
  return reason == "UNAVAILABLE" || reason == "CONFLICT" || reason == "OVERLOADED" ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

// Nothing helps before the user's budget begins anew: what memory would have asked a model is
// skipped.
bool IsSpent(const absl::Status& status) {
  return GetReason(status) == "BUDGET_EXCEEDED";
}

// The first messages, as many as are told at once.
std::vector<SpokenMessage> FirstOf(std::vector<SpokenMessage> messages, int to_sequence) {
  size_t bytes = 0;
  size_t count = 0;
  while (count < messages.size() && messages[count].sequence <= to_sequence) {
    bytes += messages[count].content.size();
    if (count > 0 && bytes > kBytesAtOnce) break;
    ++count;
  }
  messages.resize(count);
  return messages;
}

memory::ConversationMessage ToMemory(const SpokenMessage& message, const std::string& user_id) {
  memory::ConversationMessage told;
  told.set_message_id(message.message_id);
  told.set_sequence(message.sequence);
  told.set_from_user(!message.user_id.empty() && message.user_id == user_id);
  told.set_name(told.from_user() && message.name.empty() ? "User" : message.name);
  told.set_text(message.content);
  return told;
}

}  // namespace

absl::StatusOr<bool> Remembering::WorkOffOne() {
  const absl::Time now = clock_.Now();
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<MemoryJob> job, outbox_.Take(now, now + kLease));
  if (!job.has_value()) return false;
  job->traceparent = NewTraceparent(ids_);
  const LogScope scope(CallFor(*job, job->user_id));
  const Outcome outcome = Work(*job);
  DRAMATIS_RETURN_IF_ERROR(End(*job, outcome));
  return true;
}

absl::Status Remembering::End(const MemoryJob& job, const Outcome& outcome) {
  metrics_.Count("dramatis_memory_jobs_total",
                 {{"outcome", outcome.step == Step::kFailed ? "failed" : "done"}});
  switch (outcome.step) {
    case Step::kDone:
      return outbox_.Finish(job, clock_.Now());
    case Step::kStale:
    case Step::kLater:
      return outbox_.PutBack(job, clock_.Now(), 0);
    case Step::kFailed:
      break;
  }
  logger_.Warning("memory not told", {{"conversation_id", job.conversation_id},
                                      {"attempts", job.attempts + 1},
                                      {"code", GetReason(outcome.error)}});
  return outbox_.PutBack(job, clock_.Now() + WaitAfter(job.attempts), job.attempts + 1);
}

Remembering::Outcome Remembering::Work(MemoryJob& job) {
  const absl::StatusOr<MemoryScope> scope = outbox_.Scope(job.conversation_id);
  if (!scope.ok()) return {Step::kFailed, scope.status()};
  if (const Outcome forgot = Forget(job); forgot.step != Step::kDone) return forgot;
  if (scope->gone) return {};
  if (const Outcome seen = Observe(job, *scope); seen.step != Step::kDone) return seen;
  return Summarize(job);
}

Remembering::Outcome Remembering::Forget(const MemoryJob& job) {
  if (!job.forget_all && job.forget.empty()) return {};
  const absl::StatusOr<std::vector<std::string>> said = outbox_.Users(job.conversation_id);
  if (!said.ok()) return {Step::kFailed, said.status()};
  std::set<std::string> users(said->begin(), said->end());
  users.insert(job.user_id);
  for (const std::string& user_id : users) {
    memory::ForgetMessagesRequest request;
    request.set_user_id(user_id);
    request.set_conversation_id(job.conversation_id);
    request.set_all(job.forget_all);
    for (const ForgottenMessageId& message : job.forget) {
      memory::ForgetMessagesRequest::Message& forgotten = *request.add_messages();
      forgotten.set_message_id(message.message_id);
      forgotten.set_sequence(message.sequence);
    }
    const auto response = memory_.ForgetMessages(CallFor(job, user_id), request);
    if (!response.ok()) return {Step::kFailed, response.status()};
  }
  return Noted(outbox_.NoteForgotten(job));
}

Remembering::Outcome Remembering::Noted(const absl::StatusOr<bool>& noted) {
  if (!noted.ok()) return {Step::kFailed, noted.status()};
  return {*noted ? Step::kDone : Step::kStale, absl::OkStatus()};
}

Remembering::Outcome Remembering::Observe(MemoryJob& job, const MemoryScope& scope) {
  while (true) {
    if (!HasTime(job)) return {Step::kLater, absl::OkStatus()};
    absl::StatusOr<std::vector<SpokenMessage>> read =
        outbox_.Messages(job.conversation_id, job.observed_to, kMessagesAtOnce);
    if (!read.ok()) return {Step::kFailed, read.status()};
    if (read->empty()) return {};
    const size_t waiting = read->size();
    const int last = read->back().sequence;
    const std::vector<SpokenMessage> messages = FirstOf(*std::move(read), last);
    if (const absl::Status told = ObserveForAll(job, scope, messages); !told.ok()) {
      return {Step::kFailed, told};
    }
    const int to = messages.back().sequence;
    Outcome noted = Noted(outbox_.NoteObserved(job, to));
    if (noted.step != Step::kDone) return noted;
    job.observed_to = to;
    job.attempts = 0;
    // That was all; what is said meanwhile is noted in the job, which is not finished then.
    if (waiting < size_t{kMessagesAtOnce} && messages.size() == waiting) return {};
  }
}

absl::Status Remembering::ObserveForAll(const MemoryJob& job,
                                        const MemoryScope& scope,
                                        const std::vector<SpokenMessage>& messages) {
  std::set<std::string> humans;
  for (const SpokenMessage& message : messages) {
    if (!message.user_id.empty()) humans.insert(message.user_id);
  }
  for (const std::string& user_id : humans) {
    const absl::Status told = ObserveFor(job, user_id, scope, messages);
    if (told.ok()) continue;
    const bool again = IsAway(told) || job.attempts + 1 < kObserveTries;
    if (again && !IsSpent(told)) return told;
    GiveUp(job, "messages not remembered", told);
  }
  return absl::OkStatus();
}

absl::Status Remembering::ObserveFor(const MemoryJob& job,
                                     const std::string& user_id,
                                     const MemoryScope& scope,
                                     const std::vector<SpokenMessage>& messages) {
  memory::ObserveRequest request;
  request.set_user_id(user_id);
  request.set_conversation_id(job.conversation_id);
  request.set_persona_id(scope.persona_id);
  for (const SpokenMessage& message : messages)
    *request.add_messages() = ToMemory(message, user_id);
  // Memory takes less at once where its model's window is small.
  int observed_to = 0;
  while (observed_to < messages.back().sequence) {
    DRAMATIS_ASSIGN_OR_RETURN(const memory::ObserveResponse response,
                              memory_.Observe(CallFor(job, user_id), request));
    if (response.observed_sequence() <= observed_to) {
      return InternalError("memory observes messages and gets no further");
    }
    observed_to = response.observed_sequence();
  }
  return absl::OkStatus();
}

Remembering::Outcome Remembering::Summarize(MemoryJob& job) {
  if (job.summarize_to == 0) return {};
  int to = job.summarized_to;
  int wanted = job.summarize_to;
  for (int i = 0; i < kMostRanges && to < wanted; ++i) {
    if (!HasTime(job)) return {Step::kLater, absl::OkStatus()};
    absl::StatusOr<std::vector<SpokenMessage>> read =
        outbox_.Messages(job.conversation_id, to, kMessagesAtOnce);
    if (!read.ok()) return {Step::kFailed, read.status()};
    const std::vector<SpokenMessage> messages = FirstOf(*std::move(read), wanted);
    if (messages.empty()) break;  // what was there is hidden by now
    const auto response = SummarizeAfter(to, job, messages);
    if (!response.ok()) {
      const bool off = GetReason(response.status()) == "SUMMARIES_OFF";
      const bool again = IsAway(response.status()) || job.attempts + 1 < kSummarizeTries;
      if (!off && again && !IsSpent(response.status())) return {Step::kFailed, response.status()};
      // The next turn that does not fit wants it again.
      if (!off) GiveUp(job, "messages not summed up", response.status());
      break;
    }
    if (response->to_sequence() == to) break;
    to = response->to_sequence();
    const Outcome noted = Noted(outbox_.NoteSummarized(job, to, wanted));
    if (noted.step != Step::kDone) return noted;
    job.attempts = 0;
  }
  return Noted(outbox_.NoteSummarized(job, to, 0));
}

absl::StatusOr<memory::SummarizeResponse> Remembering::SummarizeAfter(
    int sequence, const MemoryJob& job, const std::vector<SpokenMessage>& messages) {
  memory::SummarizeRequest request;
  request.set_user_id(job.user_id);
  request.set_conversation_id(job.conversation_id);
  request.set_after_sequence(sequence);
  for (const SpokenMessage& message : messages)
    *request.add_messages() = ToMemory(message, job.user_id);
  return memory_.Summarize(CallFor(job, job.user_id), request);
}

bool Remembering::HasTime(const MemoryJob& job) const {
  return clock_.Now() + kCallTime < job.lease_ends;
}

CallContext Remembering::CallFor(const MemoryJob& job, const std::string& user_id) const {
  CallContext call;
  call.identity = {.user_id = user_id, .role = AccessRole::kService};
  call.correlation_id = job.conversation_id;
  call.traceparent = job.traceparent;
  // Of this host's clock, which is not that of leases.
  const absl::Time now = clock_.Now();
  call.deadline = absl::Now() + (std::min(now + kCallTime, job.lease_ends) - now);
  return call;
}

void Remembering::GiveUp(const MemoryJob& job, const char* what, const absl::Status& error) {
  metrics_.Count("dramatis_memory_given_up_total", {});
  logger_.Error(what, {{"conversation_id", job.conversation_id}, {"code", GetReason(error)}});
}

}  // namespace dramatis::conversation
