// Lists and counts of the journal.
#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/memory/sql/journal.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

using sql::Row;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// $2, $3: the last row of the page before; $4, $5: from when, before when; then what the filters
// need.
constexpr char kListEntries[] = R"(
    select e.user_id, e.entry_id, e.title, e.content, e.template, e.mood, e.lists,
           e.share_with_personas, e.word_count, e.version, e.create_time, e.update_time
    from journal_entries e
    where e.user_id = $1
      and (e.create_time, e.entry_id) < (cast($2 as bigint), cast($3 as text))
      and e.create_time >= cast($4 as bigint) and e.create_time < cast($5 as bigint))";

constexpr char kListOrder[] = R"(
    order by e.create_time desc, e.entry_id desc
    limit cast($6 as bigint))";

// What a filter adds; $0 stands for its parameter.
constexpr Statement kWithMood = {R"(
      and e.mood = $0)"};

constexpr Statement kWithTag = {R"(
      and e.entry_id in (select t.entry_id
                         from journal_tags t
                         where t.user_id = $1 and t.tag = $0))"};

constexpr Statement kWithGoal = {R"(
      and e.entry_id in (select g.entry_id
                         from journal_goals g
                         where g.user_id = $1 and g.goal_id = $0))"};

constexpr Statement kWithWords = {
    R"(
      and e.search @@ (cast('''@' || md5($1) || '''' as tsquery)
                       && plainto_tsquery('pg_catalog.english', $0)))",
    R"(
      and e.search_row in (select w.rowid
                           from journal_words w
                           where w.journal_words match $0))"};

constexpr Statement kTotals = {R"(
    select count(*), cast(coalesce(sum(word_count), 0) as bigint)
    from journal_entries
    where user_id = $1)"};

constexpr Statement kMoods = {R"(
    select mood, count(*)
    from journal_entries
    where user_id = $1 and mood <> ''
    group by mood
    order by count(*) desc, mood
    limit cast($2 as bigint))"};

constexpr Statement kTags = {R"(
    select tag, count(*)
    from journal_tags
    where user_id = $1
    group by tag
    order by count(*) desc, tag
    limit cast($2 as bigint))"};

// $2: the length of a slot in microseconds.
constexpr Statement kSlots = {R"(
    select create_time / cast($2 as bigint), count(*)
    from journal_entries
    where user_id = $1
    group by create_time / cast($2 as bigint)
    order by 1)"};

// The statement for the filters that are set: as many texts as there are sets of filters.
class ListStatement {
 public:
  ListStatement(sql::Engine engine, const JournalQuery& query, int limit) : engine_(engine) {
    const JournalQuery::Position last = {absl::InfiniteFuture(), ""};
    const JournalQuery::Position& after = query.after.has_value() ? *query.after : last;
    // SQLite's planner begins at the bound of one column, and not at that of a row of two.
    const absl::Time to = std::min(query.to, after.create_time + absl::Microseconds(1));
    values_ = {query.user_id, after.create_time, after.entry_id, query.from, to, limit};
    if (!query.mood.empty()) Add(kWithMood, query.mood);
    if (!query.tag.empty()) Add(kWithTag, query.tag);
    if (!query.goal_id.empty()) Add(kWithGoal, query.goal_id);
    if (!query.words.empty()) Add(kWithWords, Match(query));
  }

  std::string Text() const { return absl::StrCat(kListEntries, filters_, kListOrder); }
  const std::vector<sql::Value>& values() const { return values_; }

 private:
  void Add(const Statement& filter, std::string value) {
    values_.emplace_back(std::move(value));
    absl::StrAppend(&filters_, absl::StrReplaceAll(filter.For(engine_),
                                                   {{"$0", absl::StrCat("$", values_.size())}}));
  }

  // Words are letters and digits only, so that none needs quoting.
  std::string Match(const JournalQuery& query) const {
    if (engine_ == sql::Engine::kPostgres) return absl::StrJoin(query.words, " ");
    std::string match = absl::StrCat("owner : \"u", absl::BytesToHexString(query.user_id), "\"");
    for (const std::string& word : query.words)
      absl::StrAppend(&match, " AND words : \"", word, "\"");
    return match;
  }

  const sql::Engine engine_;
  std::string filters_;
  std::vector<sql::Value> values_;
};

absl::StatusOr<std::vector<JournalTally::Label>> SelectLabels(Transaction& tx,
                                                              const Statement& statement,
                                                              const std::string& user_id,
                                                              int most) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(statement, {user_id, most}));
  std::vector<JournalTally::Label> labels;
  for (const Row& row : rows)
    labels.push_back({row.Text(0), row.Int(1)});
  return labels;
}

}  // namespace

absl::StatusOr<JournalPage> SqlJournalStore::ListEntries(const JournalQuery& query) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<JournalPage> {
    const ListStatement list(tx.engine(), query, query.limit + 1);
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.ExecuteText(list.Text(), list.values()));
    JournalPage page;
    for (const Row& row : rows) {
      DRAMATIS_ASSIGN_OR_RETURN(JournalRow entry, ReadJournalRow(row));
      page.entries.push_back(std::move(entry));
    }
    page.more = page.entries.size() > static_cast<size_t>(query.limit);
    if (page.more) page.entries.pop_back();
    return page;
  });
}

absl::StatusOr<JournalTally> SqlJournalStore::Tally(const std::string& user_id,
                                                    int most_moods,
                                                    int most_tags) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<JournalTally> {
    JournalTally tally;
    DRAMATIS_ASSIGN_OR_RETURN(const Rows totals, tx.Execute(kTotals, {user_id}));
    tally.entries = totals.at(0).Int(0);
    tally.words = totals.at(0).Int64(1);
    DRAMATIS_ASSIGN_OR_RETURN(tally.moods, SelectLabels(tx, kMoods, user_id, most_moods));
    DRAMATIS_ASSIGN_OR_RETURN(tally.tags, SelectLabels(tx, kTags, user_id, most_tags));
    const int64_t length = absl::ToInt64Microseconds(JournalTally::kSlotLength);
    DRAMATIS_ASSIGN_OR_RETURN(const Rows slots, tx.Execute(kSlots, {user_id, length}));
    for (const Row& row : slots)
      tally.slots.push_back({absl::FromUnixMicros(row.Int64(0) * length), row.Int(1)});
    return tally;
  });
}

}  // namespace dramatis::memory
