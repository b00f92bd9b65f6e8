// A turn, as the store keeps it: one row for each answer of a persona to a message, in sessions and
// in rooms. Its columns and their reader: sql/turn_rows.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

struct Room;  // model/room_rows.h

enum class TurnState { kPending, kRunning, kDone, kFailed, kCancelled };

// Who works on a turn, and under which number. Times of leases are those of
// shared/sql/lease_clock.h.
struct Lease {
  std::string owner;    // an id of the process's run
  std::string address;  // its gRPC address
  absl::Time expires_at;
};

// Names a turn and the lease that a write is made under. A write whose fence is no longer the
// turn's changes nothing.
struct FencedTurn {
  std::string conversation_id;
  std::string turn_id;
  int64_t fence = 0;
};

struct TurnRow {
  std::string conversation_id;
  std::string turn_id;
  std::string user_id;
  std::string session_id;
  std::string persona_id;
  std::string trigger_message_id;
  int trigger_sequence = 0;
  int alternative = 0;  // which of the persona's answers to that message
  TurnState state = TurnState::kRunning;
  int attempt = 1;
  int interruptions = 0;  // attempts in a row that ended with their process
  int64_t fence = 1;
  Lease lease;
  bool cancel_requested = false;
  std::string text;  // so far; the reply's content once there is one
  std::string reply_message_id;
  std::string finish_reason;
  std::string model;
  std::string wanted_model;  // that shall answer; empty for the persona's
  std::string usage;         // serialized dramatis.prompt.v1.Usage
  std::string error;  // serialized google.rpc.Status of a failed turn, or of one that was stopped
  // Of a room's turn.
  int depth = 0;           // how many AI messages in a row led to it
  bool requested = false;  // somebody asked for it
  std::string score;       // serialized dramatis.conversation.v1.TurnScore
  absl::Time created_at;
  absl::Time updated_at;
  // Of the reply, once there is one. It counts unless another alternative has taken its place.
  bool reply_counts = false;
  absl::Time reply_created_at;
  bool reply_retrieval = false;

  bool open() const { return state == TurnState::kPending || state == TurnState::kRunning; }
  bool in_room() const { return session_id.empty(); }
  FencedTurn fenced() const { return {conversation_id, turn_id, fence}; }
};

// A turn with its conversation and the message it answers: what a worker needs to run it.
struct TurnJob {
  TurnRow turn;
  SessionRow conversation;  // of a session
  std::string message;
  std::shared_ptr<const Room> room = nullptr;  // null for a session
};

}  // namespace dramatis::conversation
