#include "services/inference/generation/generation.h"

#include <utility>

#include "services/inference/catalogue/catalogue.h"
#include "services/inference/prompt/tokens.h"
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
      hold_(ledger.Open(facts_.payer)),
      begun_(parts.clock.Now()),
      filter_(facts_.persona_name) {}

void Generation::Start(RoutedCall::Plan plan) {
  auto call = std::make_shared<RoutedCall>(parts_, std::move(plan), shared_from_this());
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
  // Retrieval calls no model.
  if (!candidate.route.provider->retrieval()) {
    DRAMATIS_RETURN_IF_ERROR(hold_->Cover(MostOf(candidate.model_request)));
  }
  const absl::MutexLock lock(&mutex_);
  asked_ = candidate;
  return absl::OkStatus();
}

void Generation::OnTryFailed(const Candidate& /*candidate*/) {
  const absl::MutexLock lock(&mutex_);
  asked_.reset();
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
  UsageRow row;
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
    row = Row(candidate, end.tokens, end.finish_reason);
    *done.mutable_usage() = ToMessage(row);
  }
  Wake();
  auto finish = [self = shared_from_this(), row, event = std::move(event)] {
    self->Record(row);
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
  std::shared_ptr<RoutedCall> call;
  {
    const absl::MutexLock lock(&mutex_);
    over_ = true;
    call = std::move(call_);
  }
  if (call != nullptr) call->Cancel();
}

// What has been said was paid for, also where its end never came; and so was the prompt of a model
// that was asked and not waited for.
void Generation::RecordBrokenOff(const char* reason) {
  std::optional<UsageRow> row;
  {
    const absl::MutexLock lock(&mutex_);
    if (over_) return;
    over_ = true;
    if (candidate_.has_value()) {
      row = Row(*candidate_, std::nullopt, reason);
    } else if (asked_.has_value() && std::string_view(reason) == kCancelledReason) {
      row = Row(*asked_, std::nullopt, reason);
    }
  }
  Post([self = shared_from_this(), row] {
    if (row.has_value()) return self->Record(*row);
    self->hold_->Release();
  });
}

// To write blocks, so not on the provider's thread. Where the executor has stopped, what is written
// matters more.
void Generation::Post(std::function<void()> task) {
  if (!parts_.executor.Post(task)) task();
}

UsageRow Generation::Row(const Candidate& candidate,
                         const std::optional<TokenCounts>& tokens,
                         const std::string& reason) {
  const TokenCounts counts = tokens.value_or(
      TokenCounts{.input_tokens = candidate.model_request.prompt->manifest.prompt_tokens(),
                  .output_tokens = EstimateTokens(raw_)});
  const Prices& prices = candidate.route.model.prices;
  return {.user_id = facts_.payer.user_id,
          .turn_key = facts_.turn_key,
          .persona_id = facts_.persona_id,
          .model = candidate.route.FullName(),
          .input_tokens = counts.input_tokens,
          .output_tokens = counts.output_tokens,
          .cached_tokens = counts.cached_tokens,
          .cost_micros = CostMicros(prices, counts),
          .estimated = !tokens.has_value(),
          .finish_reason = reason,
          .create_time = hold_->Now(),
          .key_id = facts_.payer.key_id,
          .written_tokens = counts.written_tokens,
          .prices = PricesText(prices)};
}

void Generation::Record(const UsageRow& row) {
  const absl::Status stored = hold_->Settle(row);
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
