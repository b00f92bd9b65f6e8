// A turn, as the store keeps it: one row for each answer of a persona to a message, in sessions and
// in rooms. Its columns and their reader: sql/turn_rows.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "services/conversation/model/store.h"
#include "shared/call/call.h"

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

// Who pays for a turn: whoever wrote what it answers, in a chain of replies the human at its root,
// and whoever asked for a reply.
struct TurnPayer {
  std::string user_id;  // empty: the conversation's user
  std::string key;      // that the user called with, as PackKey has it
};

// A key's id, then, where the key may not spend as much as it likes, a space and the micros of a
// month; empty for none. It is kept with the turn: whoever runs the turn charges the key.
inline std::string PackKey(const CallerKey* key) {
  if (key == nullptr) return "";
  if (!key->monthly_budget_micros.has_value()) return key->id;
  return key->id + " " + std::to_string(*key->monthly_budget_micros);
}

// Null for an empty text.
inline std::shared_ptr<const CallerKey> UnpackKey(const std::string& packed) {
  if (packed.empty()) return nullptr;
  auto key = std::make_shared<CallerKey>();
  const size_t space = packed.find(' ');
  key->id = packed.substr(0, space);
  int64_t micros = 0;
  if (space != std::string::npos && absl::SimpleAtoi(packed.substr(space + 1), &micros)) {
    key->monthly_budget_micros = micros;
  }
  return key;
}

// The caller.
inline TurnPayer PayerOf(const CallContext& call) {
  return {.user_id = call.identity.user_id, .key = PackKey(call.identity.key.get())};
}

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
  // Who pays, where it is not the user; and the key, as PackKey has it.
  std::string payer_id;
  std::string payer_key;
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
  const std::string& payer() const { return payer_id.empty() ? user_id : payer_id; }
  bool in_room() const { return session_id.empty(); }
  // Its message waits for the end of another turn of the session, and has no number yet.
  bool queued() const {
    return !in_room() && state == TurnState::kPending && trigger_sequence == 0;
  }
  FencedTurn fenced() const { return {conversation_id, turn_id, fence}; }
};

// A turn with its conversation and the message it answers: what a worker needs to run it.
struct TurnJob {
  TurnRow turn;
  SessionRow conversation;  // of a session
  std::string message;
  std::shared_ptr<const Room> room = nullptr;  // null for a session
  std::string correlation_id = {};             // of its request, where the message has waited
};

}  // namespace dramatis::conversation
