// A room's events as one viewer gets them: from a number on, each stored event once and in order,
// then what is being said just now. What the viewer may not know is left out: see
// model/room_views.h.
//
// Typing and deltas are not stored: who comes back is told again who is speaking, with the whole
// text so far (offset 0).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dramatis/conversation/v1/room_messages.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/events/tail.h"
#include "services/conversation/model/permissions.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/live_text/live_text.h"

namespace dramatis::conversation {

class RoomEvents : public EventSource<v1::ConversationEvent> {
 public:
  // After event number `position`. `key` is the room's for cursors.
  RoomEvents(const TailTools& tools,
             std::shared_ptr<RoomTail> tail,
             Identity viewer,
             std::string key,
             int64_t position);
  ~RoomEvents() override;

  Next Poll() override;
  void OnReady(std::function<void()> wake) override;
  void Cancelled() override {}

 private:
  class Backlog;
  // What the viewer has of a turn that is running.
  struct Heard {
    std::shared_ptr<LiveTurn> turn;
    LiveCursor position;
  };

  // Moves past stored events until there is something to send; false if it has to wait for them.
  bool Advance(RoomTail::View& view, std::optional<absl::Status>& end);
  std::optional<absl::Status> CheckView(const RoomTail::View& view);
  void Render(const Room& room, const RoomEvent& event);
  void RenderTurn(const Room& room, const RoomEvent& turn);
  void MeetSpeakers(const RoomTail::View& view);
  // More of what is being said; nothing if there is none.
  std::optional<v1::ConversationEvent> Delta();
  void Queue(v1::ConversationEvent event);
  void QueueTyping(const std::string& persona_id, const std::string& turn_id);

  const TailTools tools_;
  const std::shared_ptr<RoomTail> tail_;
  const Identity viewer_;
  const std::string key_;
  int64_t position_;  // the number of the event up to which all has been sent or queued
  std::deque<v1::ConversationEvent> queue_;
  std::shared_ptr<const Room> checked_;  // the viewer may view it
  std::optional<Horizon> horizon_;       // as of `checked_`
  std::map<std::string, Heard> heard_;   // by turn id; without a turn until its text is needed
  std::shared_ptr<Backlog> backlog_;
  std::optional<int64_t> listener_;
};

// Opens streams of events. Thread-safe; blocks.
class RoomFollowing {
 public:
  RoomFollowing(const TailTools& tools, RoomTails& tails) : tools_(tools), tails_(tails) {}

  // From the request's cursor on, or from now on. NOT_FOUND, INVALID_CURSOR.
  absl::StatusOr<std::unique_ptr<RoomEvents>> Stream(const CallContext& call,
                                                     const v1::StreamEventsRequest& request);

 private:
  const TailTools tools_;
  RoomTails& tails_;
};

}  // namespace dramatis::conversation
