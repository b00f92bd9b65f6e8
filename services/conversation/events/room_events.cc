#include "services/conversation/events/room_events.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/conversation/events/event_cursor.h"
#include "services/conversation/model/permissions.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/model/session_views.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// What a stream that is behind reads at a time.
constexpr int kEventsAtOnce = 50;
constexpr absl::Duration kTryAgain = absl::Seconds(1);

v1::ConversationEvent StateEvent(const EventRow& row) {
  v1::ConversationEvent event;
  event.mutable_state()->set_status(ToApi(row.status));
  event.mutable_state()->set_etag(absl::StrCat(row.version));
  event.mutable_state()->set_reason(row.reason);
  return event;
}

}  // namespace

// Events that are read for one stream, which may be gone when they come.
class RoomEvents::Backlog : public std::enable_shared_from_this<Backlog> {
 public:
  Backlog(const TailTools& tools, std::string conversation_id, std::function<void()> wake)
      : tools_(tools), conversation_id_(std::move(conversation_id)), wake_(std::move(wake)) {}

  std::optional<RoomEvent> Pop() {
    const absl::MutexLock lock(&mutex_);
    if (events_.empty()) return std::nullopt;
    RoomEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  // Reads what comes after `position`, up to `last`, which the tail knows already; then wakes.
  void Fill(int64_t position, int64_t last) {
    {
      const absl::MutexLock lock(&mutex_);
      if (reading_) return;
      reading_ = true;
    }
    (void)tools_.background.Post(
        [self = shared_from_this(), position, last] { self->Read(position, last); });
  }

 private:
  void Read(int64_t position, int64_t last) {
    absl::StatusOr<std::optional<RoomSnapshot>> read =
        tools_.store.ReadEvents(conversation_id_, position, kEventsAtOnce);
    if (!read.ok()) {
      // The stream stays open meanwhile, as it does where nothing happens.
      return tools_.timer.After(kTryAgain, [self = shared_from_this(), position, last] {
        (void)self->tools_.background.Post([self, position, last] { self->Read(position, last); });
      });
    }
    {
      const absl::MutexLock lock(&mutex_);
      reading_ = false;
      if (std::optional<RoomSnapshot>& snapshot = *read; snapshot.has_value()) {
        for (RoomEvent& event : snapshot->events) {
          if (event.row.sequence <= last) events_.push_back(std::move(event));
        }
      }
    }
    wake_();
  }

  const TailTools tools_;
  const std::string conversation_id_;
  const std::function<void()> wake_;
  absl::Mutex mutex_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<RoomEvent> events_ ABSL_GUARDED_BY(mutex_);
};

RoomEvents::RoomEvents(const TailTools& tools,
                       std::shared_ptr<RoomTail> tail,
                       Identity viewer,
                       std::string key,
                       int64_t position)
    : tools_(tools),
      tail_(std::move(tail)),
      viewer_(std::move(viewer)),
      key_(std::move(key)),
      position_(position) {}

RoomEvents::~RoomEvents() {
  if (listener_.has_value()) tail_->Unlisten(*listener_);
}

void RoomEvents::OnReady(std::function<void()> wake) {
  backlog_ = std::make_shared<Backlog>(tools_, tail_->conversation_id(), wake);
  listener_ = tail_->Listen(std::move(wake));
}

RoomEvents::Next RoomEvents::Poll() {
  RoomTail::View view;
  std::optional<absl::Status> end;
  const bool all = Advance(view, end);
  if (end.has_value()) return {.event = std::nullopt, .end = std::move(end)};
  if (all && !horizon_.has_value()) MeetSpeakers(view);
  if (!queue_.empty()) {
    v1::ConversationEvent event = std::move(queue_.front());
    queue_.pop_front();
    return {.event = std::move(event), .end = std::nullopt};
  }
  if (!all || horizon_.has_value()) return {};
  return {.event = Delta(), .end = std::nullopt};
}

bool RoomEvents::Advance(RoomTail::View& view, std::optional<absl::Status>& end) {
  for (;;) {
    view = tail_->After(position_);
    end = CheckView(view);
    if (end.has_value() || !queue_.empty()) return false;
    if (horizon_.has_value() && position_ >= horizon_->event) {
      end = NotPermitted(Permission::kView);
      return false;
    }
    std::optional<RoomEvent> event = backlog_->Pop();
    if (!event.has_value()) event = std::move(view.event);
    if (!event.has_value()) {
      if (view.behind) backlog_->Fill(position_, view.last);
      return !view.behind;
    }
    position_ = event->row.sequence;
    Render(*view.room, *event);
  }
}

std::optional<absl::Status> RoomEvents::CheckView(const RoomTail::View& view) {
  if (view.stopped) return FollowElsewhereError();
  if (view.room == nullptr) return NotFoundError("conversation");
  if (view.room == checked_) return std::nullopt;
  absl::Status allowed = RequireRight(*view.room, viewer_, Permission::kView);
  if (!allowed.ok()) return allowed;
  horizon_ = HorizonOf(*view.room, viewer_);
  checked_ = view.room;
  return std::nullopt;
}

void RoomEvents::Render(const Room& room, const RoomEvent& event) {
  v1::ConversationEvent rendered;
  switch (event.row.kind) {
    case EventKind::kMessage:
      if (event.message == nullptr) return;
      *rendered.mutable_message() = ToConversationMessage(room, *event.message, viewer_);
      heard_.erase(event.message->turn_id);
      return Queue(std::move(rendered));
    case EventKind::kParticipant: {
      const ParticipantRow* const row = FindParticipant(room, event.row.subject);
      if (row == nullptr || !MayMeet(room, *row, viewer_)) return;
      *rendered.mutable_participant() = ToParticipant(room, *row, viewer_);
      return Queue(std::move(rendered));
    }
    case EventKind::kState:
      return Queue(StateEvent(event.row));
    case EventKind::kTurn:
      return RenderTurn(room, event);
  }
}

void RoomEvents::RenderTurn(const Room& room, const RoomEvent& turn) {
  const EventRow& row = turn.row;
  // That there is a turn says that a model speaks.
  if (IsMasked(room, row.persona_id, viewer_)) return;
  v1::ConversationEvent event;
  event.mutable_turn()->set_turn_id(row.subject);
  event.mutable_turn()->set_persona_id(row.persona_id);
  event.mutable_turn()->set_state(ToApi(row.turn_state));
  event.mutable_turn()->set_error_code(turn.error_code);
  event.mutable_turn()->set_reason(row.reason);
  Queue(std::move(event));
  heard_.erase(row.subject);
  if (row.turn_state != TurnState::kRunning) return;
  QueueTyping(row.persona_id, row.subject);
  heard_[row.subject] = {};
}

void RoomEvents::MeetSpeakers(const RoomTail::View& view) {
  std::map<std::string, Heard> heard;
  for (const RoomTail::Speaker& speaker : view.speakers) {
    if (IsMasked(*view.room, speaker.persona_id, viewer_)) continue;
    const std::string& turn_id = speaker.turn->facts().turn_id;
    const auto known = heard_.find(turn_id);
    if (known == heard_.end()) QueueTyping(speaker.persona_id, turn_id);
    const bool same = known != heard_.end() && known->second.turn == speaker.turn;
    heard[turn_id] = same ? known->second : Heard{.turn = speaker.turn, .position = {}};
  }
  heard_ = std::move(heard);
}

std::optional<v1::ConversationEvent> RoomEvents::Delta() {
  for (auto& [turn_id, heard] : heard_) {
    LiveText::Read read = heard.turn->text().ReadFrom(heard.position);
    if (!read.reset && read.text.empty()) continue;
    v1::ConversationEvent event;
    event.set_cursor(FormatEventCursor(key_, position_));
    event.mutable_delta()->set_turn_id(turn_id);
    event.mutable_delta()->set_offset(read.reset ? 0 : static_cast<int>(heard.position.offset));
    event.mutable_delta()->set_text(std::move(read.text));
    heard.position = read.cursor;
    return event;
  }
  return std::nullopt;
}

void RoomEvents::Queue(v1::ConversationEvent event) {
  event.set_cursor(FormatEventCursor(key_, position_));
  queue_.push_back(std::move(event));
}

void RoomEvents::QueueTyping(const std::string& persona_id, const std::string& turn_id) {
  v1::ConversationEvent event;
  event.mutable_typing()->set_persona_id(persona_id);
  event.mutable_typing()->set_turn_id(turn_id);
  Queue(std::move(event));
}

absl::StatusOr<std::unique_ptr<RoomEvents>> RoomFollowing::Stream(
    const CallContext& call, const v1::StreamEventsRequest& request) {
  const std::string& id = request.conversation_id();
  // No events: those come with the tail.
  DRAMATIS_ASSIGN_OR_RETURN(
      std::optional<RoomSnapshot> snapshot,
      tools_.store.ReadEvents(id, std::numeric_limits<int64_t>::max(), /*limit=*/1));
  if (!snapshot.has_value()) return NotFoundError("conversation");
  DRAMATIS_RETURN_IF_ERROR(RequireRight(snapshot->room, call.identity, Permission::kView));
  DRAMATIS_ASSIGN_OR_RETURN(std::string key, tools_.store.EventKey(id, NewEventKey()));
  int64_t position = snapshot->room.row.last_event;
  if (!request.cursor().empty()) {
    const std::optional<int64_t> cursor = ParseEventCursor(key, request.cursor());
    if (!cursor.has_value() || *cursor > position) return CursorError("cursor");
    position = *cursor;
  }
  const std::optional<Horizon> horizon = HorizonOf(snapshot->room, call.identity);
  if (horizon.has_value() && position >= horizon->event) return NotPermitted(Permission::kView);
  DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<RoomTail> tail, tails_.Open(*std::move(snapshot)));
  return std::make_unique<RoomEvents>(tools_, std::move(tail), call.identity, std::move(key),
                                      position);
}

}  // namespace dramatis::conversation
