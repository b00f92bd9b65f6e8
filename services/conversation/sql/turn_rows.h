// The table `turns`: its columns beside what they fill, and the steps that several transactions
// share. Part of SqlTurnStore.
#pragma once

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/turn_store.h"
#include "services/conversation/sql/columns.h"
#include "services/conversation/sql/rows.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

inline constexpr auto kTurnColumns = std::to_array<Column<TurnRow>>({
    Field<&TurnRow::conversation_id>("conversation_id"),
    Field<&TurnRow::turn_id>("turn_id"),
    Field<&TurnRow::user_id>("user_id"),
    Field<&TurnRow::session_id>("session_id"),
    Field<&TurnRow::persona_id>("persona_id"),
    Field<&TurnRow::trigger_message_id>("trigger_message_id"),
    Field<&TurnRow::trigger_sequence>("trigger_sequence"),
    Field<&TurnRow::alternative>("alternative"),
    {"state",
     [](const sql::Row& row, int column, TurnRow& turn) {
       turn.state = TurnStateOf(row.Text(column));
     },
     [](const TurnRow& turn) { return sql::Value(NameOf(turn.state)); }},
    Field<&TurnRow::attempt>("attempt"),
    Field<&TurnRow::interruptions>("interruptions"),
    Field<&TurnRow::fence>("fence"),
    {"lease_owner",
     [](const sql::Row& row, int column, TurnRow& turn) { turn.lease.owner = row.Text(column); },
     [](const TurnRow& turn) { return sql::Value(turn.lease.owner); }},
    {"lease_address",
     [](const sql::Row& row, int column, TurnRow& turn) { turn.lease.address = row.Text(column); },
     [](const TurnRow& turn) { return sql::Value(turn.lease.address); }},
    {"lease_expires_at",
     [](const sql::Row& row, int column, TurnRow& turn) {
       turn.lease.expires_at = row.Time(column);
     },
     [](const TurnRow& turn) { return sql::Value(turn.lease.expires_at); }},
    Field<&TurnRow::cancel_requested>("cancel_requested"),
    Field<&TurnRow::text>("text"),
    Field<&TurnRow::reply_message_id>("reply_message_id"),
    Field<&TurnRow::finish_reason>("finish_reason"),
    Field<&TurnRow::model>("model"),
    Field<&TurnRow::wanted_model>("wanted_model"),
    Field<&TurnRow::payer_id>("payer_id"),
    Field<&TurnRow::payer_key>("payer_key"),
    Blob<&TurnRow::usage>("usage"),
    Blob<&TurnRow::error>("error"),
    Field<&TurnRow::created_at>("created_at"),
    Field<&TurnRow::updated_at>("updated_at"),
    Field<&TurnRow::depth>("depth"),
    Field<&TurnRow::requested>("requested"),
    Field<&TurnRow::reply_retrieval>("retrieval"),
    Blob<&TurnRow::score>("score"),
    // Long, and read where it is wanted only: a turn is made without one.
    {"manifest", nullptr, [](const TurnRow& /*turn*/) { return sql::Value(sql::Bytes{}); }},
});
inline constexpr SqlText kTurnNames = NamesOf(kTurnColumns);

inline TurnRow ToTurnRow(const sql::Row& row) {
  return RowOf(kTurnColumns, row);
}

absl::Status InsertTurn(sql::Transaction& tx, const TurnRow& turn);

// Begins the next attempt, by hand: what interrupted the earlier ones does not count. Of a turn
// that failed, or with `any` of one that does not run and has no reply; nullopt where it is no such
// turn.
absl::StatusOr<std::optional<TurnRow>> BeginAgain(
    sql::Transaction& tx, const TurnRow& turn, const Lease& lease, absl::Time now, bool any);

// The part of a statement that gives a turn to another worker; a `where` follows, and
// `returning kTurnNames`. $1 and $2 name the turn, $3 to $5 are the lease, $6 is now. An attempt
// that was handed over was not interrupted.
inline constexpr SqlText kTakeTurn = {R"(
  update turns
  set fence = fence + 1,
    attempt = case when cancel_requested then attempt else attempt + 1 end,
    text = case when cancel_requested then text else '' end,
    interruptions = case when state = 'pending' then interruptions else interruptions + 1 end,
    state = 'running', lease_owner = $3, lease_address = $4, lease_expires_at = $5,
    updated_at = $6
  where conversation_id = $1 and turn_id = $2 and state in ('pending', 'running'))"};

// A turn's row with the reply that counts, where that is its own: what FindTurn answers. The
// columns are kTurnNames of `t`, then kReplyNames.
TurnRow ToTurnWithReply(const sql::Row& row);
inline constexpr char kReplyNames[] = "m.content, m.created_at, m.retrieval";

// Which message a turn answered.
struct AnsweredMessage {
  int sequence = 0;
  int alternative = 0;
  TurnPayer payer = {};    // of the turn
  std::string score = {};  // of the turn, in a room
};
// Writes how the turn ended, all but its reply. nullopt where its lease was lost.
absl::StatusOr<std::optional<AnsweredMessage>> WriteTurnEnd(sql::Transaction& tx,
                                                            const TurnEnd& end);
// Puts the reply in the place of `old`, whose turn keeps its text.
absl::Status ReplaceReply(sql::Transaction& tx,
                          const SessionRow& session,
                          const MessageRow& old,
                          MessageRow reply);
// The message after this number, where it is the persona's.
absl::StatusOr<std::optional<MessageRow>> ReplyAfter(sql::Transaction& tx,
                                                     const std::string& conversation_id,
                                                     int sequence);
// The reply that a turn ended with; its number and, in a room, its user are the caller's to set.
MessageRow ReplyOf(const TurnEnd& end);
// A session's turn with its conversation and the message it answers.
absl::StatusOr<TurnJob> SessionJobOf(sql::Transaction& tx, TurnRow turn);

// Stores what the user says with its turn, and makes the session where that is wanted: see
// TurnStore::StartTurn.
absl::StatusOr<StartedTurn> StartInSession(sql::Transaction& tx, const NewTurn& turn);
// The parts of it: the session with its next number taken, nullopt where it takes no turn now; the
// message under that number, with what lists and searches show of it.
absl::StatusOr<std::optional<SessionRow>> AdvanceSession(sql::Transaction& tx, const NewTurn& turn);
absl::Status SayInSession(sql::Transaction& tx, const NewTurn& turn, const SessionRow& session);
// The turn's row as it is made, its number the session's last one.
TurnRow FirstAttempt(const NewTurn& turn, const SessionRow& session);
// A claim of a chat records the stream's first event.
std::string ToRecord(const StartedTurn& started);
StartedTurn FromRecord(const std::string& bytes);

// The parts of SqlTurnStore's functions that are a session's or a room's.

// Appends the reply and frees the session for its next turn.
absl::Status EndInSession(sql::Transaction& tx,
                          const TurnEnd& end,
                          const AnsweredMessage& answered);
absl::StatusOr<EndedTurn> EndInRoom(sql::Transaction& tx,
                                    const TurnEnd& end,
                                    const TurnPlanner& plan);
absl::StatusOr<TurnJob> RetryInSession(sql::Transaction& tx,
                                       const TurnRow& turn,
                                       const Lease& lease,
                                       absl::Time now);
absl::StatusOr<TurnJob> RetryInRoom(sql::Transaction& tx,
                                    const TurnRow& turn,
                                    const Lease& lease,
                                    absl::Time now,
                                    const std::function<absl::Status(const Room& room)>& check);
absl::Status NotFailed();

}  // namespace dramatis::conversation
