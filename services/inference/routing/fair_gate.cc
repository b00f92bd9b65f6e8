#include "services/inference/routing/fair_gate.h"

#include <algorithm>
#include <utility>

namespace dramatis::inference {

FairGate::Ticket FairGate::Wait(const std::string& user, std::function<void()> enter) {
  Ticket ticket = 0;
  {
    const absl::MutexLock lock(&mutex_);
    ticket = next_++;
    if (free_ <= 0) {
      std::deque<Waiter>& queue = queues_[user];
      if (queue.empty()) turns_.push_back(user);
      queue.push_back({ticket, std::move(enter)});
      return ticket;
    }
    --free_;
  }
  enter();
  return ticket;
}

void FairGate::Leave() {
  std::function<void()> enter;
  {
    const absl::MutexLock lock(&mutex_);
    if (turns_.empty()) {
      ++free_;
      return;
    }
    const std::string user = std::move(turns_.front());
    turns_.pop_front();
    const auto queue = queues_.find(user);
    enter = std::move(queue->second.front().enter);
    queue->second.pop_front();
    if (queue->second.empty()) {
      queues_.erase(queue);
    } else {
      turns_.push_back(user);
    }
  }
  enter();
}

bool FairGate::Forget(Ticket ticket) {
  Waiter dropped;  // destroyed without the lock held
  const absl::MutexLock lock(&mutex_);
  for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
    const auto found = std::find_if(queue->second.begin(), queue->second.end(),
                                    [&](const Waiter& waiter) { return waiter.ticket == ticket; });
    if (found == queue->second.end()) continue;
    dropped = std::move(*found);
    queue->second.erase(found);
    if (queue->second.empty()) {
      turns_.erase(std::find(turns_.begin(), turns_.end(), queue->first));
      queues_.erase(queue);
    }
    return true;
  }
  return false;
}

int FairGate::waiting() const {
  const absl::MutexLock lock(&mutex_);
  size_t waiting = 0;
  for (const auto& [user, queue] : queues_)
    waiting += queue.size();
  return static_cast<int>(waiting);
}

}  // namespace dramatis::inference
