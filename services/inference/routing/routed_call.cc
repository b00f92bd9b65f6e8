#include "services/inference/routing/routed_call.h"

#include <algorithm>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/facts.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

// A provider that asks for more patience than this is given up.
constexpr absl::Duration kMostPatience = absl::Seconds(60);

bool WorthAnotherTry(Kind kind) {
  return kind == Kind::kTransient || kind == Kind::kTimeout || kind == Kind::kBusy;
}

// What cannot be read says nothing of whether the provider can be reached.
Breaker::Outcome OutcomeOf(Kind kind) {
  if (kind == Kind::kBroken) return Breaker::Outcome::kAbandoned;
  const bool failed = kind == Kind::kTransient || kind == Kind::kTimeout;
  return failed ? Breaker::Outcome::kFailed : Breaker::Outcome::kWorked;
}

const char* KindWord(Kind kind) {
  switch (kind) {
    case Kind::kTransient:
      return "transient";
    case Kind::kTimeout:
      return "timeout";
    case Kind::kBusy:
      return "busy";
    case Kind::kBroken:
      return "broken";
    case Kind::kRejected:
      return "rejected";
    case Kind::kUnauthorized:
      return "unauthorized";
    case Kind::kSpent:
      return "quota_spent";
    case Kind::kTooLarge:
      return "too_large";
  }
  return "unknown";
}

absl::Status ErrorFor(const Provider& provider, const ProviderFailure& failure) {
  const std::string message = absl::StrCat("the provider ", provider.name(), ": ", failure.message);
  const ErrorMetadata metadata = {{"provider", provider.name()}};
  absl::Status error;
  if (failure.kind == Kind::kTimeout) {
    error = Error(absl::StatusCode::kDeadlineExceeded, v1::ERROR_REASON_PROVIDER_TIMEOUT, message,
                  metadata);
  } else if (failure.kind == Kind::kTooLarge) {
    error = Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_CONTEXT_TOO_LARGE,
                  absl::StrCat("the provider ", provider.name(),
                               " says that the prompt exceeds the model's window"),
                  metadata);
  } else if (failure.kind == Kind::kUnauthorized) {
    error = Error(absl::StatusCode::kUnavailable, v1::ERROR_REASON_PROVIDER_UNAUTHORIZED, message,
                  metadata);
  } else {
    error =
        Error(absl::StatusCode::kUnavailable, v1::ERROR_REASON_PROVIDER_FAILED, message, metadata);
  }
  if (failure.retry_after.has_value()) return WithRetryAfter(error, *failure.retry_after);
  return error;
}

}  // namespace

// What a provider is given: tells the routed call which try speaks.
class RoutedCall::Sink : public AnswerSink {
 public:
  Sink(std::shared_ptr<RoutedCall> call, int attempt) : call_(std::move(call)), attempt_(attempt) {}
  void OnText(std::string_view text) override { call_->OnText(attempt_, text); }
  void OnEnd(const AnswerEnd& end) override { call_->OnEnd(attempt_, end); }
  void OnFailure(const ProviderFailure& failure) override { call_->OnFailure(attempt_, failure); }

 private:
  const std::shared_ptr<RoutedCall> call_;
  const int attempt_;
};

RoutedCall::RoutedCall(const RoutedCallParts& parts,
                       Plan plan,
                       std::shared_ptr<AttemptListener> listener)
    : parts_(parts),
      plan_(std::move(plan)),
      listener_(std::move(listener)),
      candidate_(std::make_shared<const Candidate>(plan_.first)) {}

void RoutedCall::Try() {
  absl::Status refused;
  const std::optional<Attempt> attempt = Enter(refused);
  if (!attempt.has_value()) {
    if (!refused.ok()) GiveUp(refused);
    return;
  }
  if (!MayTry(*attempt)) return;
  std::shared_ptr<ProviderCall> call = attempt->candidate->route.provider->Start(
      attempt->candidate->model_request,
      std::make_shared<Sink>(shared_from_this(), attempt->number));
  {
    const absl::MutexLock lock(&mutex_);
    if (attempt_ == attempt->number && listener_ != nullptr) {
      call_ = std::move(call);
      return;
    }
  }
  call->Cancel();  // cancelled meanwhile, or over already
}

bool RoutedCall::MayTry(const Attempt& attempt) {
  std::shared_ptr<AttemptListener> listener;
  {
    const absl::MutexLock lock(&mutex_);
    listener = listener_;
  }
  if (listener == nullptr) return false;
  const absl::Status allowed = listener->OnTry(*attempt.candidate);
  if (allowed.ok()) return true;
  {
    const absl::MutexLock lock(&mutex_);
    if (attempt_ != attempt.number) return false;  // cancelled meanwhile
    ++attempt_;
    if (pass_.has_value()) candidate_->route.breaker->Leave(*pass_, Breaker::Outcome::kAbandoned);
    pass_.reset();
  }
  GiveUp(allowed);
  return false;
}

std::optional<RoutedCall::Attempt> RoutedCall::Enter(absl::Status& refused) {
  const absl::MutexLock lock(&mutex_);
  if (listener_ == nullptr) return std::nullopt;
  while (!(pass_ = candidate_->route.breaker->TryEnter()).has_value()) {
    const absl::Duration retry_after = candidate_->route.breaker->RetryAfter();
    // What this call has seen itself says more than that the breaker opened over it.
    refused = failures_ > 0
                  ? WithRetryAfter(last_error_, retry_after)
                  : ErrorFor(*candidate_->route.provider,
                             {Kind::kTransient, "it failed too often just now", retry_after});
    Count(*candidate_, "breaker_open");
    if (!NextCandidate()) return std::nullopt;
  }
  return Attempt{++attempt_, candidate_};
}

bool RoutedCall::NextCandidate() {
  while (next_route_ < plan_.others.size()) {
    const Route& route = plan_.others[next_route_++];
    absl::StatusOr<ModelRequest> model_request = plan_.pack(route);
    if (!model_request.ok()) continue;  // its window is too small
    candidate_ = std::make_shared<const Candidate>(
        Candidate{route, *std::move(model_request), plan_.first.lane});
    failures_ = 0;
    return true;
  }
  return false;
}

void RoutedCall::Cancel() {
  std::shared_ptr<ProviderCall> call;
  std::shared_ptr<AttemptListener> dropped;  // destroyed without the lock held
  {
    const absl::MutexLock lock(&mutex_);
    ++attempt_;
    dropped = std::move(listener_);
    call = std::move(call_);
    if (pass_.has_value()) candidate_->route.breaker->Leave(*pass_, Breaker::Outcome::kAbandoned);
    pass_.reset();
  }
  if (call != nullptr) call->Cancel();
}

void RoutedCall::OnText(int attempt, std::string_view text) {
  std::shared_ptr<AttemptListener> listener;
  std::shared_ptr<const Candidate> candidate;
  {
    const absl::MutexLock lock(&mutex_);
    if (attempt != attempt_ || listener_ == nullptr) return;
    spoke_ = true;
    listener = listener_;
    candidate = candidate_;
  }
  listener->OnText(*candidate, text);
}

void RoutedCall::OnEnd(int attempt, const AnswerEnd& end) {
  std::shared_ptr<AttemptListener> listener;
  std::shared_ptr<const Candidate> candidate;
  {
    const absl::MutexLock lock(&mutex_);
    if (attempt != attempt_ || listener_ == nullptr) return;
    ++attempt_;
    listener = std::move(listener_);
    candidate = candidate_;
    call_.reset();
    candidate->route.breaker->Leave(*pass_, Breaker::Outcome::kWorked);
    pass_.reset();
  }
  if (candidate->route.health != nullptr) candidate->route.health->Worked();
  Count(*candidate, "ok");
  listener->OnEnd(*candidate, end);
}

void RoutedCall::OnFailure(int attempt, const ProviderFailure& failure) {
  Decision decision;
  absl::Status error;
  std::shared_ptr<const Candidate> failed;
  std::shared_ptr<AttemptListener> listener;
  int failures = 0;
  bool spoke = false;
  {
    const absl::MutexLock lock(&mutex_);
    if (attempt != attempt_ || listener_ == nullptr) return;
    listener = listener_;
    ++attempt_;
    failures = ++failures_;
    failed = candidate_;
    error = last_error_ = ErrorFor(*candidate_->route.provider, failure);
    call_.reset();
    // Where only the caller's time was up, the provider is not to blame. A task that fails never
    // keeps a reply from being asked for.
    const bool no_blame = parts_.clock.Now() >= candidate_->model_request.deadline || IsTask();
    candidate_->route.breaker->Leave(
        *pass_, no_blame ? Breaker::Outcome::kAbandoned : OutcomeOf(failure.kind));
    pass_.reset();
    spoke = spoke_;
    decision = Decide(failure);
    const bool may_pass = WorthAnotherTry(failure.kind) || failure.kind == Kind::kBroken;
    if (parts_.restart_broken && spoke_ && may_pass && !IsTask()) {
      error = WithMetadata(error, {{kAskAgainFact, "true"}});
    }
  }
  Count(*failed, KindWord(failure.kind));
  if (failed->route.health != nullptr) {
    failed->route.health->Failed({parts_.clock.Now(), failed->route.FullName(), failure});
  }
  Log(*failed, failure, failures, decision.kind);
  if (!spoke) listener->OnTryFailed(*failed, KindWord(failure.kind));
  if (decision.kind == Decision::Kind::kGiveUp) {
    return GiveUp(error);
  }
  Later(decision.wait);
}

// The caller is told little: what the provider says is for those who run the deployment.
void RoutedCall::Log(const Candidate& candidate,
                     const ProviderFailure& failure,
                     int failures,
                     Decision::Kind next) {
  const auto word = [&] {
    if (next == Decision::Kind::kGiveUp) return "nothing";
    return next == Decision::Kind::kNext ? "another model" : "another try";
  };
  logger_.Warning("a provider's answer failed", {{"correlation_id", plan_.correlation_id},
                                                 {"model", candidate.route.FullName()},
                                                 {"failure", KindWord(failure.kind)},
                                                 {"detail", failure.message},
                                                 {"try", failures},
                                                 {"next", word()},
                                                 {"provider_status", failure.refusal.status},
                                                 {"provider_code", failure.refusal.code},
                                                 {"provider_type", failure.refusal.type},
                                                 {"provider_says", failure.refusal.message},
                                                 {"url", failure.refusal.url}});
}

RoutedCall::Decision RoutedCall::Decide(const ProviderFailure& failure) {
  using DecisionKind = Decision::Kind;
  const absl::Time now = parts_.clock.Now();
  const absl::Time deadline = candidate_->model_request.deadline;
  if (spoke_ || now >= deadline) return {DecisionKind::kGiveUp, {}};
  if (WorthAnotherTry(failure.kind) && failures_ < (IsTask() ? 1 : kTriesPerProvider)) {
    const absl::Duration wait = std::max(Backoff(kProviderBackoff, failures_, parts_.random()),
                                         failure.retry_after.value_or(absl::ZeroDuration()));
    if (wait <= kMostPatience && now + wait < deadline) return {DecisionKind::kRetry, wait};
  }
  if (NextCandidate()) return {DecisionKind::kNext, {}};
  return {DecisionKind::kGiveUp, {}};
}

void RoutedCall::Later(absl::Duration wait) {
  // Not on the timers' thread: to start a provider may take milliseconds.
  auto post = [self = shared_from_this()] {
    if (!self->parts_.executor.Post([self] { self->Try(); })) {
      self->GiveUp(UnavailableError("the service is stopping"));
    }
  };
  if (wait <= absl::ZeroDuration()) return post();
  parts_.timers.After(wait, std::move(post));
}

void RoutedCall::GiveUp(const absl::Status& error) {
  std::shared_ptr<AttemptListener> listener;
  std::shared_ptr<const Candidate> candidate;
  {
    const absl::MutexLock lock(&mutex_);
    listener = std::move(listener_);
    candidate = candidate_;
  }
  if (listener != nullptr) listener->OnError(*candidate, error);
}

void RoutedCall::Count(const Candidate& candidate, const char* outcome) {
  parts_.metrics.Count("dramatis_provider_attempts_total",
                       {{"provider", candidate.route.provider->name()}, {"outcome", outcome}});
}

}  // namespace dramatis::inference
