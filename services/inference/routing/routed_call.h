// One answer, got from whichever provider gives it: tries, waits between them, the next provider of
// the chain (docs: "Failure").
//
//   auto call = std::make_shared<RoutedCall>(parts, plan, listener);
//   call->Start();
//
// Up to three tries at each provider with exponential backoff, Retry-After honoured, never past the
// deadline, never after the first piece of text. A model whose breaker is open is passed over. A
// task has one try at each, and its failures do not count against the breaker: what memory wants
// never stands in the way of a reply.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/providers/provider.h"
#include "services/inference/routing/backoff.h"
#include "services/inference/routing/router.h"
#include "shared/executor/executor.h"
#include "shared/log/log.h"
#include "shared/log/log_scope.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"
#include "shared/time/timer.h"

namespace dramatis::inference {

inline constexpr int kTriesPerProvider = 3;

// One provider's turn: who is asked what.
struct Candidate {
  Route route;
  ModelRequest model_request;
  // 1 where another one is asked at the same time (routing/hedged_call.h).
  int lane = 0;
};

// Takes the answer. Called by one thread at a time; must not block.
class AttemptListener {
 public:
  virtual ~AttemptListener() = default;
  // `candidate` is about to be asked. Where it must not be, the error ends the call. The only one
  // that may block for milliseconds.
  virtual absl::Status OnTry(const Candidate& candidate) = 0;
  // It failed without a word; `why` in one, as `busy`.
  virtual void OnTryFailed(const Candidate& candidate, std::string_view why) = 0;
  virtual void OnText(const Candidate& candidate, std::string_view text) = 0;
  virtual void OnEnd(const Candidate& candidate, const AnswerEnd& end) = 0;
  // PROVIDER_FAILED, PROVIDER_TIMEOUT, PROVIDER_UNAUTHORIZED or CONTEXT_TOO_LARGE, or what OnTry
  // said. `candidate` is the last one that was to be tried.
  virtual void OnError(const Candidate& candidate, const absl::Status& error) = 0;
};

// What a routed call works with. References outlive it.
struct RoutedCallParts {
  Executor& executor;  // providers are started on it
  Timers& timers;
  const Clock& clock;
  Random random;
  Logger& logger;
  Metrics& metrics;
  // Whoever hears that an answer broke off after its first text shall ask for it anew
  // (kAskAgainFact), instead of ending with the part.
  bool restart_broken = false;
  // Where nothing has been said for so long, the next model is asked too.
  std::optional<absl::Duration> hedge_after = std::nullopt;
};

// A call for one answer, from whomever it is got.
class AnyCall {
 public:
  virtual ~AnyCall() = default;
  // Makes the first try on the calling thread, which may block for milliseconds.
  virtual void Start() = 0;
  // Stops it; the listener hears no more once calls under way have returned.
  virtual void Cancel() = 0;
};

class RoutedCall : public AnyCall, public std::enable_shared_from_this<RoutedCall> {
 public:
  struct Plan {
    // The first candidate, and what else may be tried.
    Candidate first;
    std::vector<Route> others;
    // Packs the prompt for another model.
    std::function<absl::StatusOr<ModelRequest>(const Route&)> pack;
    // Names the call in the log.
    std::string correlation_id;
  };

  // `listener` is kept until the end.
  RoutedCall(const RoutedCallParts& parts, Plan plan, std::shared_ptr<AttemptListener> listener);

  void Start() override { Try(); }
  void Cancel() override;

 private:
  class Sink;
  struct Attempt {
    int number = 0;
    std::shared_ptr<const Candidate> candidate;
  };
  // What to do about a failure.
  struct Decision {
    enum class Kind { kRetry, kNext, kGiveUp };
    Kind kind = Kind::kGiveUp;
    absl::Duration wait;
  };

  void Try();
  // The next try, where a breaker lets one pass. Otherwise nullopt, with the error in `refused`, or
  // OK where nobody waits any longer.
  std::optional<Attempt> Enter(absl::Status& refused);
  // Asks the listener; false where the call is over by that.
  bool MayTry(const Attempt& attempt);
  bool NextCandidate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Nobody waits for it, and whoever wants it asks again later.
  bool IsTask() const { return plan_.first.model_request.task != nullptr; }
  Decision Decide(const ProviderFailure& failure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Log(const Candidate& candidate,
           const ProviderFailure& failure,
           int failures,
           Decision::Kind next);
  void Later(absl::Duration wait);
  void GiveUp(const absl::Status& error);

  // From a provider; `attempt` says from which try.
  void OnText(int attempt, std::string_view text);
  void OnEnd(int attempt, const AnswerEnd& end);
  void OnFailure(int attempt, const ProviderFailure& failure);
  void Count(const Candidate& candidate, const char* outcome);

  const RoutedCallParts parts_;
  CallLogger logger_{parts_.logger};
  const Plan plan_;

  absl::Mutex mutex_;
  std::shared_ptr<AttemptListener> listener_ ABSL_GUARDED_BY(mutex_);  // null after the end
  std::shared_ptr<const Candidate> candidate_ ABSL_GUARDED_BY(mutex_);
  size_t next_route_ ABSL_GUARDED_BY(mutex_) = 0;  // into plan_.others
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;       // of this candidate
  int attempt_ ABSL_GUARDED_BY(mutex_) = 0;        // counts every try; tells late callbacks
  bool spoke_ ABSL_GUARDED_BY(mutex_) = false;     // text has been passed on
  std::shared_ptr<ProviderCall> call_ ABSL_GUARDED_BY(mutex_);
  std::optional<Breaker::Pass> pass_ ABSL_GUARDED_BY(mutex_);
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);  // of this candidate
};

}  // namespace dramatis::inference
