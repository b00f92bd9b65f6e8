// Whoever follows a room is told that something happened in it, in this process or in another.
//
//   LocalRoomFeed feed;
//   const auto subscription = feed.Listen(id, [this] { Reread(); });
//   feed.Changed(id);                      // calls Reread
//
// A call says only that there may be news: the rows are the truth. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::conversation {

class RoomFeed {
 public:
  virtual ~RoomFeed() = default;
  // Events were appended to the conversation, and are committed. Returns at once.
  virtual void Changed(const std::string& conversation_id) = 0;
};

// Ends with it: no call begins afterwards, but one that has begun may still be under way.
class RoomSubscription {
 public:
  virtual ~RoomSubscription() = default;
};

// The listeners of this process. Must outlive its subscriptions.
class LocalRoomFeed : public RoomFeed {
 public:
  // `tell_others` passes on what changed here to other processes; none where there are none.
  explicit LocalRoomFeed(std::function<void(const std::string& conversation_id)> tell_others = {})
      : tell_others_(std::move(tell_others)) {}

  void Changed(const std::string& conversation_id) override;

  // Calls `wake` after each change from now on, on the thread that reports it, with no lock held.
  // `wake` must return at once.
  [[nodiscard]] std::unique_ptr<RoomSubscription> Listen(const std::string& conversation_id,
                                                         std::function<void()> wake);

  // A change that another process has reported.
  void Wake(const std::string& conversation_id);

 private:
  class Subscription;
  using Wakes = std::map<int64_t, std::shared_ptr<const std::function<void()>>>;
  void Unlisten(const std::string& conversation_id, int64_t listener);

  const std::function<void(const std::string& conversation_id)> tell_others_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Wakes> rooms_ ABSL_GUARDED_BY(mutex_);
  int64_t next_listener_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace dramatis::conversation
