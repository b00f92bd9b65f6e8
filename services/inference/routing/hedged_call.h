// A routed call whose next model is asked too where the first has not spoken in time: whichever
// speaks first answers, and the other one is given up (Dean and Barroso, "The Tail at Scale", 2013:
// hedged requests).
//
//   auto call = std::make_shared<HedgedCall>(parts, plan, listener, absl::Seconds(2));
//   call->Start();
//
// The built-in retrieval model, which is never slow, is not asked beside another one; it stands in
// where all the others have failed. What the listener hears of a candidate whose `lane` is 1 is of
// the one that is asked beside. Thread-safe.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/inference/routing/routed_call.h"

namespace dramatis::inference {

class HedgedCall : public AnyCall, public std::enable_shared_from_this<HedgedCall> {
 public:
  // `listener` is kept until the end; its OnTry may be called by two threads at once.
  HedgedCall(const RoutedCallParts& parts,
             RoutedCall::Plan plan,
             std::shared_ptr<AttemptListener> listener,
             absl::Duration after);

  void Start() override;
  void Cancel() override;

 private:
  class Listener;
  // One routed call; there are at most two at the same time, and three in a row.
  static constexpr int kFirst = 0;
  static constexpr int kBeside = 1;
  static constexpr int kRest = 2;  // of the chain, where nothing else goes on any longer

  void StartLane(int lane, RoutedCall::Plan plan);
  // Asks the next model too, unless something was said meanwhile.
  void Hedge();
  // What is tried when the first model has failed for good; nullopt where there is nothing.
  std::optional<RoutedCall::Plan> Rest(std::vector<Route> routes, int lane) const;
  // Whether `lane` is the one that speaks, from now on if nobody did yet. Gives up the other one.
  bool Speaks(int lane);
  bool Running(int lane) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return calls_[static_cast<size_t>(lane)] != nullptr;
  }

  absl::Status OnTry(const Candidate& candidate);
  void OnTryFailed(const Candidate& candidate, std::string_view why);
  void OnText(int lane, const Candidate& candidate, std::string_view text);
  void OnEnd(int lane, const Candidate& candidate, const AnswerEnd& end);
  void OnError(int lane, const Candidate& candidate, const absl::Status& error);
  std::shared_ptr<AttemptListener> listener() {
    const absl::MutexLock lock(&mutex_);
    return listener_;
  }

  const RoutedCallParts parts_;
  const RoutedCall::Plan plan_;
  const absl::Duration after_;

  absl::Mutex mutex_;
  std::shared_ptr<AttemptListener> listener_ ABSL_GUARDED_BY(mutex_);         // null after the end
  std::array<std::shared_ptr<RoutedCall>, 3> calls_ ABSL_GUARDED_BY(mutex_);  // those under way
  bool hedged_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<int> speaker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
