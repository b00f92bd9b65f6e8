#include "services/conversation/turns/choices.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/conversation/turn_taking/choice_prompt.h"
#include "services/conversation/turn_taking/planning.h"
#include "shared/call/call_metadata.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;

constexpr int kChoicesAtOnce = 32;
// No name is longer.
constexpr size_t kMostAnswerBytes = 4096;

}  // namespace

// Gathers one answer.
class SpeakerChoices::Asking : public GenerationListener,
                               public std::enable_shared_from_this<Asking> {
 public:
  Asking(SpeakerChoices& choices, ChoiceJob job, std::vector<Candidate> candidates)
      : choices_(choices), job_(std::move(job)), candidates_(std::move(candidates)) {}

  void OnStart(const inference::StreamGenerateResponse::Start& start) override {
    pick_.model = start.model();
  }
  void OnDelta(const std::string& text) override {
    if (text_.size() < kMostAnswerBytes) text_ += text;
  }
  void OnDone(const inference::StreamGenerateResponse::Done& done) override {
    done_ = true;
    retrieval_ = done.retrieval();
    if (!done.model().empty()) pick_.model = done.model();
  }
  void OnEnd(const absl::Status& status) override {
    Judge(status);
    const bool posted = choices_.background_.Post([self = shared_from_this()] {
      self->choices_.Store(self->job_, self->pick_);
      self->choices_.generations_.Over(*self);
    });
    if (!posted) choices_.generations_.Over(*this);
  }

 private:
  void Judge(const absl::Status& status) {
    if (!status.ok()) {
      pick_.problem = absl::IsCancelled(status) ? "timed_out" : GetReason(status);
      return;
    }
    if (retrieval_) {
      pick_.problem = "retrieval_model";
      return;
    }
    std::optional<std::string> picked = done_ ? PickedIn(text_, candidates_) : std::nullopt;
    if (picked.has_value()) {
      pick_.persona_id = *std::move(picked);
    } else {
      pick_.problem = "unusable_answer";
    }
  }

  SpeakerChoices& choices_;
  const ChoiceJob job_;
  const std::vector<Candidate> candidates_;
  std::string text_;
  bool done_ = false;
  bool retrieval_ = false;
  Pick pick_;
};

void SpeakerChoices::Begin(const std::string& conversation_id) {
  (void)background_.Post([this, conversation_id] {
    if (const absl::Status claimed = Claim(conversation_id, /*any_lease=*/false); !claimed.ok()) {
      // Recover finds it.
      tools_.logger.Warning("speaker not chosen yet",
                            {{"conversation_id", conversation_id}, {"code", GetReason(claimed)}});
    }
  });
}

absl::Status SpeakerChoices::Recover(bool any_lease) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> due,
                            store_.ListDueChoices(tools_.leases.Now(), any_lease, kChoicesAtOnce));
  for (const std::string& conversation_id : due)
    DRAMATIS_RETURN_IF_ERROR(Claim(conversation_id, any_lease));
  return absl::OkStatus();
}

absl::Status SpeakerChoices::Claim(const std::string& conversation_id, bool any_lease) {
  if (generations_.stopped()) return absl::OkStatus();
  const absl::Time now = tools_.leases.Now();
  DRAMATIS_ASSIGN_OR_RETURN(
      std::optional<ChoiceJob> job,
      store_.ClaimChoice(conversation_id, now, now + options_.lease, any_lease));
  if (!job.has_value()) return absl::OkStatus();
  if (job->choice.attempts > kMaxChoiceAttempts) {
    Store(*job, {.persona_id = "", .model = "", .problem = "interrupted"});
  } else {
    Ask(*std::move(job));
  }
  return absl::OkStatus();
}

void SpeakerChoices::Ask(ChoiceJob job) {
  const int depth = job.choice.depth;
  std::vector<Candidate> candidates =
      NameCandidates(job.room, CandidatesOf(job.room, job.recent, job.message, depth),
                     /*or_nobody=*/depth > 0);
  // The room has changed since: nothing is left to pick.
  if (candidates.empty() || candidates.front().persona_id.empty()) {
    return Store(job, {.persona_id = "", .model = "", .problem = "no_choice"});
  }
  CallContext call = CallContext().AsService(job.payer_id());
  call.deadline = absl::InfiniteFuture();  // its time is measured here
  call.correlation_id = absl::StrCat("choice-", job.message.message_id);
  call.traceparent = NewTraceparent(tools_.ids);
  call.identity.key = UnpackKey(job.choice.payer.key);
  const LogScope scope(call);
  const inference::StreamGenerateRequest request = ChoiceRequest(
      job, candidates, absl::StrCat("choice:", job.message.message_id, ":", job.choice.fence));
  const std::shared_ptr<Generation> generation = generations_.Ask(
      call, request, std::make_shared<Asking>(*this, std::move(job), std::move(candidates)));
  if (generation == nullptr) return;
  timer_.After(options_.lease * 2 / 3, [weak = std::weak_ptr<Generation>(generation)] {
    if (const std::shared_ptr<Generation> late = weak.lock()) late->Cancel();
  });
}

void SpeakerChoices::Store(const ChoiceJob& job, const Pick& pick) {
  // Cancelled because the process ends: whoever comes next asks again.
  if (generations_.stopped()) return;
  const absl::StatusOr<std::vector<WaitingTurn>> waiting = store_.StoreChoice(
      job.choice, tools_.planning.Picked(job.choice.depth, pick), tools_.clock.Now());
  if (!waiting.ok()) {
    // Its lease expires, and somebody asks again.
    tools_.logger.Error("speaker choice not stored",
                        {{"conversation_id", job.choice.conversation_id},
                         {"code", GetReason(waiting.status())},
                         {"error", OperatorMessage(waiting.status())}});
    return;
  }
  tools_.logger.Info("speaker chosen", {{"conversation_id", job.choice.conversation_id},
                                        {"message_id", job.choice.message_id},
                                        {"persona_id", pick.persona_id},
                                        {"model", pick.model},
                                        {"problem", pick.problem},
                                        {"turns", static_cast<int>(waiting->size())}});
  options_.on_waiting(*waiting);
}

}  // namespace dramatis::conversation
