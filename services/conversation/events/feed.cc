#include "services/conversation/events/feed.h"

#include <utility>

namespace dramatis::conversation {

class LocalRoomFeed::Subscription : public RoomSubscription {
 public:
  Subscription(LocalRoomFeed& feed, std::string conversation_id, int64_t listener)
      : feed_(feed), conversation_id_(std::move(conversation_id)), listener_(listener) {}
  ~Subscription() override { feed_.Unlisten(conversation_id_, listener_); }

 private:
  LocalRoomFeed& feed_;
  const std::string conversation_id_;
  const int64_t listener_;
};

void LocalRoomFeed::Changed(const std::string& conversation_id) {
  Wake(conversation_id);
  if (tell_others_) tell_others_(conversation_id);
}

std::unique_ptr<RoomSubscription> LocalRoomFeed::Listen(const std::string& conversation_id,
                                                        std::function<void()> wake) {
  const absl::MutexLock lock(&mutex_);
  const int64_t listener = next_listener_++;
  rooms_[conversation_id][listener] =
      std::make_shared<const std::function<void()>>(std::move(wake));
  return std::make_unique<Subscription>(*this, conversation_id, listener);
}

void LocalRoomFeed::Wake(const std::string& conversation_id) {
  Wakes wakes;
  {
    const absl::MutexLock lock(&mutex_);
    const auto room = rooms_.find(conversation_id);
    if (room == rooms_.end()) return;
    wakes = room->second;
  }
  for (const auto& [listener, wake] : wakes)
    (*wake)();
}

void LocalRoomFeed::Unlisten(const std::string& conversation_id, int64_t listener) {
  const absl::MutexLock lock(&mutex_);
  const auto room = rooms_.find(conversation_id);
  if (room == rooms_.end()) return;
  room->second.erase(listener);
  if (room->second.empty()) rooms_.erase(room);
}

}  // namespace dramatis::conversation
