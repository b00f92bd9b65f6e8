#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "services/conversation/sql/message_rows.h"
#include "services/conversation/sql/query.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/search.h"
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

// Ids are UUIDv7: the newest last.
constexpr Statement kNewestRoomsOfUser = {R"(
  select conversation_id
  from room_members
  where user_id = $1
  order by conversation_id desc
  limit $2)"};

// More rooms of one's own are not looked through: the oldest are left out.
constexpr int kMostSearchedRooms = 500;

constexpr char kFoundRooms[] = R"(
  , page as (
    select r.conversation_id, r.score, r.latest
    from ranked r
      join conversations c on c.conversation_id = r.conversation_id
    where c.kind = 'room' and c.deleted_at is null)";

constexpr char kWithPersona[] = R"(
      and exists (select 1
                  from participants w
                  where w.conversation_id = c.conversation_id and w.type <> ''
                    and w.left_at is null and w.ref_id = )";

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
void AddTag(const std::string& tag, sql::Engine engine, Query& query) {
  const std::string fold = engine == sql::Engine::kPostgres ? " collate \"C\"" : "";
  const std::string pattern =
      query.Parameter(AsciiLower(LikeContains(absl::StrCat("\n", tag, "\n"))));
  query.Add(absl::StrCat("and lower(c.topic_tags", fold, ") like ", pattern, " escape '\\'"));
}

void AddFilters(const RoomFilter& filter, sql::Engine engine, Query& query) {
  if (filter.status.has_value()) AddStatus(*filter.status, filter.now, query);
  if (filter.visibility.has_value()) {
    query.Add(absl::StrCat("and c.visibility = '", NameOf(*filter.visibility), "'"));
  }
  if (!filter.topic_tag.empty()) AddTag(filter.topic_tag, engine, query);
}

// The ids of a page out of one source, whose rows have their conversation id in `key`.
absl::StatusOr<std::vector<std::string>> SelectPage(Transaction& tx,
                                                    const RoomFilter& filter,
                                                    const std::string& key,
                                                    Query query) {
  AddFilters(filter, tx.engine(), query);
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

// Whether every room with the words is looked for, whatever else is said of it.
bool IsAll(const RoomFilter& filter) {
  return !filter.status.has_value() && !filter.visibility.has_value() && filter.topic_tag.empty() &&
         filter.persona_id.empty();
}

// The places that a search of the caller finds: what they might find in a list.
absl::StatusOr<std::vector<FoundPlaces>> PlacesFor(Transaction& tx,
                                                   const RoomFilter& filter,
                                                   bool sent_out) {
  std::vector<std::string> own;
  if (!filter.admin) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kNewestRoomsOfUser, {filter.user_id, kMostSearchedRooms}));
    for (const sql::Row& row : rows)
      own.push_back(ReaderOfRoom(row.Text(0)));
  }
  // What a filter or a horizon leaves of the newest might be nothing.
  std::optional<int> most;
  if (IsAll(filter) && !sent_out) most = filter.most_ranked;
  const std::string others = filter.admin ? kReaderOfRooms : kReaderOfPublicRooms;
  std::vector<FoundPlaces> places = {{FoundBy(tx.engine(), {others}, filter.words), most}};
  if (!own.empty()) {
    places.push_back({FoundBy(tx.engine(), own, filter.words, others), most});
  }
  own.push_back(others);
  places.push_back({TitlesFoundBy(tx.engine(), own, filter.words)});
  return places;
}

// The rooms that have all of the words in one place, best first.
absl::StatusOr<std::vector<FoundRoom>> Search(Transaction& tx, const RoomFilter& filter) {
  bool sent_out = false;
  if (!filter.admin) {
    DRAMATIS_ASSIGN_OR_RETURN(sent_out, WasSentOut(tx, filter.user_id));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<FoundPlaces> places, PlacesFor(tx, filter, sent_out));
  Query query("", {});
  AddRanked(tx.engine(), places, sent_out ? filter.user_id : "", query);
  query.Add(kFoundRooms);
  AddFilters(filter, tx.engine(), query);
  if (!filter.persona_id.empty()) {
    query.Add(absl::StrCat(kWithPersona, query.Parameter(filter.persona_id), ")"));
  }
  AddFoundAfter(filter.after_found, query);
  query.Add(absl::StrCat("limit ", query.Parameter(filter.limit), ")"));
  query.Add(kPlacesOfPage);
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, query.Run(tx));
  std::vector<std::string> ids;
  std::vector<Found> found;
  for (const sql::Row& row : rows) {
    if (ids.empty() || ids.back() != row.Text(0)) {
      ids.push_back(row.Text(0));
      found.push_back({.score = row.Int64(1), .latest = row.Time(2), .places = {}});
    }
    found.back().places.push_back(ToPlace(row, 3));
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<Room> rooms, SelectRooms(tx, ids));
  std::vector<FoundRoom> found_rooms;
  for (Room& room : rooms) {  // in the order of the ids
    const auto at = std::find(ids.begin(), ids.end(), room.row.conversation_id) - ids.begin();
    found_rooms.push_back({.room = std::move(room), .found = std::move(found[at])});
  }
  return found_rooms;
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

absl::StatusOr<std::vector<FoundRoom>> SqlRoomStore::SearchRooms(const RoomFilter& filter) {
  IndexBeforeSearch(database_);
  return database_.Read([&](Transaction& tx) { return Search(tx, filter); });
}

absl::StatusOr<std::vector<MessageRow>> SqlRoomStore::ListRoomMessages(const MessageRange& range) {
  return database_.Read([&](Transaction& tx) { return SelectMessages(tx, range); });
}

}  // namespace dramatis::conversation
