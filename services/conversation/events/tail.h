// The newest events of one room, read once for everybody in this process who follows it, with the
// room as it is now and the live texts of who is speaking.
//
//   const std::shared_ptr<RoomTail> tail = tails.Open(id, snapshot);
//   RoomTail::View view = tail->After(position);    // the next event, or what is being said
//   const int listener = tail->Listen(wake);        // called when there may be news
//
// Reads run on the background executor and never block a follower. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/conversation/events/feed.h"
#include "services/conversation/events/store.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/replicas.h"
#include "shared/executor/executor.h"
#include "shared/time/timer.h"

namespace dramatis::conversation {

// What tails need. References outlive them.
struct TailTools {
  RoomEventStore& store;
  LocalRoomFeed& feed;
  LiveTurns& live_turns;
  ReplicaPeer& replicas;
  Executor& background;
  Timer& timer;
};

// Calls listeners on the executor, each at most once for all the news that came meanwhile.
class Waker : public std::enable_shared_from_this<Waker> {
 public:
  explicit Waker(Executor& executor) : executor_(executor) {}

  int64_t Listen(std::function<void()> wake);
  // A call that has begun may still be under way.
  void Unlisten(int64_t listener);
  void Wake();

 private:
  void Run();

  Executor& executor_;
  absl::Mutex mutex_;
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<int64_t, std::shared_ptr<const std::function<void()>>> wakes_ ABSL_GUARDED_BY(mutex_);
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
};

class RoomTail : public std::enable_shared_from_this<RoomTail> {
 public:
  // Who is speaking.
  struct Speaker {
    std::string persona_id;
    std::shared_ptr<LiveTurn> turn;
  };
  struct View {
    bool stopped = false;              // this process serves no more
    std::shared_ptr<const Room> room;  // as it was last read; null if it was deleted
    std::optional<RoomEvent> event;    // the first one after the position
    // It is no longer remembered: to be read from the store, up to number `last`.
    bool behind = false;
    int64_t last = 0;
    std::vector<Speaker> speakers;  // where there is no later event
  };

  // Use RoomTails::Open.
  RoomTail(const TailTools& tools, RoomSnapshot snapshot);
  ~RoomTail();
  // Begins to follow the room.
  void Start();

  const std::string& conversation_id() const { return conversation_id_; }
  View After(int64_t position) const;
  // The number of the newest event that is known.
  int64_t last() const;
  bool deleted() const;

  // Calls `wake` on the background executor when there may be news.
  int64_t Listen(std::function<void()> wake) { return waker_->Listen(std::move(wake)); }
  void Unlisten(int64_t listener) { waker_->Unlisten(listener); }

  // Reads what is new, soon.
  void Refresh();
  // Tells everybody to follow elsewhere.
  void Stop();

 private:
  struct Followed {
    Speaker speaker;
    int listener;  // of the live text
  };

  void Read();
  // Reads once; whether there is more to read.
  absl::StatusOr<bool> ReadOnce();
  void ReadLater();
  void Take(RoomSnapshot snapshot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Trim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // By the thread that reads, or the constructor; calls others, so without the lock.
  std::map<std::string, Followed> FollowTurns(const std::vector<TurnRow>& running) const;
  void Replace(std::map<std::string, Followed> speakers);

  const TailTools tools_;
  const std::string conversation_id_;
  const std::shared_ptr<Waker> waker_;
  std::unique_ptr<RoomSubscription> subscription_;

  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // one thread reads
  bool dirty_ ABSL_GUARDED_BY(mutex_) = false;    // something changed since it began
  absl::Duration next_try_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Room> room_ ABSL_GUARDED_BY(mutex_);
  std::deque<RoomEvent> events_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of the messages in events_
  int64_t last_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Followed> speakers_ ABSL_GUARDED_BY(mutex_);  // by turn id
};

// What a stream ends with where its process does.
absl::Status FollowElsewhereError();

// The tails of the rooms that somebody follows here. Outlives them.
class RoomTails {
 public:
  explicit RoomTails(const TailTools& tools) : tools_(tools) {}

  // The room's tail; where there is none, a new one that begins with `snapshot`. UNAVAILABLE after
  // Stop.
  absl::StatusOr<std::shared_ptr<RoomTail>> Open(RoomSnapshot snapshot);
  // Asks the store, in one question for all rooms, which have changed, and has those read: for when
  // nobody tells, or what was told may have been missed. Blocks.
  absl::Status Look();
  // Ends every stream: the process ends.
  void Stop();

 private:
  std::vector<std::shared_ptr<RoomTail>> All();

  const TailTools tools_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<std::string, std::weak_ptr<RoomTail>> tails_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::conversation
