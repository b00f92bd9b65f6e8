#include "services/conversation/sql/search.h"

#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/search/search_text.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::BackfillKey;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr int kBatch = 200;
// Few enough that turns, which wait for the one writer of SQLite, hardly notice.
constexpr int kMessagesAtOnce = 64;
constexpr int kBatchesBeforeSearch = 4;

constexpr Statement kIndex = {R"(
  insert into message_search (conversation_id, sequence, created_at, readers, words, size)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (conversation_id, sequence) do update
  set readers = excluded.readers, words = excluded.words, size = excluded.size)"};

// What was written meanwhile is newer.
constexpr Statement kIndexOld = {R"(
  insert into message_search (conversation_id, sequence, created_at, readers, words, size)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (conversation_id, sequence) do nothing)"};

constexpr Statement kSetReaders = {R"(
  update message_search
  set readers = case when sequence = 0 then $3 else $2 end
  where conversation_id = $1 and readers <> case when sequence = 0 then $3 else $2 end)"};

constexpr Statement kForgetOne = {
    "delete from message_search where conversation_id = $1 and sequence = $2"};
constexpr Statement kForget = {"delete from message_search where conversation_id = $1"};

constexpr Statement kNoteUnindexed = {R"(
  insert into unindexed_messages (conversation_id, sequence)
  values ($1, $2)
  on conflict do nothing)"};
constexpr Statement kDropUnindexed = {
    "delete from unindexed_messages where conversation_id = $1 and sequence = $2"};
constexpr Statement kDropAllUnindexed = {
    "delete from unindexed_messages where conversation_id = $1"};
constexpr Statement kAnyUnindexed = {"select 1 from unindexed_messages limit 1"};

// The conversations of a batch, in an order that everybody locks them in. PostgreSQL keeps their
// texts and readers as they are until the batch is indexed; SQLite has one writer.
constexpr Statement kConversationsOfBatch = {R"(
  select conversation_id, kind, user_id, visibility
  from conversations
  where deleted_at is null and conversation_id in (
    select conversation_id from unindexed_messages order by conversation_id, sequence limit $1)
  order by conversation_id
  for share)",
                                             R"(
  select conversation_id, kind, user_id, visibility
  from conversations
  where deleted_at is null and conversation_id in (
    select conversation_id from unindexed_messages order by conversation_id, sequence limit $1)
  order by conversation_id)"};

// Rows are numbered as they are written: the oldest first. Without a text where it is gone.
constexpr Statement kBatchToIndex = {R"(
  select u.conversation_id, u.sequence, m.content, m.created_at
  from (
    select * from unindexed_messages order by conversation_id, sequence limit $1
  ) u
    left join conversations c on c.conversation_id = u.conversation_id and c.deleted_at is null
    left join messages m on m.conversation_id = c.conversation_id and m.sequence = u.sequence
      and not m.hidden
  order by m.created_at, u.conversation_id, u.sequence)"};

// What the parameter {found} says.
constexpr Statement kHits = {
    R"(
      select s.conversation_id, s.sequence, s.created_at, s.size
      from message_search s
      where s.search @@ cast({found} as tsquery))",
    R"(
      select s.conversation_id, s.sequence, s.created_at, s.size
      from message_words f
        cross join message_search s on s.search_row = f.rowid
      where f.message_words match {found})"};

// The newest {most} of them: rows are numbered as they are written. PostgreSQL's index gives all
// that is found before any of it can be put in order. So it is asked for one span of rows after the
// other, the newest first, each twice as long, until that is enough: a limit stops the loop, which
// goes through `spans` in their order. That within a span is by an expression, lest PostgreSQL goes
// through all rows by their numbers for a rare word.
constexpr Statement kNewestHits = {
    R"(
      select n.*
      from spans z
        cross join lateral (
          select s.conversation_id, s.sequence, s.created_at, s.size
          from message_search s
          where s.search @@ cast({found} as tsquery)
            and array[s.search_row / 16384] && array(
              select generate_series(z.newest - z.blocks + 1, z.newest))
          order by s.search_row + 0 desc
        ) n
      limit cast({most} as bigint))",
    R"(
      select s.conversation_id, s.sequence, s.created_at, s.size
      from message_words f
        cross join message_search s on s.search_row = f.rowid
      where f.message_words match {found}
      order by f.rowid desc
      limit {most})"};

// Of all rows, in blocks as message_search_words has them. No longer than 16, so that the last of
// them never holds much more than is wanted.
constexpr Statement kSpans = {R"( recursive spans as (
    select max(search_row) / 16384 as newest, cast(1 as bigint) as blocks
    from message_search
    union all
    select newest - blocks, least(2 * blocks, 16)
    from spans
    where newest >= blocks
  ),)",
                              ""};

// How far somebody may read who was sent out and not let in again: model/permissions.h, HorizonOf.
constexpr char kHorizons[] = R"(
    select p.conversation_id, max(p.removed_sequence) as sequence, max(p.left_at) as left_at
    from room_members r
      join conversations c on c.conversation_id = r.conversation_id and c.user_id <> $1
      join participants p on p.conversation_id = r.conversation_id
    where r.user_id = $1 and p.user_id = $1 and (p.type <> 'ai_agent' or p.brought_by = $1)
    group by p.conversation_id
    having max(p.removed_sequence) is not null
      and sum(case when p.left_at is null then 1 else 0 end) = 0)";

constexpr char kWithinHorizons[] = R"(
      left join horizon z on z.conversation_id = h.conversation_id
    where z.sequence is null
      or (h.sequence <= z.sequence
          and not exists (select 1
                          from messages m
                          where m.conversation_id = h.conversation_id
                            and m.sequence = h.sequence and m.edited_at > z.left_at)))";

// Kept once: it is read twice, and may be long. In double precision, since PostgreSQL takes ten
// times as long for decimal numbers.
constexpr char kWeighed[] = R"(
  weighed as materialized (
    select h.conversation_id, h.sequence, h.created_at,
      case
        when h.sequence = 0 then cast(3 as double precision)
        else 1 / (1 + h.size / cast(100 as double precision))
      end as weight
    from ({hits}
    ) h{within}
  ))";

constexpr char kRanked[] = R"(, ranked as (
    select conversation_id,
      cast(floor(1000000 * (max(weight) + ln(cast(count(*) as double precision)) / 10)) as bigint)
        as score,
      max(created_at) as latest
    from weighed
    group by conversation_id
  ))";

// Locks the conversation's row, so that nothing of it is deleted meanwhile.
constexpr Statement kLock = {R"(
  update conversations
  set kind = kind
  where conversation_id = $1 and deleted_at is null
  returning kind, user_id, visibility, title, topic, description, created_at)"};

constexpr Statement kConversations = {R"(
  select conversation_id
  from conversations
  where conversation_id > $1
  order by conversation_id
  limit $2)"};

constexpr Statement kMessagesToIndex = {R"(
  select conversation_id, sequence
  from messages
  where (conversation_id, sequence) > ($1, cast($2 as bigint))
  order by conversation_id, sequence
  limit $3)"};

// Of the title, where these are of the rest of the conversation: titles are found apart from
// messages, of which only the newest may be looked at.
std::string ReadersOfTitle(const std::string& readers) {
  return absl::StrReplaceAll(readers, {{"@", "@t"}});
}

std::string ReadersOf(const RoomRow& room) {
  return absl::StrCat(
      ReaderOfRoom(room.conversation_id), " ", kReaderOfRooms,
      room.visibility == RoomVisibility::kPublic ? absl::StrCat(" ", kReaderOfPublicRooms) : "");
}

absl::Status Index(Transaction& tx,
                   const Statement& statement,
                   const std::string& conversation_id,
                   int sequence,
                   absl::Time created_at,
                   const std::string& readers,
                   const SearchText& text) {
  return tx
      .Execute(statement, {conversation_id, sequence, created_at, readers, text.words, text.size})
      .status();
}

std::string ReadersOf(const std::string& conversation_id,
                      const std::string& kind,
                      const std::string& user_id,
                      const std::string& visibility) {
  if (kind != "room") return ReaderOfSessions(user_id);
  RoomRow room;
  room.conversation_id = conversation_id;
  room.visibility = VisibilityOf(visibility);
  return ReadersOf(room);
}

// Of a conversation's row: who finds it, and by what.
struct IndexedConversation {
  std::string readers;
  SearchText title;
  absl::Time created_at;
};

// nullopt where it is gone.
absl::StatusOr<std::optional<IndexedConversation>> Lock(Transaction& tx, const std::string& id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kLock, {id}));
  if (rows.empty()) return std::nullopt;
  const sql::Row& row = rows.front();
  const std::string& kind = row.Text(0);
  IndexedConversation conversation;
  conversation.created_at = row.Time(6);
  conversation.readers = ReadersOf(id, kind, row.Text(1), row.Text(2));
  if (kind != "room") {
    conversation.title = TitleSearchText(row.Text(3));
    return conversation;
  }
  RoomRow room;
  room.title = row.Text(3);
  room.topic = row.Text(4);
  room.description = row.Text(5);
  conversation.title = RoomSearchText(room);
  return conversation;
}

absl::StatusOr<std::optional<BackfillKey>> IndexTitles(Transaction& tx, const BackfillKey& after) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kConversations, {after.first, kBatch}));
  for (const sql::Row& row : rows) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<IndexedConversation> found,
                              Lock(tx, row.Text(0)));
    if (!found.has_value() || found->title.size == 0) continue;
    DRAMATIS_RETURN_IF_ERROR(Index(tx, kIndexOld, row.Text(0), 0, found->created_at,
                                   ReadersOfTitle(found->readers), found->title));
  }
  if (rows.empty()) return std::nullopt;
  return BackfillKey{.first = rows.back().Text(0), .second = ""};
}

absl::StatusOr<std::optional<BackfillKey>> IndexMessages(Transaction& tx,
                                                         const BackfillKey& after) {
  int sequence = 0;
  if (!after.second.empty() && !absl::SimpleAtoi(after.second, &sequence)) {
    return absl::InternalError("a backfill's place is no number");
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kMessagesToIndex, {after.first, sequence, kBatch}));
  for (const sql::Row& row : rows)
    DRAMATIS_RETURN_IF_ERROR(IndexMessage(tx, row.Text(0), row.Int(1)));
  if (rows.empty()) return std::nullopt;
  return BackfillKey{.first = rows.back().Text(0), .second = absl::StrCat(rows.back().Int(1))};
}

}  // namespace

// Ids in hexadecimal: they are of any case and may hold anything.
std::string ReaderOfSessions(const std::string& user_id) {
  return absl::StrCat("@u", absl::BytesToHexString(user_id));
}

std::string ReaderOfRoom(const std::string& conversation_id) {
  return absl::StrCat("@r", absl::BytesToHexString(conversation_id));
}

absl::Status IndexMessage(Transaction& tx, const std::string& conversation_id, int sequence) {
  return tx.Execute(kNoteUnindexed, {conversation_id, sequence}).status();
}

void IndexBeforeSearch(sql::Database& database) {
  for (int i = 0; i < kBatchesBeforeSearch; ++i) {
    const absl::StatusOr<bool> more = IndexBatch(database);
    if (!more.ok() || !*more) return;
  }
}

absl::StatusOr<bool> IndexBatch(sql::Database& database) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const bool any, database.Read([](Transaction& tx) -> absl::StatusOr<bool> {
        DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kAnyUnindexed, {}));
        return !rows.empty();
      }));
  if (!any) return false;
  // What a machine that dies forgets of it is still among the unindexed.
  return database.WriteSoon([](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows conversations,
                              tx.Execute(kConversationsOfBatch, {kMessagesAtOnce}));
    absl::flat_hash_map<std::string, std::string> readers;
    for (const sql::Row& row : conversations)
      readers[row.Text(0)] = ReadersOf(row.Text(0), row.Text(1), row.Text(2), row.Text(3));
    DRAMATIS_ASSIGN_OR_RETURN(const Rows messages, tx.Execute(kBatchToIndex, {kMessagesAtOnce}));
    int indexed = 0;
    for (const sql::Row& row : messages) {
      const bool gone = row.IsNull(2);
      const auto found = readers.find(row.Text(0));
      // Of a conversation that is not locked, since it came meanwhile: the next batch has it.
      if (found == readers.end() && !gone) continue;
      ++indexed;
      DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDropUnindexed, {row.Text(0), row.Int(1)}).status());
      if (gone) continue;
      DRAMATIS_RETURN_IF_ERROR(Index(tx, kIndex, row.Text(0), row.Int(1), row.Time(3),
                                     found->second, MessageSearchText(row.Text(2))));
    }
    return indexed == kMessagesAtOnce;
  });
}

absl::Status IndexTitle(Transaction& tx, const SessionRow& session) {
  if (session.title.empty()) return absl::OkStatus();
  return Index(tx, kIndex, session.conversation_id, 0, session.created_at,
               ReadersOfTitle(ReaderOfSessions(session.user_id)), TitleSearchText(session.title));
}

absl::Status IndexTitle(Transaction& tx, const RoomRow& room) {
  return Index(tx, kIndex, room.conversation_id, 0, room.created_at,
               ReadersOfTitle(ReadersOf(room)), RoomSearchText(room));
}

absl::Status IndexReaders(Transaction& tx, const RoomRow& room) {
  const std::string readers = ReadersOf(room);
  return tx.Execute(kSetReaders, {room.conversation_id, readers, ReadersOfTitle(readers)}).status();
}

absl::Status ForgetIndex(Transaction& tx, const std::string& conversation_id, int sequence) {
  return tx.Execute(kForgetOne, {conversation_id, sequence}).status();
}

absl::Status ForgetIndex(Transaction& tx, const std::string& conversation_id) {
  for (const Statement* statement : {&kForget, &kDropAllUnindexed})
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(*statement, {conversation_id}).status());
  return absl::OkStatus();
}

void AddRanked(sql::Engine engine,
               const std::vector<FoundPlaces>& found,
               const std::string& sent_out,
               Query& query) {
  std::string hits;
  for (const FoundPlaces& places : found) {
    if (!hits.empty()) absl::StrAppend(&hits, "\n      union all");
    const std::string what = query.Parameter(places.query);
    if (!places.most.has_value()) {
      absl::StrAppend(&hits, absl::StrReplaceAll(kHits.For(engine), {{"{found}", what}}));
      continue;
    }
    const std::string newest = absl::StrReplaceAll(
        kNewestHits.For(engine), {{"{found}", what}, {"{most}", query.Parameter(*places.most)}});
    absl::StrAppend(&hits, "\n      select * from (", newest, ") w");
  }
  std::string horizon;
  if (!sent_out.empty()) {
    horizon =
        absl::StrCat("\n  horizon as materialized (",
                     absl::StrReplaceAll(kHorizons, {{"$1", query.Parameter(sent_out)}}), "\n  ),");
  }
  const char* const within = sent_out.empty() ? "" : kWithinHorizons;
  query.Add(absl::StrCat("with", kSpans.For(engine), horizon,
                         absl::StrReplaceAll(kWeighed, {{"{hits}", hits}, {"{within}", within}}),
                         kRanked));
}

absl::StatusOr<bool> WasSentOut(Transaction& tx, const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.ExecuteText(kHorizons, {user_id}));
  return !rows.empty();
}

// Words are letters, digits and marks only, and readers of our own making: none needs quoting.
std::string FoundBy(sql::Engine engine,
                    const std::vector<std::string>& readers,
                    const std::vector<std::string>& words,
                    const std::string& except) {
  if (engine == sql::Engine::kPostgres) {
    return absl::StrCat("('", absl::StrJoin(readers, "' | '"), "') & '",
                        absl::StrJoin(words, "' & '"), "'",
                        except.empty() ? "" : absl::StrCat(" & !'", except, "'"));
  }
  return absl::StrCat("((readers : (\"", absl::StrJoin(readers, "\" OR \""), "\")) AND (words : \"",
                      absl::StrJoin(words, "\" AND words : \""), "\"))",
                      except.empty() ? "" : absl::StrCat(" NOT (readers : \"", except, "\")"));
}

std::string TitlesFoundBy(sql::Engine engine,
                          std::vector<std::string> readers,
                          const std::vector<std::string>& words) {
  for (std::string& reader : readers)
    reader = ReadersOfTitle(reader);
  return FoundBy(engine, readers, words);
}

FoundPlace ToPlace(const sql::Row& row, int column) {
  FoundPlace place;
  place.sequence = row.Int(column);
  if (row.IsNull(column + 1)) return place;
  place.message_id = row.Text(column + 1);
  place.content = row.Text(column + 2);
  place.created_at = row.Time(column + 3);
  return place;
}

std::vector<sql::Backfill> SearchBackfills() {
  return {{.name = "search_titles", .step = &IndexTitles},
          {.name = "search_messages", .step = &IndexMessages}};
}

}  // namespace dramatis::conversation
