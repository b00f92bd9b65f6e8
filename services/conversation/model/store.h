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
  bool temporary = false;      // nothing is remembered of it, and it is gone when it ends
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

enum class RoomMessageType { kText, kAction, kReveal };

// Something said in a session or a room.
struct MessageRow {
  int sequence = 0;
  std::string message_id;
  std::string persona_id;  // who says it; empty where a session's user does
  std::string user_id;     // who wrote it; of a generated one in a room, the persona's owner
  RoomMessageType type = RoomMessageType::kText;
  std::string content;
  absl::Time created_at;
  // Of a room's message.
  std::string reply_to_message_id;
  // Who wrote that: known only while the message is being appended.
  std::string reply_to_persona_id;
  std::optional<absl::Time> edited_at;
  bool hidden = false;
  std::optional<std::string> original_content;
  int version = 1;
  // Of a generated message.
  std::string turn_id;
  std::string model;
  std::string finish_reason;
  bool retrieval = false;
  std::string usage;        // serialized dramatis.prompt.v1.Usage
  std::string turn_reason;  // of a room's: TurnScore.reason

  bool generated() const { return !turn_id.empty(); }
  ParticipantKind author() const {
    return persona_id.empty() ? ParticipantKind::kUser : ParticipantKind::kPersona;
  }
  std::string participant_id() const {
    return ParticipantId(author(), persona_id.empty() ? user_id : persona_id);
  }
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
  // NOLINTNEXTLINE(google-explicit-constructor)
  Answering(const Idempotency& write) : idempotency(write) {}
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

// Where more messages have the words of a search, only the newest so many are ranked, so that it
// takes no longer the more there are. Of titles all are, and of messages where the search says more
// than its words: what else it asks for may be old.
inline constexpr int kMostRanked = 2000;

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
  int most_ranked = kMostRanked;  // of a search
  int limit = 20;
};

// An entry of a persona's lore that fired in a conversation, and what comes of it: lore/matching.h.
struct LoreFiring {
  std::string entry_id;
  int sequence = 0;        // of the newest message then
  int sticky_until = 0;    // before which message it is told again; 0 for none
  int cooldown_until = 0;  // before which message it does not fire again; 0 for none
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
  // Gives a session another title than the one that was seen. Without effect where it has another
  // one by now, or one of its client's.
  virtual absl::Status SetTitle(const SessionRow& seen, const std::string& title) = 0;
  // Deletes a temporary session that has ended or expired at `now`, unless a turn runs in it or
  // another one has begun under its id.
  virtual absl::Status DropTemporary(const SessionRow& seen, absl::Time now) = 0;
  // Notes until when persona holds the conversation's persona.
  virtual absl::Status SetHold(const std::string& conversation_id, absl::Time expires_at) = 0;
  // Sessions whose hold is to be renewed or given up: those that were to end by `now` when it was
  // taken, and those that were ended; at most `limit`, the most urgent first.
  virtual absl::StatusOr<std::vector<SessionRow>> ListSessionHolds(absl::Time now, int limit) = 0;
  // Notes that the hold was given up. Without effect, and false, unless it is the one that `seen`
  // has.
  virtual absl::StatusOr<bool> ClearHold(const SessionRow& seen) = 0;
  // Entries of the persona's lore that have fired in the conversation with effects in time.
  virtual absl::StatusOr<std::vector<LoreFiring>> LoreFirings(const std::string& conversation_id,
                                                              const std::string& persona_id) = 0;
};

}  // namespace dramatis::conversation
