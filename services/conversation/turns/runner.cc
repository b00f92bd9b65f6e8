#include "services/conversation/turns/runner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/conversation/lore/matching.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/prompt/room_prompt.h"
#include "services/conversation/prompt/summary_range.h"
#include "services/conversation/prompt/turn_prompt.h"
#include "services/conversation/turns/turn_end.h"
#include "shared/status/errors.h"
#include "shared/status/facts.h"
#include "shared/status/outgoing.h"
#include "shared/text/names.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;

// Whether the store may take the same write later.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
}

// PostgreSQL's text cannot hold U+0000: what is streamed is what can be stored.
std::string WithoutNul(std::string text) {
  std::erase(text, '\0');
  return text;
}

TurnTools WithLogger(const TurnTools& tools, Logger& logger) {
  return {tools.store, tools.turns, tools.personas, tools.memories, tools.inference, tools.clock,
          tools.ids,   logger,      tools.metrics,  tools.planning, tools.leases};
}

const char* NameOf(TurnState state) {
  switch (state) {
    case TurnState::kDone:
      return "done";
    case TurnState::kCancelled:
      return "cancelled";
    default:
      return "failed";
  }
}

}  // namespace

TurnRunner::TurnRunner(const TurnTools& tools,
                       TurnHost& host,
                       TurnJob job,
                       CallContext call,
                       std::shared_ptr<LiveTurn> live)
    : call_(std::move(call)),
      logger_(tools.logger, LogIdsOf(call_)),
      tools_(WithLogger(tools, logger_)),
      host_(host),
      job_(std::move(job)),
      live_(std::move(live)),
      started_(tools.clock.Now()),
      attempt_(job_.turn.attempt),
      length_(job_.turn.text.size()),
      written_length_(length_) {}

void TurnRunner::Begin() {
  if (job_.turn.cancel_requested) Cancel();
  if (stop() != Stop::kNone) return Generate();  // for its end
  BeginWith(job_.room == nullptr ? TurnPrompt(tools_, job_, call_).Request()
                                 : PrepareRoomPrompt(tools_, job_, call_));
}

void TurnRunner::BeginWith(absl::StatusOr<inference::StreamGenerateRequest> prompt) {
  if (!prompt.ok()) return OnEnd(prompt.status());
  request_ = *std::move(prompt);
  Generate();
}

void TurnRunner::Generate() {
  int attempt = 0;
  {
    const absl::MutexLock lock(&mutex_);
    attempt = attempt_;
  }
  request_.set_turn_key(absl::StrCat(job_.turn.turn_id, ":", attempt));
  if (stop() != Stop::kNone) return OnEnd(absl::CancelledError());
  std::shared_ptr<Generation> generation =
      tools_.inference.Generate(call_, request_, shared_from_this());
  {
    const absl::MutexLock lock(&mutex_);
    if (ending_ || attempt_ != attempt) return;  // it has ended already
    generation_ = generation;
    if (stop_ == Stop::kNone) return;
  }
  generation->Cancel();
}

void TurnRunner::OnStart(const inference::StreamGenerateResponse::Start& start) {
  start_ = start;
}

void TurnRunner::OnDelta(const std::string& text) {
  if (text.find('\0') != std::string::npos) return OnDelta(WithoutNul(text));
  bool first = false;
  {
    const absl::MutexLock lock(&mutex_);
    if (stop_ != Stop::kNone) return;
    first = length_ == 0;
    length_ += text.size();
  }
  if (first) {
    tools_.metrics.Observe("dramatis_turn_first_delta_seconds", {},
                           absl::ToDoubleSeconds(tools_.clock.Now() - started_));
  }
  live_->text().Append(text);
}

void TurnRunner::OnDone(const inference::StreamGenerateResponse::Done& done) {
  done_ = done;
}

void TurnRunner::OnEnd(const absl::Status& status) {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
    generation_ = nullptr;
  }
  const Stop why = stop();
  // A model that was asked and not waited for has its price too.
  const bool unheard = live_->text().Text().empty() && why != Stop::kCancel;
  const bool counted = done_.has_value() || unheard;
  if (counted || (why != Stop::kNone && why != Stop::kCancel)) {
    return host_.Post([self = shared_from_this(), status] { self->Conclude(status); });
  }
  // What has been said was paid for.
  host_.PostCall([self = shared_from_this(), status] {
    self->AskUsage();
    self->host_.Post([self, status] { self->Conclude(status); });
  });
}

void TurnRunner::AskUsage() {
  int attempt = 0;
  {
    const absl::MutexLock lock(&mutex_);
    attempt = attempt_;
  }
  // A turn that was taken over for its end only has no request.
  const std::string& user_id = request_.user_id().empty() ? job_.turn.payer() : request_.user_id();
  absl::StatusOr<prompt::v1::Usage> usage =
      tools_.inference.UsageOf(call_, user_id, absl::StrCat(job_.turn.turn_id, ":", attempt));
  if (usage.ok()) {
    usage_ = *std::move(usage);
    return;
  }
  // Not known, and not nothing.
  usage_.set_estimated(true);
  usage_.set_input_tokens(start_.manifest().prompt_tokens());
}

void TurnRunner::Conclude(const absl::Status& status) {
  if (const Stop why = stop(); why != Stop::kNone) return ConcludeStopped(why);
  std::string text = live_->text().Text();
  if (AnotherAttemptHelps(status, text)) return TryAgain();
  if (!status.ok()) return Fail(status);
  if (!done_.has_value() || IsBlank(text)) {
    return Fail(Error(absl::StatusCode::kUnavailable, inference::ERROR_REASON_PROVIDER_FAILED,
                      done_.has_value() ? "the model's answer was empty"
                                        : "the model's answer did not come to its end"));
  }
  TurnEnd end = EndOf(TurnState::kDone, std::move(text));
  end.finish_reason = WithoutNul(done_->finish_reason());
  Write(std::move(end));
}

void TurnRunner::ConcludeStopped(Stop why) {
  switch (why) {
    case Stop::kCancel: {
      TurnEnd end = EndOf(TurnState::kCancelled, live_->text().Text());
      end.finish_reason = "cancelled";
      return Write(std::move(end));
    }
    case Stop::kHandOver: {
      const absl::Status released =
          tools_.turns.ReleaseTurn(job_.turn.fenced(), live_->text().Text(), tools_.clock.Now());
      if (!released.ok()) {
        // Its lease expires by itself.
        tools_.logger.Warning("turn not handed over",
                              {{"turn_id", job_.turn.turn_id}, {"code", GetReason(released)}});
      }
      live_->Leave(UnavailableError("the server ends; follow the turn again from the last cursor"));
      return Over(false);
    }
    case Stop::kAbandon:
      live_->Leave(UnavailableError("the server has ended"));
      return Over(false);
    case Stop::kLost:
    case Stop::kNone:
      return Over(true);
  }
}

bool TurnRunner::AnotherAttemptHelps(const absl::Status& status, const std::string& text) const {
  if (tried_again_) return false;
  if (!GetFact(status, kAskAgainFact).empty()) return true;
  if (!IsBlank(text)) return false;
  if (status.ok()) return done_.has_value();
  // The connection to inference was lost, as when it is replaced. What its providers do is its own
  // to try again.
  return request_.messages_size() > 0 && absl::IsUnavailable(status) &&
         GetReason(status) == "UNAVAILABLE";
}

void TurnRunner::TryAgain() {
  int attempt = 0;
  {
    const absl::MutexLock lock(&mutex_);
    attempt = attempt_ + 1;
  }
  const absl::StatusOr<CheckpointResult> begun =
      tools_.turns.BeginAttempt(job_.turn.fenced(), attempt, tools_.clock.Now());
  if (!begun.ok()) return Fail(begun.status());
  if (*begun == CheckpointResult::kLost) return Over(true);
  tried_again_ = true;
  done_.reset();
  // Before the attempt's number, so that no checkpoint takes the old text for the new attempt's.
  live_->text().Restart(attempt);
  {
    const absl::MutexLock lock(&mutex_);
    attempt_ = attempt;
    length_ = written_length_ = 0;
    ending_ = false;
  }
  if (*begun == CheckpointResult::kCancelRequested) Cancel();
  Generate();
}

void TurnRunner::Fail(const absl::Status& error) {
  TurnEnd end = EndOf(TurnState::kFailed, live_->text().Text());
  end.error = SerializeError(error);
  if (FallsBack(job_)) FallBack(tools_.ids.NewId(), end);
  Write(std::move(end));
}

TurnEnd TurnRunner::EndOf(TurnState state, std::string text) {
  TurnEnd end;
  end.turn = job_.turn.fenced();
  end.in_room = job_.turn.in_room();
  end.state = state;
  end.persona_id = job_.turn.persona_id;
  if (state != TurnState::kFailed && !text.empty()) end.message_id = tools_.ids.NewId();
  end.text = std::move(text);
  end.model = done_.has_value() && !done_->model().empty() ? done_->model() : start_.model();
  if (done_.has_value()) {
    end.retrieval = done_->retrieval();
  }
  end.usage = (done_.has_value() ? done_->usage() : usage_).SerializeAsString();
  end.manifest = start_.manifest().SerializeAsString();
  end.summarize_to = SummarizeTo(request_, start_.manifest());
  if (!end.message_id.empty() && !request_.messages().empty()) {
    end.firings =
        NewFirings(request_.parts(), start_.manifest(), request_.messages().rbegin()->sequence());
  }
  end.now = tools_.clock.Now();
  return end;
}

void TurnRunner::Write(TurnEnd end) {
  const absl::StatusOr<EndedTurn> written = StoreTurnEnd(tools_, job_, end);
  if (written.ok()) {
    host_.Await(written->waiting);
    if (written->next.has_value()) host_.Next(*written->next);
    if (written->result == EndResult::kLost) return Over(true);
    return Finish(end);
  }
  const Stop why = stop();
  if (why == Stop::kHandOver || why == Stop::kAbandon) return ConcludeStopped(Stop::kAbandon);
  if (why == Stop::kLost) return Over(true);
  tools_.logger.Error("turn's end not stored", {{"turn_id", job_.turn.turn_id},
                                                {"code", GetReason(written.status())},
                                                {"error", OperatorMessage(written.status())}});
  if (MayPass(written.status())) {
    return host_.PostLater([self = shared_from_this(), end = std::move(end)]() mutable {
      self->Write(std::move(end));
    });
  }
  // The turn stays open: the next attempt begins when the lease expires.
  live_->Leave(WithMetadata(written.status(), {{"turn_id", job_.turn.turn_id}}));
  Over(false);
}

void TurnRunner::Finish(const TurnEnd& end) {
  Report(end);
  live_->Finish(OutcomeOf(Ended(job_.turn, end)));
  host_.Replied(job_, end, call_);
  Over(false);
}

void TurnRunner::Report(const TurnEnd& end) {
  const absl::Duration took = tools_.clock.Now() - started_;
  tools_.metrics.Count("dramatis_turns_total", {{"state", NameOf(end.state)}});
  tools_.metrics.Observe("dramatis_turn_duration_seconds", {}, absl::ToDoubleSeconds(took));
  const std::string reason =
      end.state == TurnState::kFailed ? GetReason(ParseError(end.error)) : end.finish_reason;
  tools_.logger.Info("turn ended", {{"turn_id", job_.turn.turn_id},
                                    {"state", NameOf(end.state)},
                                    {"reason", reason},
                                    {"model", end.model},
                                    {"milliseconds", absl::ToInt64Milliseconds(took)}});
}

void TurnRunner::Over(bool lost) {
  {
    const absl::MutexLock lock(&mutex_);
    if (over_) return;
    over_ = true;
  }
  // Its own copy: with the last of its holders the runner ends in here.
  const LogScope scope(LogIdsOf(call_));
  host_.Over(*this, lost);
}

void TurnRunner::Cancel() {
  StopGeneration(Stop::kCancel);
}

void TurnRunner::HandOver() {
  StopGeneration(Stop::kHandOver);
}

void TurnRunner::Abandon() {
  StopGeneration(Stop::kAbandon);
}

void TurnRunner::StopGeneration(Stop why) {
  std::shared_ptr<Generation> generation;
  {
    const absl::MutexLock lock(&mutex_);
    // What is being stored stays as it is; a cancelled turn is not handed over.
    if (why == Stop::kCancel && (ending_ || stop_ != Stop::kNone)) return;
    if (why == Stop::kHandOver && stop_ == Stop::kCancel) return;
    stop_ = why;
    generation = generation_;
  }
  if (generation != nullptr) generation->Cancel();
}

TurnRunner::Stop TurnRunner::stop() const {
  const absl::MutexLock lock(&mutex_);
  return stop_;
}

std::optional<CheckpointWrite> TurnRunner::NextCheckpoint() {
  CheckpointWrite write;
  write.turn = job_.turn.fenced();
  {
    const absl::MutexLock lock(&mutex_);
    if (over_ || stop_ == Stop::kLost || stop_ == Stop::kHandOver || stop_ == Stop::kAbandon) {
      return std::nullopt;
    }
    write.attempt = attempt_;
    if (length_ == written_length_) return write;
    written_length_ = length_;
  }
  write.text = live_->text().Text();
  return write;
}

void TurnRunner::CheckpointFailed() {
  const absl::MutexLock lock(&mutex_);
  written_length_ = std::string::npos;
}

void TurnRunner::Checkpointed(CheckpointResult result) {
  if (result == CheckpointResult::kCancelRequested) return Cancel();
  if (result == CheckpointResult::kKept) return;
  {
    // A turn that has been stored meanwhile has no lease to lose.
    const absl::MutexLock lock(&mutex_);
    if (over_) return;
  }
  StopGeneration(Stop::kLost);
}

}  // namespace dramatis::conversation
