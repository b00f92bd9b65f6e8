#include "services/inference/generation/generation.h"

#include <utility>

#include "services/inference/catalogue/catalogue.h"
#include "services/inference/prompt/tokens.h"
#include "services/inference/routing/hedged_call.h"
#include "services/inference/usage/usage_rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

constexpr char kErrorReason[] = "error";
constexpr char kCancelledReason[] = "cancelled";

}  // namespace

Generation::Generation(const RoutedCallParts& parts, Ledger& ledger, GenerationFacts facts)
    : parts_(parts),
      facts_(std::move(facts)),
      ledger_(ledger),
      begun_(parts.clock.Now()),
      filter_(facts_.persona_name) {
  lanes_[0].hold = ledger.Open(facts_.payer);
}

void Generation::Start(RoutedCall::Plan plan) {
  std::shared_ptr<AnyCall> call;
  if (parts_.hedge_after.has_value() && !plan.others.empty()) {
    call = std::make_shared<HedgedCall>(parts_, std::move(plan), shared_from_this(),
                                        *parts_.hedge_after);
  } else {
    call = std::make_shared<RoutedCall>(parts_, std::move(plan), shared_from_this());
  }
  {
    const absl::MutexLock lock(&mutex_);
    call_ = call;
  }
  call->Start();
}

void Generation::OnReady(std::function<void()> wake) {
  const absl::MutexLock lock(&mutex_);
  wake_ = std::make_shared<const std::function<void()>>(std::move(wake));
}

GenerationEvents::Next Generation::Poll() {
  const absl::MutexLock lock(&mutex_);
  if (start_.has_value()) {
    return {.event = std::exchange(start_, std::nullopt), .end = std::nullopt};
  }
  if (!pending_.empty()) {
    v1::StreamGenerateResponse event;
    event.mutable_delta()->set_text(TakePending());
    return {.event = std::move(event), .end = std::nullopt};
  }
  if (done_.has_value()) {
    return {.event = std::exchange(done_, std::nullopt), .end = absl::OkStatus()};
  }
  waiting_ = !end_.has_value();
  return {.event = std::nullopt, .end = end_};
}

std::string Generation::TakePending() {
  // Retrieved text is all there at once: it still streams by words, as answers do.
  if (!candidate_->route.provider->retrieval()) return std::exchange(pending_, {});
  constexpr char kSpaces[] = " \n";
  const size_t end = pending_.find_first_of(kSpaces, pending_.find_first_not_of(kSpaces));
  std::string word = pending_.substr(0, end);
  pending_.erase(0, word.size());
  return word;
}

void Generation::Wake() {
  std::shared_ptr<const std::function<void()>> wake;
  {
    const absl::MutexLock lock(&mutex_);
    if (!std::exchange(waiting_, false)) return;
    wake = wake_;
  }
  if (wake != nullptr) (*wake)();
}

// `start` waits for the first text, or for the end of an answer without any: only then it is
// certain which model of the chain answers, and from which prompt.
void Generation::Begin(const Candidate& candidate) {
  if (candidate_.has_value()) return;
  candidate_ = candidate;
  v1::StreamGenerateResponse::Start& start = *start_.emplace().mutable_start();
  start.set_model(candidate.route.FullName());
  *start.mutable_manifest() = candidate.model_request.prompt->manifest;
  parts_.metrics.Observe("dramatis_first_text_seconds",
                         {{"provider", candidate.route.provider->name()}},
                         absl::ToDoubleSeconds(parts_.clock.Now() - begun_));
}

absl::Status Generation::OnTry(const Candidate& candidate) {
  std::shared_ptr<Hold> hold;
  {
    const absl::MutexLock lock(&mutex_);
    Lane& lane = LaneOf(candidate);
    if (lane.hold == nullptr) lane.hold = ledger_.Open(facts_.payer);
    hold = lane.hold;
  }
  // Retrieval calls no model.
  if (!candidate.route.provider->retrieval()) {
    DRAMATIS_RETURN_IF_ERROR(hold->Cover(MostOf(candidate.model_request)));
  }
  const absl::MutexLock lock(&mutex_);
  if (over_ || (candidate_.has_value() && candidate_->lane != candidate.lane)) {
    return absl::CancelledError("another model answers");
  }
  Lane& lane = LaneOf(candidate);
  lane.asked = candidate;
  lane.attempt = attempts_.size();
  attempts_.emplace_back().set_model(candidate.route.FullName());
  return absl::OkStatus();
}

void Generation::OnTryFailed(const Candidate& candidate, std::string_view why) {
  const absl::MutexLock lock(&mutex_);
  Lane& lane = LaneOf(candidate);
  if (!lane.asked.has_value()) return;
  lane.asked.reset();
  attempts_[lane.attempt].set_outcome(std::string(why));
}

void Generation::OnText(const Candidate& candidate, std::string_view text) {
  {
    const absl::MutexLock lock(&mutex_);
    if (over_) return;
    Begin(candidate);
    raw_ += text;
    filter_.Push(text, pending_);
  }
  Wake();
}

void Generation::OnEnd(const Candidate& candidate, const AnswerEnd& end) {
  Bill bill;
  v1::StreamGenerateResponse event;
  {
    const absl::MutexLock lock(&mutex_);
    if (over_) return;
    over_ = true;
    Begin(candidate);
    filter_.Finish(pending_);
    v1::StreamGenerateResponse::Done& done = *event.mutable_done();
    done.set_finish_reason(end.finish_reason);
    done.set_model(candidate.route.FullName());
    done.set_retrieval(candidate.route.provider->retrieval());
    bill = MakeBill(Row(candidate, raw_, end.tokens, end.finish_reason), candidate.lane);
    *done.mutable_usage() = ToMessage(bill.rows.front().first);
    // One that answered at once says nothing more than the usage does.
    if (attempts_.size() > 1) {
      done.mutable_usage()->mutable_attempts()->Add(attempts_.begin(), attempts_.end());
    }
  }
  Wake();
  auto finish = [self = shared_from_this(), bill = std::move(bill), event = std::move(event)] {
    self->Pay(bill);
    {
      const absl::MutexLock lock(&self->mutex_);
      self->done_ = event;
    }
    self->Wake();
  };
  Post(finish);
}

void Generation::OnError(const Candidate& /*candidate*/, const absl::Status& error) {
  RecordBrokenOff(kErrorReason);
  {
    const absl::MutexLock lock(&mutex_);
    over_ = true;
    end_ = error;
  }
  Wake();
}

void Generation::Cancelled() {
  RecordBrokenOff(kCancelledReason);
  std::shared_ptr<AnyCall> call;
  {
    const absl::MutexLock lock(&mutex_);
    over_ = true;
    call = std::move(call_);
  }
  if (call != nullptr) call->Cancel();
}

Generation::Bill Generation::MakeBill(std::optional<UsageRow> spoken, int speaker) {
  constexpr char kOvertaken[] = "overtaken";
  Bill bill;
  const auto note = [&](const Lane& lane, const UsageRow& row, const std::string& outcome)
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                          if (lane.attempt >= attempts_.size()) return;
                          prompt::v1::Attempt& attempt = attempts_[lane.attempt];
                          attempt.set_outcome(outcome);
                          const prompt::v1::Usage usage = ToMessage(row);
                          attempt.set_cost_micros(usage.cost_micros());
                          attempt.set_estimated(usage.estimated());
                        };
  if (spoken.has_value()) {
    const Lane& lane = lanes_[static_cast<size_t>(speaker)];
    note(lane, *spoken, "answered");
    bill.rows.emplace_back(*std::move(spoken), lane.hold);
  }
  for (const Lane& lane : lanes_) {
    if (lane.hold == nullptr || (!bill.rows.empty() && lane.hold == bill.rows.front().second)) {
      continue;
    }
    if (!lane.asked.has_value()) {
      bill.unused.push_back(lane.hold);
      continue;
    }
    UsageRow row = Row(*lane.asked, "", std::nullopt, kCancelledReason);
    if (!bill.rows.empty()) {
      // A row of its own: the answer has the turn's.
      row.turn_key += ":beside";
      note(lane, row, kOvertaken);
      parts_.metrics.Count(
          "dramatis_provider_attempts_total",
          {{"provider", lane.asked->route.provider->name()}, {"outcome", kOvertaken}});
    }
    bill.rows.emplace_back(std::move(row), lane.hold);
  }
  return bill;
}

void Generation::Pay(const Bill& bill) {
  for (const auto& [row, hold] : bill.rows)
    Record(row, *hold);
  for (const std::shared_ptr<Hold>& hold : bill.unused)
    hold->Release();
}

// What has been said was paid for, also where its end never came; and so was the prompt of a model
// that was asked and not waited for.
void Generation::RecordBrokenOff(const char* reason) {
  Bill bill;
  {
    const absl::MutexLock lock(&mutex_);
    if (over_) return;
    over_ = true;
    std::optional<UsageRow> spoken;
    if (candidate_.has_value()) spoken = Row(*candidate_, raw_, std::nullopt, reason);
    // What failed without a word costs nothing.
    if (std::string_view(reason) != kCancelledReason && !candidate_.has_value()) {
      for (Lane& lane : lanes_)
        lane.asked.reset();
    }
    bill = MakeBill(std::move(spoken), candidate_.has_value() ? candidate_->lane : 0);
  }
  Post([self = shared_from_this(), bill = std::move(bill)] { self->Pay(bill); });
}

// To write blocks, so not on the provider's thread. Where the executor has stopped, what is written
// matters more.
void Generation::Post(const std::function<void()>& task) {
  if (!parts_.executor.Post(task)) task();
}

UsageRow Generation::Row(const Candidate& candidate,
                         const std::string& said,
                         const std::optional<TokenCounts>& tokens,
                         const std::string& reason) {
  TokenCounts counts = tokens.value_or(TokenCounts());
  bool estimated = !tokens.has_value();
  // Every prompt has tokens, and so has what was said: a report of none is no report.
  if (counts.input_tokens == 0) {
    counts.input_tokens = candidate.model_request.prompt->manifest.prompt_tokens();
    estimated = true;
  }
  if (counts.output_tokens == 0) {
    counts.output_tokens = EstimateTokens(said);
    estimated = estimated || counts.output_tokens > 0;
  }
  const Prices& prices = candidate.route.model.prices;
  return {.user_id = facts_.payer.user_id,
          .turn_key = facts_.turn_key,
          .persona_id = facts_.persona_id,
          .model = candidate.route.FullName(),
          .input_tokens = counts.input_tokens,
          .output_tokens = counts.output_tokens,
          .cached_tokens = counts.cached_tokens,
          .cost_micros = CostMicros(prices, counts),
          .estimated = estimated,
          .finish_reason = reason,
          .create_time = ledger_.clock().Now(),
          .key_id = facts_.payer.key_id,
          .written_tokens = counts.written_tokens,
          .prices = PricesText(prices)};
}

void Generation::Record(const UsageRow& row, Hold& hold) {
  const absl::Status stored = hold.Settle(row);
  const std::string provider = row.model.substr(0, row.model.find('/'));
  parts_.metrics.Count("dramatis_tokens_total", {{"provider", provider}, {"kind", "input"}},
                       row.input_tokens);
  parts_.metrics.Count("dramatis_tokens_total", {{"provider", provider}, {"kind", "output"}},
                       row.output_tokens);
  if (stored.ok()) return;
  // The reply is worth more than its bill: it goes out, the ledger goes on trying, and the log has
  // what the table lacks.
  logger_.Error("usage could not be stored", {{"correlation_id", facts_.correlation_id},
                                              {"turn_key", row.turn_key},
                                              {"user_id", row.user_id},
                                              {"model", row.model},
                                              {"input_tokens", row.input_tokens},
                                              {"output_tokens", row.output_tokens},
                                              {"cost_micros", row.cost_micros},
                                              {"reason", GetReason(stored)}});
}

}  // namespace dramatis::inference
