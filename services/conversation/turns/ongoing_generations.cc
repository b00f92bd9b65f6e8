#include "services/conversation/turns/ongoing_generations.h"

#include <utility>
#include <vector>

namespace dramatis::conversation {

std::shared_ptr<Generation> OngoingGenerations::Ask(
    const CallContext& call,
    const dramatis::inference::v1::StreamGenerateRequest& request,
    std::shared_ptr<GenerationListener> listener) {
  const GenerationListener* const key = listener.get();
  {
    const absl::MutexLock lock(&mutex_);
    if (stopped_) return nullptr;
    // Before it is asked for, since its end may come before Generate returns.
    ongoing_.emplace(key, nullptr);
  }
  std::shared_ptr<Generation> generation = inference_.Generate(call, request, std::move(listener));
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = ongoing_.find(key);
    if (found == ongoing_.end()) return nullptr;  // it is over
    found->second = generation;
    if (!stopped_) return generation;
  }
  // Stop did not see it.
  generation->Cancel();
  return nullptr;
}

void OngoingGenerations::Over(const GenerationListener& listener) {
  std::shared_ptr<Generation> last;  // not destroyed under the lock
  const absl::MutexLock lock(&mutex_);
  const auto found = ongoing_.find(&listener);
  if (found == ongoing_.end()) return;
  last = std::move(found->second);
  ongoing_.erase(found);
}

void OngoingGenerations::Stop() {
  std::vector<std::shared_ptr<Generation>> generations;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    for (const auto& [_, generation] : ongoing_) {
      if (generation != nullptr) generations.push_back(generation);
    }
  }
  for (const auto& generation : generations)
    generation->Cancel();
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &OngoingGenerations::Idle));
}

bool OngoingGenerations::stopped() const {
  const absl::MutexLock lock(&mutex_);
  return stopped_;
}

}  // namespace dramatis::conversation
