// Tells a burst from a queue that stands, by how long tasks wait before they are begun.
//
//   QueueDelay delay(std::chrono::milliseconds(100));
//   delay.Note(waited, now);                   // for each task, when it is begun
//   if (delay.Refuses(waited, now)) ... no ... // for new work; `waited`: the first task until now
//
// A burst ends by itself, so it is taken whole, however late its last task is. A queue stands when
// for ten times `target` no task waited for less than `target`: more comes than is done. From then
// on new work is refused whenever the first task has waited for longer than `target`, which keeps
// the queue about that long, and whoever works on it busy, until for the same time nobody has
// waited so long. The idea is that of controlled delay (CoDel, RFC 8289). Not thread-safe.
#pragma once

#include <chrono>
#include <optional>

namespace dramatis {

class QueueDelay {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Time = std::chrono::steady_clock::time_point;

  // Every time that a task can wait is less than this.
  static constexpr Duration kNever = Duration::max();

  explicit QueueDelay(Duration target) : target_(target) {}

  void Note(Duration waited, Time now);
  // Notes it as well.
  bool Refuses(Duration waited, Time now);
  bool stands() const { return stands_; }

 private:
  static constexpr int kPatience = 10;  // targets

  const Duration target_;
  bool stands_ = false;
  std::optional<Time> long_since_;  // since when every task has waited for longer
  Time last_long_;                  // when the last one of them was seen
};

}  // namespace dramatis
