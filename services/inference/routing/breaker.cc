#include "services/inference/routing/breaker.h"

#include <algorithm>

namespace dramatis::inference {

void Breaker::Become(State state) {
  state_ = state;
  ++current_;
  failures_.clear();
}

std::optional<Breaker::Pass> Breaker::TryEnter() {
  const absl::MutexLock lock(&mutex_);
  if (state_ == State::kHalfOpen) return std::nullopt;
  if (state_ == State::kOpen) {
    if (clock_.Now() < reopens_) return std::nullopt;
    Become(State::kHalfOpen);  // this call is the probe
  }
  return current_;
}

void Breaker::Leave(Pass pass, Outcome outcome) {
  const absl::MutexLock lock(&mutex_);
  if (pass != current_) return;
  const absl::Time now = clock_.Now();
  if (state_ == State::kClosed) return LeaveClosed(outcome, now);
  if (outcome == Outcome::kWorked) return Become(State::kClosed);
  Become(State::kOpen);
  reopens_ = outcome == Outcome::kFailed ? now + policy_.open_time : now;
}

void Breaker::LeaveClosed(Outcome outcome, absl::Time now) {
  if (outcome != Outcome::kFailed) return;
  failures_.push_back(now);
  while (now - failures_.front() >= policy_.window)
    failures_.pop_front();
  if (static_cast<int>(failures_.size()) < policy_.failures) return;
  Become(State::kOpen);
  reopens_ = now + policy_.open_time;
}

absl::Duration Breaker::RetryAfter() const {
  constexpr absl::Duration kProbeUnderWay = absl::Seconds(1);
  const absl::MutexLock lock(&mutex_);
  if (state_ == State::kClosed) return absl::ZeroDuration();
  if (state_ == State::kHalfOpen) return kProbeUnderWay;
  return std::max(absl::ZeroDuration(), reopens_ - clock_.Now());
}

}  // namespace dramatis::inference
