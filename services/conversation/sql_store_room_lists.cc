#include <algorithm>
#include <functional>
#include <utility>

#include "services/conversation/sql_store_query.h"
#include "services/conversation/sql_store_room_rows.h"
#include "services/conversation/sql_store_rooms.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Where a list comes from, in the order of conversation ids. None reads rooms that the caller may
// not see listed, and each reads no further than its page.
constexpr char kEveryRoom[] = R"(
  select c.conversation_id
  from conversations c
  where c.kind = 'room' and c.deleted_at is null)";

constexpr char kPublicRooms[] = R"(
  select c.conversation_id
  from conversations c
  where c.kind = 'room' and c.visibility = 'public' and c.deleted_at is null)";

constexpr char kRoomsOfUser[] = R"(
  select c.conversation_id
  from room_members r
    join conversations c on c.conversation_id = r.conversation_id
  where r.user_id = $1 and c.kind = 'room' and c.deleted_at is null)";

constexpr char kRoomsOfPersona[] = R"(
  select c.conversation_id
  from participants r
    join conversations c on c.conversation_id = r.conversation_id
  where r.ref_id = $1 and r.type <> '' and r.left_at is null and c.kind = 'room'
    and c.deleted_at is null)";

constexpr Statement kMessages = {"select " ROOM_MESSAGE_COLUMNS R"(
  from messages
  where conversation_id = $1 and sequence > $2
  order by sequence
  limit $3)"};

// A room whose time is over counts as completed, whether that was written yet or not.
void AddStatus(RoomStatus status, absl::Time now, Query& query) {
  const std::string name = absl::StrCat("'", NameOf(status), "'");
  switch (status) {
    case RoomStatus::kActive:
    case RoomStatus::kPaused:
      return query.Add(absl::StrCat("and c.status = ", name,
                                    " and (c.closes_at is null or c.closes_at > ",
                                    query.Parameter(now), ")"));
    case RoomStatus::kCompleted:
      return query.Add(absl::StrCat(
          "and (c.status = ", name,
          " or (c.status in ('active', 'paused') and c.closes_at <= ", query.Parameter(now), "))"));
    case RoomStatus::kTerminated:
      return query.Add(absl::StrCat("and c.status = ", name));
  }
}

// Only ASCII letters are folded, on both engines.
void AddText(const std::vector<std::string>& columns,
             const std::string& part,
             sql::Engine engine,
             Query& query) {
  const std::string fold = engine == sql::Engine::kPostgres ? " collate \"C\"" : "";
  const std::string pattern = query.Parameter(AsciiLower(LikeContains(part)));
  std::string any;
  for (const std::string& column : columns) {
    absl::StrAppend(&any, any.empty() ? "" : " or ", "lower(", column, fold, ") like ", pattern,
                    " escape '\\'");
  }
  query.Add(absl::StrCat("and (", any, ")"));
}

// The ids of a page out of one source, whose rows have their conversation id in `key`.
absl::StatusOr<std::vector<std::string>> SelectPage(Transaction& tx,
                                                    const RoomFilter& filter,
                                                    const std::string& key,
                                                    Query query) {
  if (filter.status.has_value()) AddStatus(*filter.status, filter.now, query);
  if (filter.visibility.has_value()) {
    query.Add(absl::StrCat("and c.visibility = '", NameOf(*filter.visibility), "'"));
  }
  if (!filter.topic_tag.empty()) {
    AddText({"c.topic_tags"}, absl::StrCat("\n", filter.topic_tag, "\n"), tx.engine(), query);
  }
  if (!filter.q.empty()) {
    AddText({"c.title", "c.topic", "c.description"}, filter.q, tx.engine(), query);
  }
  if (!filter.before.empty()) {
    query.Add(absl::StrCat("and ", key, " < ", query.Parameter(filter.before)));
  }
  query.Add(absl::StrCat("order by ", key, " desc"));
  query.Add(absl::StrCat("limit ", query.Parameter(filter.limit)));
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, query.Run(tx));
  std::vector<std::string> ids;
  for (const sql::Row& row : rows)
    ids.push_back(row.Text(0));
  return ids;
}

absl::StatusOr<std::vector<std::string>> PageOfPersona(Transaction& tx, const RoomFilter& filter) {
  Query query(kRoomsOfPersona, {filter.persona_id});
  if (!filter.admin) {
    query.Add(absl::StrCat(
        "and (c.visibility = 'public' or exists (select 1 from room_members m"
        " where m.user_id = ",
        query.Parameter(filter.user_id), " and m.conversation_id = c.conversation_id))"));
  }
  return SelectPage(tx, filter, "r.conversation_id", std::move(query));
}

absl::StatusOr<std::vector<std::string>> PageOf(Transaction& tx, const RoomFilter& filter) {
  if (!filter.persona_id.empty()) return PageOfPersona(tx, filter);
  if (filter.admin) return SelectPage(tx, filter, "c.conversation_id", Query(kEveryRoom, {}));
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> ids,
                            SelectPage(tx, filter, "c.conversation_id", Query(kPublicRooms, {})));
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<std::string> own,
      SelectPage(tx, filter, "r.conversation_id", Query(kRoomsOfUser, {filter.user_id})));
  ids.insert(ids.end(), own.begin(), own.end());
  std::sort(ids.begin(), ids.end(), std::greater<>());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > static_cast<size_t>(filter.limit)) ids.resize(static_cast<size_t>(filter.limit));
  return ids;
}

}  // namespace

absl::StatusOr<std::vector<Room>> SqlRoomStore::ListRooms(const RoomFilter& filter) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<Room>> {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> ids, PageOf(tx, filter));
    return SelectRooms(tx, ids);
  });
}

absl::StatusOr<std::vector<RoomMessageRow>> SqlRoomStore::ListRoomMessages(
    const RoomMessageRange& range) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<RoomMessageRow>> {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Execute(kMessages, {range.conversation_id, range.after_sequence, range.limit}));
    return ToRoomMessages(rows);
  });
}

}  // namespace dramatis::conversation
