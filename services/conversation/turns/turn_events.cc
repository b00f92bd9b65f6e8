#include "services/conversation/turns/turn_events.h"

#include <utility>

#include "services/conversation/turns/cursor.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

TurnEvents::TurnEvents(std::shared_ptr<LiveTurn> turn,
                       std::optional<LiveCursor> resume_at,
                       bool with_usage,
                       bool seen_end)
    : turn_(std::move(turn)),
      with_usage_(with_usage),
      seen_end_(seen_end),
      started_(resume_at.has_value()),
      position_(resume_at.value_or(LiveCursor{})) {}

TurnEvents::~TurnEvents() {
  if (listener_.has_value()) turn_->text().Unlisten(*listener_);
}

void TurnEvents::OnReady(std::function<void()> wake) {
  listener_ = turn_->text().Listen(std::move(wake));
}

TurnEvents::Next TurnEvents::Poll() {
  if (!started_) return Start();
  LiveText::Read read = turn_->text().ReadFrom(position_);
  if (read.reset) {
    // What is here of the attempt may be less than what the client has seen where the turn runs:
    // the rest is on its way.
    const bool behind = read.cursor.attempt == position_.attempt &&
                        read.cursor.offset < position_.offset && !read.end.has_value();
    if (behind) return {};
  } else if (read.text.empty()) {
    return read.end.has_value() ? End() : Next{};
  }
  position_ = read.cursor;
  seen_end_ = false;  // of an attempt before
  v1::ChatEvent event = EventHere();
  if (read.reset) {
    event.mutable_reset()->set_text(std::move(read.text));
  } else {
    event.mutable_delta()->set_text(std::move(read.text));
  }
  return {.event = std::move(event), .end = std::nullopt};
}

TurnEvents::Next TurnEvents::Start() {
  started_ = true;
  v1::ChatEvent event = EventHere();
  event.mutable_start()->set_turn_id(turn_->facts().turn_id);
  event.mutable_start()->set_session_id(turn_->facts().session_id);
  event.mutable_start()->set_user_message_id(turn_->facts().user_message_id);
  return {.event = std::move(event), .end = std::nullopt};
}

TurnEvents::Next TurnEvents::End() const {
  const bool ended = turn_->ended();
  if (ended && seen_end_) return {.event = std::nullopt, .end = absl::OkStatus()};
  absl::StatusOr<v1::ChatResponse> outcome = turn_->outcome();
  v1::ChatEvent event = EventHere(ended);
  if (!outcome.ok()) {
    absl::Status error = std::move(outcome).status();
    if (ended) error = WithMetadata(error, {{kCursorFact, event.cursor()}});
    return {.event = std::nullopt, .end = std::move(error)};
  }
  *event.mutable_done() = *std::move(outcome);
  if (!with_usage_) event.mutable_done()->clear_usage();
  return {.event = std::move(event), .end = absl::OkStatus()};
}

v1::ChatEvent TurnEvents::EventHere(bool end) const {
  v1::ChatEvent event;
  event.set_cursor(FormatCursor({turn_->facts().turn_id, position_, end}));
  return event;
}

}  // namespace dramatis::conversation
