// What conversation keeps, in its own words. Each function is one transaction; what it promises is
// said with it. Errors are absl::Status ready for the caller; a store that cannot be read is
// UNAVAILABLE, never an empty result.
//
// A session is the room of two: a conversation with one user and one AI persona as participants.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

struct Room;  // model/room_rows.h

// Most sessions of one user that are neither ended nor expired.
inline constexpr int kMaxLiveSessions = 100;

struct SessionRow {
  std::string conversation_id;
  std::string user_id;
  std::string session_id;
  std::string persona_id;
  std::string persona_name;
  std::string title;         // empty until the first message, where the client gave none
  bool title_given = false;  // by the client
  std::string metadata;      // serialized google.protobuf.Struct
  absl::Time created_at;
  absl::Time last_activity_at;
  absl::Time expires_at;  // last_activity_at + ttl
  std::optional<absl::Time> ended_at;
  absl::Duration ttl;
  // When persona's hold for it ends; the epoch once it is given up, and the epoch + ttl where it is
  // to be.
  absl::Time hold_expires_at;
  int last_sequence = 0;       // of its messages; they are numbered without gaps
  std::string active_turn_id;  // the one that is pending or running; empty if none is
  // Of one that is to be made: what the persona says first, as message 1 (`last_sequence` counts
  // it); nothing where it is empty.
  std::string greeting;
  std::string greeting_message_id;
};

// Until when persona is asked to hold the conversation's persona: longer than the session lasts
// without another message, so that most turns need not renew it.
inline absl::Time HoldUntil(const SessionRow& row) {
  return row.expires_at + row.ttl;
}

// Who is in a conversation. The id is ParticipantId(kind, user or persona id).
enum class ParticipantKind { kUser, kPersona };

inline std::string ParticipantId(ParticipantKind kind, const std::string& ref_id) {
  return (kind == ParticipantKind::kUser ? "user/" : "persona/") + ref_id;
}

struct MessageRow {
  int sequence = 0;
  std::string message_id;
  std::string participant_id;
  ParticipantKind author = ParticipantKind::kUser;
  std::string content;
  absl::Time created_at;
  // Of a persona's message.
  std::string turn_id;
  std::string model;
  std::string finish_reason;
  bool retrieval = false;
};

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
  std::string usage;  // serialized dramatis.prompt.v1.Usage
  std::string error;  // serialized google.rpc.Status of a failed turn, or of one that was stopped
  // Of a room's turn.
  int depth = 0;           // how many AI messages in a row led to it
  bool requested = false;  // somebody asked for it
  std::string score;       // serialized dramatis.conversation.v1.TurnScore
  absl::Time created_at;
  absl::Time updated_at;
  // Of the reply, once there is one.
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

// The use of an Idempotency-Key: the claim is made of the call's key and user, the method's name
// and a hash of the request, in the transaction of the write it protects.
struct Idempotency {
  const CallContext& call;
  std::string method;
  const google::protobuf::Message& request;
};

template <class Result>
struct Idempotent {
  Result result;
  bool replayed = false;  // nothing was written
  // Of a replay of a write that was Answering: the first answer, serialized, and `result` is empty.
  // Else `result` is the first answer.
  std::string first_answer = {};
};

// The same, and how the write's result is answered: that is kept with the key, and is what a replay
// answers, whatever has become of the result since.
template <class Result>
struct Answering {
  // Keeps no answer: for writes that nobody repeats.
  Answering(const Idempotency& write)
      : idempotency(write) {}  // NOLINT(google-explicit-constructor)
  // `show` makes the response of the result.
  template <class Show>
  Answering(const Idempotency& write, Show show)
      : idempotency(write), answer([show = std::move(show)](const Result& result) {
          return show(result).SerializeAsString();
        }) {}

  const Idempotency idempotency;
  const std::function<std::string(const Result&)> answer;
};

// What is answered to such a write.
template <class Show, class Result>
auto FirstAnswer(const Idempotent<Result>& written, const Show& show)
    -> absl::StatusOr<Idempotent<decltype(show(written.result))>> {
  using Response = decltype(show(written.result));
  if (!written.replayed) return Idempotent<Response>{.result = show(written.result)};
  Idempotent<Response> first{.result = {}, .replayed = true};
  if (first.result.ParseFromString(written.first_answer)) return first;
  return absl::InternalError("a stored answer cannot be read");
}

// Something said, and the turn that answers it.
struct NewTurn {
  std::string conversation_id;
  std::string turn_id;
  std::string message_id;
  std::string message;
  std::string title;       // for a conversation that has none
  std::string persona_id;  // must be the conversation's, unless empty
  Lease lease;
  absl::Time now;
  // The conversation to make where there is none, which without it is NOT_FOUND.
  std::optional<SessionRow> create;
  // Called in the transaction, perhaps more than once and on another thread, with the turn as it
  // will be if that commits: what only reads, and needs no more than this, can begin. Nothing of it
  // may be seen by anybody before the commit, and what it reads by another connection may lack all
  // that is not committed yet, also what this transaction has seen. Must not block. May be null.
  std::function<void(const TurnJob&)> on_begun = nullptr;
};

// What a claim of a chat answers again.
struct StartedTurn {
  std::string session_id;
  std::string turn_id;
  std::string message_id;
  // Unless replayed.
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
  TurnState state = TurnState::kDone;  // done, failed, cancelled
  std::string text;                    // the reply, or for a failed turn the text so far
  std::string message_id;              // the reply's; empty for no reply
  std::string persona_id;
  std::string finish_reason;
  std::string model;
  bool retrieval = false;
  std::string usage;
  std::string manifest;  // serialized dramatis.prompt.v1.PromptManifest
  std::string error;     // serialized google.rpc.Status
  // Up to which message a summary is wanted, see prompt/summary_range.h; 0 for none.
  int summarize_to = 0;
  absl::Time now;
};

enum class EndResult { kEnded, kLost };

struct MessageRange {
  std::string conversation_id;
  bool descending = false;
  // Ascending: those after it; descending: those before it. 0: from the beginning, or the newest.
  int beyond_sequence = 0;
  int limit = 20;
};

// Where a search found all its words.
struct FoundPlace {
  int sequence = 0;  // of a message; 0 for the conversation's title
  // Of a message.
  std::string message_id;
  std::string content;
  absl::Time created_at;
};

// What a search found in one conversation.
struct Found {
  int64_t score = 0;
  absl::Time latest;               // of its places
  std::vector<FoundPlace> places;  // the best three
};

// Where a page of found conversations ended.
struct FoundPosition {
  int64_t score = 0;
  absl::Time latest;
  std::string conversation_id;
};

struct SessionSummaryRow {
  std::string conversation_id;
  std::string session_id;
  std::string persona_id;
  std::string title;
  absl::Time created_at;
  absl::Time updated_at;
  absl::Time expires_at;
  std::optional<absl::Time> ended_at;
  int message_count = 0;
  std::string preview;
  Found found;  // by a search
};

enum class SessionStatus { kActive, kEnded, kExpired };

// A user's list, last updated first; what has certain words, best first.
struct SessionFilter {
  std::string user_id;
  std::vector<std::string> words;       // all in one message or in the title; none for a plain list
  std::optional<SessionStatus> status;  // at `now`
  std::optional<absl::Time> from;       // updated at this time or later
  std::optional<absl::Time> to;         // updated before this time
  absl::Time now;
  // The last row of the page before: of a plain list, and of a search.
  std::optional<std::pair<absl::Time, std::string>> after;
  std::optional<FoundPosition> after_found;
  int limit = 20;
};

class Store {
 public:
  virtual ~Store() = default;

  // Conversations.

  virtual absl::StatusOr<std::optional<SessionRow>> FindSession(
      const std::string& conversation_id) = 0;
  // Makes a conversation with no message but its greeting. SESSION_QUOTA_EXCEEDED.
  virtual absl::StatusOr<Idempotent<SessionRow>> CreateSession(
      const SessionRow& row, const Answering<SessionRow>& once) = 0;
  // The row, ended at `now` if it was not ended yet. NOT_FOUND.
  virtual absl::StatusOr<Idempotent<SessionRow>> EndSession(const std::string& conversation_id,
                                                            absl::Time now,
                                                            const Answering<SessionRow>& once) = 0;
  // Deletes the conversation with everything in it and answers its row. NOT_FOUND,
  // TURN_IN_PROGRESS.
  virtual absl::StatusOr<SessionRow> DeleteSession(const std::string& conversation_id) = 0;
  virtual absl::StatusOr<std::vector<SessionSummaryRow>> ListSessions(
      const SessionFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<MessageRow>> ListMessages(const MessageRange& range) = 0;
  // Notes until when persona holds the conversation's persona.
  virtual absl::Status SetHold(const std::string& conversation_id, absl::Time expires_at) = 0;
  // Sessions whose hold is to be renewed or given up: those that were to end by `now` when it was
  // taken, and those that were ended; at most `limit`, the most urgent first.
  virtual absl::StatusOr<std::vector<SessionRow>> ListSessionHolds(absl::Time now, int limit) = 0;
  // Notes that the hold was given up. Without effect, and false, unless it is the one that `seen`
  // has.
  virtual absl::StatusOr<bool> ClearHold(const SessionRow& seen) = 0;

  // Turns.

  // Claims the key, appends the user's message under the next number and makes its turn, running
  // under `lease`: all or nothing. SESSION_ENDED, TURN_IN_PROGRESS, PERSONA_MISMATCH,
  // SESSION_QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED; NOT_FOUND, see NewTurn::create.
  virtual absl::StatusOr<Idempotent<StartedTurn>> StartTurn(const NewTurn& turn,
                                                            const Idempotency& idempotency) = 0;
  // The turn of this id.
  virtual absl::StatusOr<std::optional<TurnRow>> FindTurn(const std::string& turn_id) = 0;
  // Begins another attempt of a failed turn under `lease`. `answer` serializes what is answered,
  // now and to a replay. TURN_NOT_FAILED, TURN_IN_PROGRESS, SESSION_ENDED, NOT_FOUND.
  virtual absl::StatusOr<Idempotent<RetriedTurn>> RetryTurn(
      const TurnRow& turn,
      const Lease& lease,
      absl::Time now,
      const std::function<std::string(const TurnRow&)>& answer,
      const Idempotency& idempotency) = 0;
  // Claims the key and asks whoever runs the turn to stop it; does nothing to one that has ended.
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
  // Ends the turn: appends the reply, if any, under the conversation's next number, frees the
  // conversation for the next turn; all or nothing, and nothing if the lease was lost.
  virtual absl::StatusOr<EndResult> EndTurn(const TurnEnd& end) = 0;
  // Gives the turn back with its text so far: whoever comes next takes it at once.
  virtual absl::Status ReleaseTurn(const FencedTurn& turn,
                                   const std::string& text,
                                   absl::Time now) = 0;
  // Takes over at most `limit` open turns whose lease has expired at `now` (with `any_lease`, of
  // all), but none for which `runs_here`: the next attempt of each, the text empty, under `lease`.
  // A turn that is to be cancelled keeps attempt and text.
  virtual absl::StatusOr<std::vector<TurnJob>> TakeOver(
      const Lease& lease,
      absl::Time now,
      bool any_lease,
      const std::function<bool(const std::string& turn_id)>& runs_here,
      int limit) = 0;
};

}  // namespace dramatis::conversation
