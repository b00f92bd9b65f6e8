// A room in memory for tests of whoever follows it: the test says what happens.
#pragma once

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/conversation/events/room_events.h"
#include "services/conversation/events/tail.h"
#include "services/conversation/testing/rooms.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

class FakeRoomEventStore : public RoomEventStore {
 public:
  absl::StatusOr<std::optional<RoomSnapshot>> ReadEvents(const std::string& conversation_id,
                                                         int64_t after,
                                                         int limit) override {
    const absl::MutexLock lock(&mutex_);
    ++reads_;
    if (failures_ > 0) {
      --failures_;
      return UnavailableError("down");
    }
    if (deleted_ || conversation_id != room_.row.conversation_id) return std::nullopt;
    RoomSnapshot snapshot{.room = room_, .events = {}, .running = running_};
    for (const EventRow& row : events_) {
      if (row.sequence <= after || static_cast<int>(snapshot.events.size()) == limit) continue;
      RoomEvent event{.row = row, .message = nullptr, .error_code = ""};
      if (row.kind == EventKind::kMessage) {
        event.message = std::make_shared<const MessageRow>(messages_.at(row.subject));
      }
      if (row.turn_state == TurnState::kFailed && row.kind == EventKind::kTurn)
        event.error_code = "PROVIDER_FAILED";
      snapshot.events.push_back(std::move(event));
    }
    return snapshot;
  }
  absl::StatusOr<std::map<std::string, int64_t>> LastEvents(
      const std::vector<std::string>& conversation_ids) override {
    const absl::MutexLock lock(&mutex_);
    std::map<std::string, int64_t> last;
    for (const std::string& id : conversation_ids)
      if (id == room_.row.conversation_id && !deleted_) last[id] = room_.row.last_event;
    return last;
  }
  absl::StatusOr<std::string> EventKey(const std::string& /*conversation_id*/,
                                       const std::string& /*fresh*/) override {
    return std::string("0123456789abcdef");
  }

  // What happens in the room; the feed is told by the test.
  void Change(const std::function<void(Room& room)>& change) {
    const absl::MutexLock lock(&mutex_);
    change(room_);
  }
  void Append(EventRow event) {
    const absl::MutexLock lock(&mutex_);
    event.sequence = ++room_.row.last_event;
    events_.push_back(std::move(event));
  }
  void Append(EventKind kind, const std::string& subject) {
    EventRow event;
    event.kind = kind;
    event.subject = subject;
    Append(event);
  }
  void AppendTurn(const std::string& turn_id, const std::string& persona_id, TurnState state) {
    EventRow event;
    event.kind = EventKind::kTurn;
    event.subject = turn_id;
    event.turn_state = state;
    event.persona_id = persona_id;
    if (state == TurnState::kRunning) event.reason = "addressed";
    Append(event);
  }
  void AppendState(RoomStatus status, int version, const std::string& reason) {
    EventRow event;
    event.kind = EventKind::kState;
    event.status = status;
    event.version = version;
    event.reason = reason;
    Append(event);
  }
  void Say(const std::string& persona_id,
           const std::string& content,
           const std::string& turn_id = "") {
    std::string number;
    {
      const absl::MutexLock lock(&mutex_);
      MessageRow message;
      message.sequence = ++room_.row.last_sequence;
      number = absl::StrCat(message.sequence);
      message.message_id = "message-" + number;
      message.persona_id = persona_id;
      message.content = content;
      message.turn_id = turn_id;
      message.model = turn_id.empty() ? "" : "fake/model";
      messages_[number] = message;
    }
    Append(EventKind::kMessage, number);
  }
  void Hide(const std::string& number) {
    {
      const absl::MutexLock lock(&mutex_);
      messages_[number].hidden = true;
    }
    Append(EventKind::kMessage, number);
  }
  void SetRunning(std::vector<TurnRow> running) {
    const absl::MutexLock lock(&mutex_);
    running_ = std::move(running);
  }
  void Delete() {
    const absl::MutexLock lock(&mutex_);
    deleted_ = true;
  }
  void Fail(int times) {
    const absl::MutexLock lock(&mutex_);
    failures_ = times;
  }
  int reads() const {
    const absl::MutexLock lock(&mutex_);
    return reads_;
  }

 private:
  mutable absl::Mutex mutex_;
  Room room_ ABSL_GUARDED_BY(mutex_) = TestRoom();
  std::vector<EventRow> events_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, MessageRow> messages_ ABSL_GUARDED_BY(mutex_);
  std::vector<TurnRow> running_ ABSL_GUARDED_BY(mutex_);
  bool deleted_ ABSL_GUARDED_BY(mutex_) = false;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Turns that run elsewhere: none.
class NoReplicas : public ReplicaPeer {
 public:
  std::shared_ptr<LiveTurn> Follow(const TurnRow& turn) override {
    TurnFacts facts;
    facts.turn_id = turn.turn_id;
    auto live = std::make_shared<LiveTurn>(facts, turn.attempt);
    live->Finish(UnavailableError("nowhere"));
    return live;
  }
  void Look(const std::string& /*turn_id*/) override {}
  void Adopt(const std::shared_ptr<LiveTurn>& /*turn*/) override {}
};

class RoomEventsTest : public testing::Test {
 protected:
  RoomEventsTest() {
    // Of the user gina: `g`, of whom nobody shall know that a model speaks.
    store_.Change([](Room& room) {
      Add(room, TestParticipant("g", "gina", Role::kGuest, PersonaKind::kAmbiguous));
      Add(room, TestParticipant("a", "anna", Role::kGuest, PersonaKind::kAgent));
      room.row.visibility = RoomVisibility::kUnlisted;
    });
  }
  ~RoomEventsTest() override {
    timer_.Stop();
    background_.Stop();
  }

  absl::StatusOr<std::unique_ptr<RoomEvents>> TryOpen(const std::string& user,
                                                      const std::string& cursor = "") {
    CallContext call;
    call.identity.user_id = user;
    v1::StreamEventsRequest request;
    request.set_conversation_id("room");
    request.set_cursor(cursor);
    auto stream = following_.Stream(call, request);
    if (stream.ok()) (*stream)->OnReady([] {});
    return stream;
  }
  std::unique_ptr<RoomEvents> Open(const std::string& user, const std::string& cursor = "") {
    auto stream = TryOpen(user, cursor);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return *std::move(stream);
  }
  // Waits until all that was posted has run.
  void Settle() {
    for (int i = 0; i < 4; ++i) {
      std::promise<void> done;
      EXPECT_TRUE(background_.Post([&] { done.set_value(); }));
      done.get_future().wait();
    }
  }
  void Happen() {
    feed_.Changed("room");
    Settle();
  }
  // Everything that can be sent now; `end_` where the stream ends.
  std::vector<v1::ConversationEvent> Drain(RoomEvents& stream) {
    std::vector<v1::ConversationEvent> events;
    for (int idle = 0; idle < 2;) {
      RoomEvents::Next next = stream.Poll();
      if (next.event.has_value()) events.push_back(*std::move(next.event));
      if (next.end.has_value()) {
        end_ = next.end;
        break;
      }
      if (next.event.has_value()) {
        idle = 0;
        continue;
      }
      ++idle;
      Settle();
    }
    return events;
  }
  // "message Hello", "typing g", "delta 0 Hel", "turn g 2", "participant g", "state 1".
  static std::vector<std::string> Shown(const std::vector<v1::ConversationEvent>& events) {
    std::vector<std::string> shown;
    for (const v1::ConversationEvent& event : events) {
      switch (event.event_case()) {
        case v1::ConversationEvent::kMessage:
          shown.push_back("message " + event.message().content());
          break;
        case v1::ConversationEvent::kTyping:
          shown.push_back("typing " + event.typing().persona_id());
          break;
        case v1::ConversationEvent::kDelta:
          shown.push_back(
              absl::StrCat("delta ", event.delta().offset(), " ", event.delta().text()));
          break;
        case v1::ConversationEvent::kTurn:
          shown.push_back("turn " + event.turn().persona_id() + " " +
                          v1::TurnState_Name(event.turn().state()).substr(11));
          break;
        case v1::ConversationEvent::kParticipant:
          shown.push_back("participant " + event.participant().persona_id());
          break;
        case v1::ConversationEvent::kState:
          shown.push_back(
              absl::StrCat("state ", event.state().etag(), " ", event.state().reason()));
          break;
        case v1::ConversationEvent::EVENT_NOT_SET:
          shown.emplace_back("nothing");
      }
    }
    return shown;
  }
  // A turn of `persona_id` begins; what the test says through the result is its text.
  std::shared_ptr<LiveTurn> Begin(const std::string& persona_id, const std::string& turn_id) {
    TurnFacts facts;
    facts.turn_id = turn_id;
    auto live = std::make_shared<LiveTurn>(facts, 1);
    live_turns_.Add(live);
    TurnRow row;
    row.turn_id = turn_id;
    row.persona_id = persona_id;
    store_.AppendTurn(turn_id, persona_id, TurnState::kRunning);
    store_.SetRunning({row});
    Happen();
    return live;
  }
  void End(const std::string& persona_id, const std::string& turn_id, const std::string& reply) {
    store_.Say(persona_id, reply, turn_id);
    store_.AppendTurn(turn_id, persona_id, TurnState::kDone);
    store_.SetRunning({});
    Happen();
  }

  FakeRoomEventStore store_;
  LocalRoomFeed feed_;
  LiveTurns live_turns_;
  NoReplicas replicas_;
  Executor background_{1, 100};
  Timer timer_;
  const TailTools tools_{store_, feed_, live_turns_, replicas_, background_, timer_};
  RoomTails tails_{tools_};
  RoomFollowing following_{tools_, tails_};
  std::optional<absl::Status> end_;
};

}  // namespace dramatis::conversation
