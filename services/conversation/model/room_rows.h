// Rooms, as the store keeps them: conversations in which several personas talk. A session is the
// room of two; see model/store.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/rooms.pb.h"

#include "absl/time/time.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_row.h"

namespace dramatis::conversation {

enum class RoomStatus { kActive, kPaused, kCompleted, kTerminated };
enum class RoomVisibility { kPrivate, kUnlisted, kPublic };

// What a persona is; kAmbiguous: a model speaks, and that is hidden until revealed.
enum class PersonaKind { kHuman, kAgent, kAmbiguous };
enum class Role { kInitiator, kHost, kGuest, kModerator };

// Most participants at once where the settings do not say.
inline constexpr int kDefaultMaxParticipants = 10;

struct RoomRow {
  std::string conversation_id;
  std::string user_id;     // the initiator's
  std::string persona_id;  // the initiator
  std::string title;
  std::string topic;
  std::string description;
  std::string goal;
  std::vector<std::string> topic_tags;
  RoomVisibility visibility = RoomVisibility::kPrivate;
  v1::Constraints constraints;
  v1::ConversationSettings settings;
  RoomStatus status = RoomStatus::kActive;
  std::string close_reason;
  int version = 1;
  int last_sequence = 0;
  int characters = 0;
  int64_t last_event = 0;
  absl::Time created_at;
  absl::Time updated_at;       // messages included
  absl::Time last_message_at;  // created_at where there is none
  std::optional<absl::Time> closed_at;
  std::optional<absl::Time> closes_at;
  // When persona's holds for it end. Of a room that was closed or deleted: when that was, until the
  // holds have been given up; the epoch from then on.
  absl::Time hold_expires_at;
  bool deleted = false;

  bool closed() const {
    return status == RoomStatus::kCompleted || status == RoomStatus::kTerminated;
  }
};

struct ParticipantRow {
  std::string persona_id;
  std::string user_id;     // its owner
  std::string brought_by;  // the user who last brought it in
  std::string name;        // when it came in
  PersonaKind kind = PersonaKind::kHuman;
  Role role = Role::kGuest;
  bool revealed = false;
  std::string facts;  // serialized RenderPersonaResponse without its prompt
  int position = 0;
  absl::Time joined_at;
  std::optional<absl::Time> left_at;
  // Where it was sent out: the last message and the last event (its own going) that its owner may
  // read.
  std::optional<int> removed_sequence;
  std::optional<int64_t> removed_event;

  bool present() const { return !left_at.has_value(); }
  bool removed() const { return removed_sequence.has_value(); }
  bool speaks_by_model() const { return kind != PersonaKind::kHuman; }
  // Whether its owner takes part through it. A public AI persona that somebody else uses gives its
  // owner no place in their conversation, as in a session.
  bool stands_for_owner() const { return kind != PersonaKind::kAgent || brought_by == user_id; }
};

// A room with everybody who is or was in it, in the order they came.
struct Room {
  RoomRow row;
  std::vector<ParticipantRow> participants;
};

// What happened in a room. See the table `events`.
enum class EventKind { kMessage, kParticipant, kState, kTurn };

struct EventRow {
  int64_t sequence = 0;
  EventKind kind = EventKind::kMessage;
  std::string subject;  // a message's number, a persona's id, a turn's id; empty for state
  absl::Time created_at;
  // Of a turn: what became of it, and whose it is; in `reason`, why it speaks, until it has ended.
  TurnState turn_state = TurnState::kPending;
  std::string persona_id;
  // Of the room's own state: as it was then.
  RoomStatus status = RoomStatus::kActive;
  int version = 0;
  std::string reason;
};

}  // namespace dramatis::conversation
