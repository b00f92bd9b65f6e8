#include "services/inference/routing/hedged_call.h"

#include <utility>
#include <vector>

namespace dramatis::inference {

// Tells which routed call speaks.
class HedgedCall::Listener : public AttemptListener {
 public:
  Listener(std::shared_ptr<HedgedCall> call, int lane) : call_(std::move(call)), lane_(lane) {}
  absl::Status OnTry(const Candidate& candidate) override { return call_->OnTry(candidate); }
  void OnTryFailed(const Candidate& candidate, std::string_view why) override {
    call_->OnTryFailed(candidate, why);
  }
  void OnText(const Candidate& candidate, std::string_view text) override {
    call_->OnText(lane_, candidate, text);
  }
  void OnEnd(const Candidate& candidate, const AnswerEnd& end) override {
    call_->OnEnd(lane_, candidate, end);
  }
  void OnError(const Candidate& candidate, const absl::Status& error) override {
    call_->OnError(lane_, candidate, error);
  }

 private:
  const std::shared_ptr<HedgedCall> call_;
  const int lane_;
};

HedgedCall::HedgedCall(const RoutedCallParts& parts,
                       RoutedCall::Plan plan,
                       std::shared_ptr<AttemptListener> listener,
                       absl::Duration after)
    : parts_(parts), plan_(std::move(plan)), after_(after), listener_(std::move(listener)) {}

void HedgedCall::Start() {
  RoutedCall::Plan first = plan_;
  first.others.clear();
  StartLane(kFirst, std::move(first));
  // Not on the timers' thread: to start a provider may take milliseconds.
  parts_.timers.After(after_, [weak = weak_from_this()] {
    const std::shared_ptr<HedgedCall> self = weak.lock();
    if (self != nullptr) (void)self->parts_.executor.Post([self] { self->Hedge(); });
  });
}

void HedgedCall::StartLane(int lane, RoutedCall::Plan plan) {
  auto call = std::make_shared<RoutedCall>(parts_, std::move(plan),
                                           std::make_shared<Listener>(shared_from_this(), lane));
  {
    const absl::MutexLock lock(&mutex_);
    if (listener_ == nullptr || speaker_.has_value()) return;
    calls_[static_cast<size_t>(lane)] = call;
  }
  call->Start();
}

std::optional<RoutedCall::Plan> HedgedCall::Rest(std::vector<Route> routes, int lane) const {
  while (!routes.empty()) {
    const Route route = routes.front();
    routes.erase(routes.begin());
    absl::StatusOr<ModelRequest> model_request = plan_.pack(route);
    if (!model_request.ok()) continue;  // its window is too small
    RoutedCall::Plan plan = plan_;
    plan.first = {.route = route, .model_request = *std::move(model_request), .lane = lane};
    plan.others = std::move(routes);
    return plan;
  }
  return std::nullopt;
}

void HedgedCall::Hedge() {
  std::vector<Route> routes = plan_.others;
  size_t next = 0;
  while (next < routes.size() && routes[next].provider->retrieval())
    ++next;
  if (next == routes.size()) return;
  const Route beside = routes[next];
  routes.erase(routes.begin() + static_cast<ptrdiff_t>(next));
  routes.insert(routes.begin(), beside);
  std::optional<RoutedCall::Plan> plan = Rest(std::move(routes), kBeside);
  if (!plan.has_value() || plan->first.route.provider->retrieval()) return;
  {
    const absl::MutexLock lock(&mutex_);
    if (listener_ == nullptr || speaker_.has_value() || !Running(kFirst)) return;
    hedged_ = true;
  }
  StartLane(kBeside, *std::move(plan));
}

void HedgedCall::Cancel() {
  std::array<std::shared_ptr<RoutedCall>, 3> calls;
  std::shared_ptr<AttemptListener> dropped;  // destroyed without the lock held
  {
    const absl::MutexLock lock(&mutex_);
    dropped = std::move(listener_);
    calls.swap(calls_);
  }
  for (const std::shared_ptr<RoutedCall>& call : calls) {
    if (call != nullptr) call->Cancel();
  }
}

bool HedgedCall::Speaks(int lane) {
  std::array<std::shared_ptr<RoutedCall>, 3> others;
  {
    const absl::MutexLock lock(&mutex_);
    if (listener_ == nullptr) return false;
    if (speaker_.has_value()) return *speaker_ == lane;
    speaker_ = lane;
    for (size_t i = 0; i < others.size(); ++i) {
      if (static_cast<int>(i) != lane) others[i] = std::move(calls_[i]);
    }
  }
  for (const std::shared_ptr<RoutedCall>& call : others) {
    if (call != nullptr) call->Cancel();
  }
  return true;
}

absl::Status HedgedCall::OnTry(const Candidate& candidate) {
  const std::shared_ptr<AttemptListener> heard = listener();
  return heard == nullptr ? absl::CancelledError("nobody waits for the answer any longer")
                          : heard->OnTry(candidate);
}

void HedgedCall::OnTryFailed(const Candidate& candidate, std::string_view why) {
  if (const std::shared_ptr<AttemptListener> heard = listener()) heard->OnTryFailed(candidate, why);
}

void HedgedCall::OnText(int lane, const Candidate& candidate, std::string_view text) {
  if (!Speaks(lane)) return;
  if (const std::shared_ptr<AttemptListener> heard = listener()) heard->OnText(candidate, text);
}

void HedgedCall::OnEnd(int lane, const Candidate& candidate, const AnswerEnd& end) {
  if (!Speaks(lane)) return;
  std::shared_ptr<AttemptListener> heard;
  {
    const absl::MutexLock lock(&mutex_);
    heard = std::move(listener_);
  }
  if (heard != nullptr) heard->OnEnd(candidate, end);
}

void HedgedCall::OnError(int lane, const Candidate& candidate, const absl::Status& error) {
  std::shared_ptr<AttemptListener> heard;
  {
    const absl::MutexLock lock(&mutex_);
    calls_[static_cast<size_t>(lane)] = nullptr;
    // No money for two at once: the chain is still there for the first one's failure.
    if (lane == kBeside && absl::IsResourceExhausted(error)) hedged_ = false;
    const bool another_goes_on = Running(kFirst) || Running(kBeside) || Running(kRest);
    if (listener_ == nullptr || another_goes_on) return;
    const bool may_go_on = !speaker_.has_value() && lane == kFirst && !hedged_ &&
                           !absl::IsResourceExhausted(error) &&
                           parts_.clock.Now() < plan_.first.model_request.deadline;
    if (!may_go_on) heard = std::move(listener_);
  }
  if (heard != nullptr) return heard->OnError(candidate, error);
  std::optional<RoutedCall::Plan> rest = Rest(plan_.others, kFirst);
  if (rest.has_value()) {
    // Not on the provider's thread: to start one may take milliseconds.
    if (parts_.executor.Post([self = shared_from_this(), plan = *std::move(rest)] {
          self->StartLane(kRest, plan);
        })) {
      return;
    }
  }
  {
    const absl::MutexLock lock(&mutex_);
    heard = std::move(listener_);
  }
  if (heard != nullptr) heard->OnError(candidate, error);
}

}  // namespace dramatis::inference
