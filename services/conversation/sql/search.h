// The index of messages and titles. Part of SqlStore. Whoever writes, changes or deletes a text
// says so here too, in the same transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/store.h"
#include "services/conversation/sql/query.h"
#include "shared/sql/backfill.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// A message was stored, or has another text: IndexBatch puts it into the index.
absl::Status IndexMessage(sql::Transaction& tx, const std::string& conversation_id, int sequence);
// Puts messages into the index that are not in it yet, many at once, where there are any. Whether
// there may be more. Blocks; safe to call from many processes.
absl::StatusOr<bool> IndexBatch(sql::Database& database);
// The same, so that a search finds what was just said: not where an import has said much more than
// that, or nothing can be written now. The job of IndexBatch comes to that, and tells of failures.
void IndexBeforeSearch(sql::Database& database);
// A session has a title; a room has another title, topic, description or visibility.
absl::Status IndexTitle(sql::Transaction& tx, const SessionRow& session);
absl::Status IndexTitle(sql::Transaction& tx, const RoomRow& room);
// Other people may find what is in the room: its visibility changed.
absl::Status IndexReaders(sql::Transaction& tx, const RoomRow& room);
// A message was hidden; the conversation was deleted.
absl::Status ForgetIndex(sql::Transaction& tx, const std::string& conversation_id, int sequence);
absl::Status ForgetIndex(sql::Transaction& tx, const std::string& conversation_id);

// Words that stand for whose texts are looked through.
std::string ReaderOfSessions(const std::string& user_id);
std::string ReaderOfRoom(const std::string& conversation_id);
inline constexpr char kReaderOfRooms[] = "@rooms";
inline constexpr char kReaderOfPublicRooms[] = "@public";

// What a search finds.
struct FoundPlaces {
  std::string query;             // what FoundBy or TitlesFoundBy says
  std::optional<int> most = {};  // the newest so many of them; nullopt: all
};

// The beginning of a search: `ranked` (conversation_id, score, latest) and `weighed`
// (conversation_id, sequence, weight), of `found`, each of which finds other places. `sent_out`:
// the user, where WasSentOut; of rooms that they were sent out of, what was said until then.
//
// A message scores more the fewer words it has beside those looked for, from 1 down; a title 3. A
// conversation scores as its best place, and a little for each other one.
void AddRanked(sql::Engine engine,
               const std::vector<FoundPlaces>& found,
               const std::string& sent_out,
               Query& query);
// Whether there are rooms that the user was sent out of and not let in again.
absl::StatusOr<bool> WasSentOut(sql::Transaction& tx, const std::string& user_id);
// The messages that some of the readers may see and that have all of the words, without those that
// `except` may see. Few readers whom much belongs to are better asked for apart from many whom
// little does: engines look for every reader in each place that one of them may see.
std::string FoundBy(sql::Engine engine,
                    const std::vector<std::string>& readers,
                    const std::vector<std::string>& words,
                    const std::string& except = "");
// The titles.
std::string TitlesFoundBy(sql::Engine engine,
                          std::vector<std::string> readers,
                          const std::vector<std::string>& words);
// The end of it: the places of the conversations in `page`, three of each at most, in its order.
// After the columns of `page` come sequence, message_id, content, created_at.
inline constexpr char kPlacesOfPage[] = R"(
  select p.*, h.sequence, m.message_id, m.content, m.created_at
  from page p
    join (
      select conversation_id, sequence,
        row_number() over (partition by conversation_id order by weight desc, sequence desc) as nth
      from weighed
      where conversation_id in (select conversation_id from page)
    ) h on h.conversation_id = p.conversation_id and h.nth <= 3
    left join messages m on m.conversation_id = h.conversation_id and m.sequence = h.sequence
  order by p.score desc, p.latest desc, p.conversation_id desc, h.nth)";
// The place in a row of it whose first column of a place is `column`.
FoundPlace ToPlace(const sql::Row& row, int column);

// Texts that were stored before there was an index.
std::vector<sql::Backfill> SearchBackfills();

}  // namespace dramatis::conversation
