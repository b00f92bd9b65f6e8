#include "services/conversation/model/live_turns.h"

#include <atomic>
#include <utility>

namespace dramatis::conversation {
namespace {

// Holds the turn and is held by the turn's listener, until the end breaks the circle.
struct EndWaiter : std::enable_shared_from_this<EndWaiter> {
  EndWaiter(std::shared_ptr<LiveTurn> t, Executor& e, std::function<void()> f)
      : turn(std::move(t)), executor(e), then(std::move(f)) {}

  void Listen() {
    {
      // Fire, on another thread, waits until the number is known.
      const absl::MutexLock lock(&mutex);
      listener = turn->text().Listen([self = shared_from_this()] { self->Check(); });
    }
    Check();
  }

  void Check() {
    if (fired.load() || !turn->text().finished() || fired.exchange(true)) return;
    // Not from here: this may be the listener's own call.
    if (!executor.Post([self = shared_from_this()] { self->Fire(); })) then();
  }

  void Fire() {
    {
      const absl::MutexLock lock(&mutex);
      turn->text().Unlisten(listener);
    }
    then();
  }

  const std::shared_ptr<LiveTurn> turn;
  Executor& executor;
  const std::function<void()> then;
  std::atomic<bool> fired = false;
  absl::Mutex mutex;
  int listener ABSL_GUARDED_BY(mutex) = 0;
};

}  // namespace

void LiveTurn::Finish(const absl::StatusOr<v1::ChatResponse>& outcome) {
  End(outcome, /*ended=*/true);
}

void LiveTurn::Leave(const absl::Status& why) {
  End(why, /*ended=*/false);
}

bool LiveTurn::ended() const {
  const absl::MutexLock lock(&mutex_);
  return ended_;
}

void LiveTurn::End(const absl::StatusOr<v1::ChatResponse>& outcome, bool ended) {
  {
    const absl::MutexLock lock(&mutex_);
    if (finished_) return;
    finished_ = true;
    ended_ = ended;
    outcome_ = outcome;
  }
  // Last, and outside the lock: who hears of it asks for the outcome at once.
  text_.Finish(outcome.status());
}

absl::StatusOr<v1::ChatResponse> LiveTurn::outcome() const {
  const absl::MutexLock lock(&mutex_);
  return outcome_;
}

void WhenEnded(const std::shared_ptr<LiveTurn>& turn,
               Executor& executor,
               std::function<void()> then) {
  std::make_shared<EndWaiter>(turn, executor, std::move(then))->Listen();
}

void LiveTurns::Add(const std::shared_ptr<LiveTurn>& turn) {
  const absl::MutexLock lock(&mutex_);
  turns_[turn->facts().turn_id] = turn;
}

std::shared_ptr<LiveTurn> LiveTurns::Find(const std::string& turn_id) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = turns_.find(turn_id);
  return found == turns_.end() ? nullptr : found->second;
}

void LiveTurns::Remove(const LiveTurn& turn) {
  const absl::MutexLock lock(&mutex_);
  const auto found = turns_.find(turn.facts().turn_id);
  if (found != turns_.end() && found->second.get() == &turn) turns_.erase(found);
}

}  // namespace dramatis::conversation
