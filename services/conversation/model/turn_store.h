// What conversation keeps of turns. As in model/store.h each function is one transaction, and a
// store that cannot be read is UNAVAILABLE, never an empty result. In a room events are appended in
// it, as model/room_store.h says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_row.h"

namespace dramatis::conversation {

// Something said, and the turn that answers it.
struct NewTurn {
  std::string conversation_id;
  std::string turn_id;
  std::string message_id;
  std::string message;
  std::string title;       // for a conversation that has none
  std::string persona_id;  // must be the conversation's, unless empty
  std::string payer_key = {};
  Lease lease;
  absl::Time now;
  // While another turn of the session runs it waits for that one's end, after at most kMostQueued
  // others, instead of being refused.
  bool enqueue = false;
  std::string correlation_id = {};  // of the request
  // The conversation to make where there is none, which without it is NOT_FOUND.
  std::optional<SessionRow> create;
  // Called in the transaction, perhaps more than once and on another thread, with the turn as it
  // will be if that commits: what only reads, and needs no more than this, can begin. Nothing of it
  // may be seen by anybody before the commit, and what it reads by another connection may lack all
  // that is not committed yet, also what this transaction has seen. Must not block. May be null.
  std::function<void(const TurnJob&)> on_begun = nullptr;
};

// How many messages of a session wait at most.
inline constexpr int kMostQueued = 10;

// A message of a session that is to be answered again.
struct AnotherAnswer {
  TurnRow turn;  // one that answers it
  std::string turn_id;
  std::string model;  // that shall answer; empty for the persona's
  std::string payer_key;
  Lease lease;
  absl::Time now;
};

// A session that begins with messages of another one.
struct NewFork {
  SessionRow session;  // as it is without those
  std::string source_conversation_id;
  int sequence = 0;  // of the last message to take, or to say anew
  // What is said in its place; nullopt to take it. Its conversation and times are the session's.
  std::optional<NewTurn> turn;
  std::function<std::string()> new_id;
};

struct ForkedSession {
  SessionRow session;
  std::optional<TurnJob> job;  // of its turn
};

// What a claim of a chat answers again.
struct StartedTurn {
  std::string session_id;
  std::string turn_id;
  std::string message_id;
  // Unless replayed, or the message waits.
  std::optional<TurnJob> job;
};

struct RetriedTurn {
  std::string answer;          // serialized dramatis.conversation.v1.Turn
  std::optional<TurnJob> job;  // unless replayed
};

// The text so far of a running turn.
struct CheckpointWrite {
  FencedTurn turn;
  int attempt = 1;                  // that the text is of: another one's is left alone
  std::optional<std::string> text;  // nullopt: as it was
};

enum class CheckpointResult { kKept, kCancelRequested, kLost };

// How a turn ends.
struct TurnEnd {
  FencedTurn turn;
  bool in_room = false;
  TurnState state = TurnState::kDone;  // done, failed, cancelled
  std::string text;                    // the reply, or for a failed turn the text so far
  std::string message_id;              // the reply's; empty for no reply
  std::string persona_id;
  std::string finish_reason;
  std::string model;
  bool retrieval = false;
  std::string usage;
  std::string manifest;             // serialized dramatis.prompt.v1.PromptManifest
  std::string error;                // serialized google.rpc.Status
  std::vector<LoreFiring> firings;  // of the persona's lore, with effects in time
  // Up to which message a summary is wanted, see prompt/summary_range.h; 0 for none.
  int summarize_to = 0;
  absl::Time now;
};

enum class EndResult { kEnded, kLost };

// A turn that waits until its time has come.
struct WaitingTurn {
  std::string conversation_id;
  std::string turn_id;  // empty where a model is to pick whose turn it is
  absl::Time due_at;
};

struct EndedTurn {
  EndResult result = EndResult::kEnded;
  // Of a room: turns made by the reply, and those that waited for this one's end.
  std::vector<WaitingTurn> waiting;
  // Of a session: the turn of a message that waited for this end, begun under the lease of the one
  // that ended.
  std::optional<TurnJob> next = std::nullopt;
};

// A turn that somebody asks for.
struct RequestedTurn {
  std::string conversation_id;
  std::string turn_id;
  std::string persona_id;
  std::string trigger_message_id;  // empty for the newest
  TurnPayer payer;
  Lease lease;
  absl::Time now;
  // Refuses, in the transaction, what the room or the caller does not allow.
  std::function<absl::Status(const Room& room)> check;
};

struct StartedRoomTurn {
  std::string turn_id;
  std::optional<TurnJob> job;  // unless replayed
};

// How a reply came about.
struct RepliedTurn {
  TurnRow turn;
  std::string manifest;  // serialized dramatis.prompt.v1.PromptManifest
};

class TurnStore {
 public:
  virtual ~TurnStore() = default;

  // A turn of a session or of a room.

  // The turn of this id.
  virtual absl::StatusOr<std::optional<TurnRow>> FindTurn(const std::string& turn_id) = 0;
  // Begins another attempt of a failed turn under `lease`. `check` refuses, in the transaction,
  // what a room does not allow; it is not asked of a session's. `answer` serializes what is
  // answered, now and to a replay. TURN_NOT_FAILED, TURN_IN_PROGRESS, NOT_FOUND; of a session
  // SESSION_ENDED.
  virtual absl::StatusOr<Idempotent<RetriedTurn>> RetryTurn(
      const TurnRow& turn,
      const Lease& lease,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check,
      const std::function<std::string(const TurnRow&)>& answer,
      const Idempotency& idempotency) = 0;
  // Claims the key and asks whoever runs the turn to stop it; does nothing to one that has ended.
  // One of a message that waits ends at once, and the message is not said.
  // Replayed, it does nothing either, and `result` is what NoteCancelled noted, or empty.
  virtual absl::StatusOr<Idempotent<std::string>> RequestCancel(const TurnRow& turn,
                                                                absl::Time now,
                                                                const Idempotency& idempotency) = 0;
  // Notes what was answered, once the turn had ended.
  virtual absl::Status NoteCancelled(const Idempotency& idempotency, const std::string& answer) = 0;

  // A worker's writes.

  // Stores the texts so far and extends the leases to `lease_expires_at`; one result per write.
  virtual absl::StatusOr<std::vector<CheckpointResult>> Checkpoint(
      const std::vector<CheckpointWrite>& writes, absl::Time lease_expires_at, absl::Time now) = 0;
  // Another attempt under the same lease, its text empty.
  virtual absl::StatusOr<CheckpointResult> BeginAttempt(const FencedTurn& turn,
                                                        int attempt,
                                                        absl::Time now) = 0;
  // Ends the turn: appends the reply, if any, under the conversation's next number; frees a session
  // for its next turn; in a room makes the turns that `plan`, which may be null, says answer the
  // reply, and closes the room where it reaches a constraint; in a session begins the turn of the
  // message that has waited longest, or, where the session has ended, fails those that wait. All or
  // nothing, and nothing if the lease was lost, as when a room was closed, paused or deleted or the
  // persona left meanwhile.
  virtual absl::StatusOr<EndedTurn> EndTurn(const TurnEnd& end, const TurnPlanner& plan) = 0;
  // Gives the turn back with its text so far: whoever comes next takes it at once.
  virtual absl::Status ReleaseTurn(const FencedTurn& turn,
                                   const std::string& text,
                                   absl::Time now) = 0;

  // Of sessions.

  // Claims the key, appends the user's message under the next number and makes its turn, running
  // under `lease`, or waiting: all or nothing. SESSION_ENDED, TURN_IN_PROGRESS, PERSONA_MISMATCH,
  // SESSION_QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED; NOT_FOUND, see NewTurn::create.
  virtual absl::StatusOr<Idempotent<StartedTurn>> StartTurn(const NewTurn& turn,
                                                            const Idempotency& idempotency) = 0;
  // Claims the key and makes another turn for the newest message of a session that has been
  // answered, running under `lease`: its reply takes the place of the one that counts.
  // NOT_THE_LAST_REPLY, TURN_IN_PROGRESS, SESSION_ENDED, IDEMPOTENCY_KEY_REUSED, NOT_FOUND.
  virtual absl::StatusOr<Idempotent<StartedTurn>> StartAlternative(
      const AnotherAnswer& another, const Idempotency& idempotency) = 0;
  // The turns that answer the same message as this one of a session, by `alternative`.
  virtual absl::StatusOr<std::vector<TurnRow>> ListAlternatives(const TurnRow& turn) = 0;
  // Puts the reply of a session's turn in the place of the one that counts, and answers the turn as
  // it is then. NOT_THE_LAST_REPLY, TURN_IN_PROGRESS, SESSION_ENDED, NOT_FOUND.
  virtual absl::StatusOr<Idempotent<TurnRow>> SelectAlternative(const TurnRow& turn,
                                                                absl::Time now,
                                                                const Answering<TurnRow>& once) = 0;
  // Makes the session with copies of the messages and their turns, and, where something is said in
  // the place of the last one, its turn, running under its lease: all or nothing. NOT_FOUND for the
  // source; NOT_A_USER_MESSAGE; VALIDATION_FAILED for a number that no message has;
  // SESSION_QUOTA_EXCEEDED.
  virtual absl::StatusOr<Idempotent<ForkedSession>> ForkSession(
      const NewFork& fork, const Answering<ForkedSession>& once) = 0;
  // Takes over at most `limit` open turns of sessions whose lease has expired at `now` (with
  // `any_lease`, of all), but none for which `runs_here`: the next attempt of each, the text empty,
  // under `lease`. A turn that is to be cancelled keeps attempt and text.
  virtual absl::StatusOr<std::vector<TurnJob>> TakeOver(
      const Lease& lease,
      absl::Time now,
      bool any_lease,
      const std::function<bool(const std::string& turn_id)>& runs_here,
      int limit) = 0;

  // Of rooms. A turn waits as `pending`, attempt 0, until it is due; whoever claims it first runs
  // it under a lease. A persona runs one turn in a room at a time: its next one waits for the end.

  // Turns of rooms that nobody works on: due at `now`, or their lease expired; with `any_lease`,
  // also those under a lease. At most `limit`, the most urgent first.
  virtual absl::StatusOr<std::vector<WaitingTurn>> ListDueTurns(absl::Time now,
                                                                bool any_lease,
                                                                int limit) = 0;
  // Takes such a turn for its next attempt under `lease`; one that is to be cancelled need not be
  // due. nullopt where somebody else has it, it is not due, it has ended, or its persona runs
  // another one in the room; also where the message that it answers was hidden before it began,
  // which ends it: cancelled, MESSAGE_HIDDEN.
  virtual absl::StatusOr<std::optional<TurnJob>> ClaimTurn(const WaitingTurn& turn,
                                                           const Lease& lease,
                                                           absl::Time now,
                                                           bool any_lease) = 0;
  // Makes a turn that is due now and runs under `request.lease`: a new one, or the persona's own
  // that has not begun, or one that failed or was stopped answering the same message. NOT_FOUND;
  // what `check` answers; TURN_IN_PROGRESS, ALREADY_ANSWERED, both with `turn_id`;
  // VALIDATION_FAILED for a `trigger_message_id` that is not in the room.
  virtual absl::StatusOr<Idempotent<StartedRoomTurn>> StartRequestedTurn(
      const RequestedTurn& request, const Idempotency& idempotency) = 0;
  // The turn that wrote the message; nullopt where none did.
  virtual absl::StatusOr<std::optional<RepliedTurn>> FindRepliedTurn(
      const std::string& conversation_id, const std::string& message_id) = 0;
};

}  // namespace dramatis::conversation
