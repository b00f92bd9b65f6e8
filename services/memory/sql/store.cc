#include "services/memory/sql/store.h"

#include <utility>

#include "boost/json.hpp"
#include "services/memory/model/versions.h"
#include "services/memory/sql/journal.h"
#include "services/memory/sql/memory_rows.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

using sql::Row;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kFindProfile = {R"(
    select user_id, display_name, bio, timezone, locale, units, preferences, version,
           create_time, update_time
    from profiles
    where user_id = $1)"};

constexpr Statement kInsertProfile = {R"(
    insert into profiles (user_id, display_name, bio, timezone, locale, units, preferences, version,
                          create_time, update_time)
    values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)
    on conflict (user_id) do nothing)"};

constexpr Statement kUpdateProfile = {R"(
    update profiles
    set display_name = $2, bio = $3, timezone = $4, locale = $5, units = $6, preferences = $7,
        update_time = $8, version = version + 1
    where user_id = $1 and version = $9)"};

constexpr Statement kFindMemory = {R"(
    select user_id, memory_id, content, confidence, persona_id, source_message_id,
           source_conversation_id, version, create_time, update_time
    from memories
    where user_id = $1 and memory_id = $2)"};

// $2: a persona, or empty for every one; $3, $4: the last row of the page before; $5: how many.
constexpr Statement kListMemories = {R"(
    select user_id, memory_id, content, confidence, persona_id, source_message_id,
           source_conversation_id, version, create_time, update_time
    from memories
    where user_id = $1
      and (cast($2 as text) = '' or persona_id in ('', $2))
      and (create_time, memory_id) < (cast($3 as bigint), cast($4 as text))
    order by create_time desc, memory_id desc
    limit cast($5 as bigint))"};

// $1: the user; $2: the words, a JSON array; $3: a persona, or empty for every one; $4: how many
// memories the user has; $5: how many are wanted. A word is weighed by its rarity among the user's
// memories as in BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009,
// equation 3.3); 1,000 characters more halve a score. Rounded, so that the order in which weights
// are added up makes no difference between equals. SQLite's `cross join` keeps the index first: its
// planner would rather try each row.
constexpr Statement kSearchMemories = {
    R"(
    with query_word as (
      select word
      from jsonb_array_elements_text(cast($2 as jsonb)) as list (word)
    ), hit as materialized (
      select m.memory_id, q.word, length(m.words) as size
      from query_word q
      join memories m on m.search @@ (cast('''@' || md5($1) || '''' as tsquery)
                                      && plainto_tsquery('pg_catalog.english', q.word))
      where m.user_id = $1 and (cast($3 as text) = '' or m.persona_id in ('', $3))
    ), rarity as (
      select word, ln(1 + (cast($4 as bigint) - count(*) + 0.5) / (count(*) + 0.5)) as weight
      from hit
      group by word
    ), best as (
      select h.memory_id,
             floor(1000000 * cast(sum(r.weight) / (1 + max(h.size) / 1000.0) as double precision)
                   + 1) / 1000000 as score
      from hit h
      join rarity r on r.word = h.word
      group by h.memory_id
      order by score desc, h.memory_id
      limit cast($5 as bigint)
    )
    select m.user_id, m.memory_id, m.content, m.confidence, m.persona_id, m.source_message_id,
           m.source_conversation_id, m.version, m.create_time, m.update_time, b.score
    from best b
    join memories m on m.user_id = $1 and m.memory_id = b.memory_id
    order by b.score desc, m.memory_id)",
    R"(
    with query_word as (
      select value as word
      from json_each($2)
    ), hit as materialized (
      select m.memory_id, q.word, length(m.words) as size
      from query_word q
      cross join memory_words f on f.memory_words match ('owner : "u' || lower(hex($1)) ||
                                                   '" AND words : "' || q.word || '"')
      cross join memories m on m.search_row = f.rowid
      where m.user_id = $1 and ($3 = '' or m.persona_id in ('', $3))
    ), rarity as (
      select word, ln(1 + ($4 - count(*) + 0.5) / (count(*) + 0.5)) as weight
      from hit
      group by word
    ), best as (
      select h.memory_id,
             floor(1000000 * sum(r.weight) / (1 + max(h.size) / 1000.0) + 1) / 1000000 as score
      from hit h
      join rarity r on r.word = h.word
      group by h.memory_id
      order by score desc, h.memory_id
      limit $5
    )
    select m.user_id, m.memory_id, m.content, m.confidence, m.persona_id, m.source_message_id,
           m.source_conversation_id, m.version, m.create_time, m.update_time, b.score
    from best b
    join memories m on m.user_id = $1 and m.memory_id = b.memory_id
    order by b.score desc, m.memory_id)"};

constexpr Statement kCount = {R"(
    select memories
    from memory_counts
    where user_id = $1)"};

// One row, also for a user of whom nothing is known: nulls for the profile, 0 memories, whether
// there are shared entries and shared active goals (2 is GOAL_STATUS_ACTIVE).
constexpr Statement kFindProfileAndCount = {R"(
    select p.user_id, p.display_name, p.bio, p.timezone, p.locale, p.units, p.preferences,
           p.version, p.create_time, p.update_time, coalesce(c.memories, 0),
           exists (select 1
                   from journal_entries e
                   where e.user_id = $1 and e.share_with_personas),
           exists (select 1
                   from goals g
                   where g.user_id = $1 and g.status = 2 and g.shared)
    from (select cast($1 as text) as user_id) u
    left join profiles p on p.user_id = u.user_id
    left join memory_counts c on c.user_id = u.user_id)"};

constexpr Statement kUpdateMemory = {R"(
    update memories
    set content = $3, confidence = $4, persona_id = $5, source_message_id = $6,
        source_conversation_id = $7, update_time = $8, words = $9, version = version + 1
    where user_id = $1 and memory_id = $2 and version = $10)"};

constexpr Statement kDeleteMemory = {R"(
    delete from memories
    where user_id = $1 and memory_id = $2 and (cast($3 as bigint) = 0 or version = $3))"};

std::string PreferencesJson(const v1::Profile& profile) {
  boost::json::object object;
  for (const auto& [key, value] : profile.preferences())
    object[key] = value;
  return boost::json::serialize(object);
}

absl::StatusOr<ProfileRow> ReadProfile(const Row& row) {
  ProfileRow profile;
  profile.user_id = row.Text(0);
  profile.definition.set_display_name(row.Text(1));
  profile.definition.set_bio(row.Text(2));
  profile.definition.set_timezone(row.Text(3));
  profile.definition.set_locale(row.Text(4));
  profile.definition.set_units(static_cast<v1::Units>(row.Int(5)));
  boost::system::error_code error;
  const boost::json::value preferences = boost::json::parse(row.Text(6), error);
  if (error || !preferences.is_object()) return InternalError("profiles.preferences is not JSON");
  for (const auto& entry : preferences.get_object()) {
    const boost::json::string* value = entry.value().if_string();
    if (value == nullptr) return InternalError("profiles.preferences holds more than strings");
    (*profile.definition.mutable_preferences())[std::string(entry.key())] = std::string(*value);
  }
  profile.version = row.Int(7);
  profile.create_time = row.Time(8);
  profile.update_time = row.Time(9);
  return profile;
}

absl::StatusOr<std::optional<ProfileRow>> SelectProfile(Transaction& tx,
                                                        const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindProfile, {user_id}));
  if (rows.empty()) return std::nullopt;
  DRAMATIS_ASSIGN_OR_RETURN(ProfileRow profile, ReadProfile(rows[0]));
  return profile;
}

absl::StatusOr<MemoryRow> SelectMemory(Transaction& tx,
                                       const std::string& user_id,
                                       const std::string& memory_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindMemory, {user_id, memory_id}));
  if (rows.empty()) return NotFoundError("memory");
  return ReadMemory(rows[0]);
}

// At most `limit` memories.
absl::StatusOr<std::vector<MemoryRow>> SelectNewest(Transaction& tx,
                                                    const MemoryQuery& query,
                                                    int limit) {
  const MemoryQuery::Position last = {absl::InfiniteFuture(), ""};
  const MemoryQuery::Position& after = query.after.has_value() ? *query.after : last;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kListMemories, {query.user_id, query.persona_id,
                                                       after.create_time, after.memory_id, limit}));
  std::vector<MemoryRow> memories;
  for (const Row& row : rows)
    memories.push_back(ReadMemory(row));
  return memories;
}

absl::StatusOr<int64_t> SelectCount(Transaction& tx, const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kCount, {user_id}));
  return rows.empty() ? 0 : rows[0].Int64(0);
}

absl::StatusOr<std::vector<ScoredMemory>> SelectMatches(Transaction& tx,
                                                        const MemorySearch& search,
                                                        int64_t count) {
  std::vector<ScoredMemory> matches;
  if (count == 0 || search.words.empty()) return matches;
  const std::string words = boost::json::serialize(boost::json::value_from(search.words));
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Execute(kSearchMemories, {search.user_id, words, search.persona_id, count, search.limit}));
  for (const Row& row : rows)
    matches.push_back({ReadMemory(row), row.Double(10)});
  return matches;
}

}  // namespace

MemoryRow ReadMemory(const Row& row) {
  MemoryRow memory;
  memory.user_id = row.Text(0);
  memory.memory_id = row.Text(1);
  memory.content = row.Text(2);
  memory.confidence = row.Double(3);
  memory.persona_id = row.Text(4);
  memory.source_message_id = row.Text(5);
  memory.source_conversation_id = row.Text(6);
  memory.version = row.Int(7);
  memory.create_time = row.Time(8);
  memory.update_time = row.Time(9);
  return memory;
}

absl::StatusOr<std::optional<ProfileRow>> SqlStore::FindProfile(const std::string& user_id) {
  return database_.Read([&](Transaction& tx) { return SelectProfile(tx, user_id); });
}

absl::Status SqlStore::WriteProfile(const ProfileRow& row) {
  const v1::Profile& profile = row.definition;
  return database_.Write([&](Transaction& tx) -> absl::Status {
    std::vector<sql::Value> values = {row.user_id,
                                      profile.display_name(),
                                      profile.bio(),
                                      profile.timezone(),
                                      profile.locale(),
                                      static_cast<int>(profile.units()),
                                      PreferencesJson(profile)};
    if (row.version == 0) {
      values.insert(values.end(), {row.create_time, row.update_time});
      DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertProfile, values).status());
    } else {
      values.insert(values.end(), {row.update_time, row.version});
      DRAMATIS_RETURN_IF_ERROR(tx.Execute(kUpdateProfile, values).status());
    }
    return tx.affected() == 1 ? absl::OkStatus() : ChangedMeanwhile();
  });
}

absl::StatusOr<MemoryRow> SqlStore::Find(const std::string& user_id, const std::string& memory_id) {
  return database_.Read([&](Transaction& tx) { return SelectMemory(tx, user_id, memory_id); });
}

absl::StatusOr<MemoryPage> SqlStore::List(const MemoryQuery& query) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<MemoryPage> {
    MemoryPage page;
    DRAMATIS_ASSIGN_OR_RETURN(page.memories, SelectNewest(tx, query, query.limit + 1));
    page.more = page.memories.size() > static_cast<size_t>(query.limit);
    if (page.more) page.memories.pop_back();
    return page;
  });
}

absl::StatusOr<std::vector<ScoredMemory>> SqlStore::Search(const MemorySearch& search) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<ScoredMemory>> {
    DRAMATIS_ASSIGN_OR_RETURN(const int64_t count, SelectCount(tx, search.user_id));
    return SelectMatches(tx, search, count);
  });
}

absl::StatusOr<Recollection> SqlStore::Recall(const MemorySearch& search,
                                              int most_recent,
                                              int most_entries) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<Recollection> {
    Recollection recollection;
    // For a user of whom nothing is kept this is the only statement.
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindProfileAndCount, {search.user_id}));
    if (rows.empty()) return InternalError("a query without rows");
    if (!rows[0].IsNull(0)) {
      DRAMATIS_ASSIGN_OR_RETURN(recollection.profile, ReadProfile(rows[0]));
    }
    recollection.has_goals = rows[0].Bool(12);
    if (rows[0].Bool(11)) {
      DRAMATIS_ASSIGN_OR_RETURN(recollection.entries,
                                SelectSharedEntries(tx, search.user_id, most_entries));
    }
    const int64_t count = rows[0].Int64(10);
    if (count == 0) return recollection;
    DRAMATIS_ASSIGN_OR_RETURN(recollection.matches, SelectMatches(tx, search, count));
    MemoryQuery newest;
    newest.user_id = search.user_id;
    newest.persona_id = search.persona_id;
    DRAMATIS_ASSIGN_OR_RETURN(recollection.recent, SelectNewest(tx, newest, most_recent));
    return recollection;
  });
}

absl::StatusOr<v1::Memory> SqlStore::Create(const CallContext& call,
                                            const v1::CreateMemoryRequest& request,
                                            const MemoryRow& row,
                                            const v1::Memory& answer,
                                            int quota) {
  return sql::MakeOnce<v1::Memory>(
      database_, call, sql::IdempotencyClaim::For(call, "CreateMemory", request), clock_.Now(),
      [&](Transaction& tx) -> absl::StatusOr<v1::Memory> {
        DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCountMemoryUp, {row.user_id, quota}).status());
        if (tx.affected() == 0) {
          return Error(absl::StatusCode::kFailedPrecondition,
                       v1::ERROR_REASON_MEMORY_QUOTA_EXCEEDED,
                       "you have as many memories as are allowed");
        }
        DRAMATIS_RETURN_IF_ERROR(
            tx.Execute(kInsertMemory,
                       {row.user_id, row.memory_id, row.content, row.confidence, row.persona_id,
                        row.source_message_id, row.source_conversation_id, row.create_time,
                        row.update_time, IndexedText(row.content)})
                .status());
        DRAMATIS_RETURN_IF_ERROR(
            tx.Execute(kInsertEmbedding, {row.user_id, row.memory_id}).status());
        return answer;
      });
}

absl::Status SqlStore::Update(const MemoryRow& row) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kUpdateMemory,
                   {row.user_id, row.memory_id, row.content, row.confidence, row.persona_id,
                    row.source_message_id, row.source_conversation_id, row.update_time,
                    IndexedText(row.content), row.version})
            .status());
    if (tx.affected() != 1) return ChangedMeanwhile();
    DRAMATIS_ASSIGN_OR_RETURN(const Rows changes, tx.Execute(kCountVectorChange, {row.user_id}));
    return tx.Execute(kRenewEmbedding, {row.user_id, row.memory_id, changes.at(0).Int64(0)})
        .status();
  });
}

absl::Status SqlStore::Delete(const std::string& user_id,
                              const std::string& memory_id,
                              std::optional<int> version) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kDeleteMemory, {user_id, memory_id, version.value_or(0)}).status());
    if (tx.affected() == 0) {
      DRAMATIS_RETURN_IF_ERROR(SelectMemory(tx, user_id, memory_id).status());
      return ChangedMeanwhile();
    }
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetEmbedding, {user_id, memory_id}).status());
    return tx.Execute(kCountMemoriesDown, {user_id, 1}).status();
  });
}

}  // namespace dramatis::memory
