#include "shared/secrets/secret.h"

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::secrets {

struct Secret::State {
  const Source source;  // null where it stays as it is
  const Clock* const clock;
  Executor* const executor;
  absl::Mutex mutex;
  std::string value ABSL_GUARDED_BY(mutex);
  absl::Time tried ABSL_GUARDED_BY(mutex);
  absl::Time good ABSL_GUARDED_BY(mutex);  // when it was last read
  bool fetching ABSL_GUARDED_BY(mutex) = false;
  std::vector<std::function<void()>> waiting ABSL_GUARDED_BY(mutex);

  State(std::string first, Source from, const Clock* by, Executor* on)
      : source(std::move(from)), clock(by), executor(on), value(std::move(first)) {
    if (clock != nullptr) tried = good = clock->Now();
  }
  bool Due() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return source != nullptr && !fetching && clock->Now() - tried >= kSecretRefresh;
  }
  void Run();
};

void Secret::State::Run() {
  absl::StatusOr<std::string> read = source();
  std::vector<std::function<void()>> done;
  {
    const absl::MutexLock lock(&mutex);
    tried = clock->Now();
    if (read.ok()) {
      value = *std::move(read);
      good = tried;
    }
    fetching = false;
    done.swap(waiting);
  }
  for (const auto& each : done)
    each();
}

Secret::Secret(std::string value)
    : state_(std::make_shared<State>(std::move(value), nullptr, nullptr, nullptr)) {}

Secret::Secret(std::string value, Source source, const Clock& clock, Executor& executor)
    : state_(std::make_shared<State>(std::move(value), std::move(source), &clock, &executor)) {}

std::string Secret::Get() {
  RefreshIfDue();
  const absl::MutexLock lock(&state_->mutex);
  const bool too_old =
      state_->source != nullptr && state_->clock->Now() - state_->good >= kSecretTtl + kSecretStale;
  return too_old ? "" : state_->value;
}

void Secret::RefreshIfDue() {
  {
    const absl::MutexLock lock(&state_->mutex);
    if (!state_->Due()) return;
  }
  Fetch(state_, nullptr);
}

bool Secret::Refetch(std::function<void()> done) {
  if (state_->source == nullptr) {
    done();
    return true;
  }
  return Fetch(state_, std::move(done));
}

bool Secret::Fetch(const std::shared_ptr<State>& state, std::function<void()> done) {
  const absl::MutexLock lock(&state->mutex);
  if (!state->fetching) {
    state->fetching = state->executor->Post([state] { state->Run(); });
    if (!state->fetching) return false;
  }
  if (done != nullptr) state->waiting.push_back(std::move(done));
  return true;
}

}  // namespace dramatis::secrets
