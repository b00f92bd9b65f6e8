#include "services/memory/sql/journal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "boost/json.hpp"
#include "services/memory/model/versions.h"
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

constexpr Statement kFindEntry = {R"(
    select user_id, entry_id, title, content, template, mood, lists, share_with_personas,
           word_count, version, create_time, update_time
    from journal_entries
    where user_id = $1 and entry_id = $2)"};

constexpr Statement kSharedEntries = {R"(
    select user_id, entry_id, title, substr(content, 1, 2000), template, mood, lists,
           share_with_personas, word_count, version, create_time, update_time
    from journal_entries
    where user_id = $1 and share_with_personas
    order by create_time desc, entry_id desc
    limit cast($2 as bigint))"};

// $2: a JSON array. Those goals that the user does not have.
constexpr Statement kUnknownGoals = {
    R"(
    select asked.goal_id
    from jsonb_array_elements_text(cast($2 as jsonb)) as asked (goal_id)
    where not exists (
      select 1
      from goals g
      where g.user_id = $1 and g.goal_id = asked.goal_id))",
    R"(
    select asked.value
    from json_each($2) asked
    where not exists (
      select 1
      from goals g
      where g.user_id = $1 and g.goal_id = asked.value))"};

constexpr Statement kInsertEntry = {R"(
    insert into journal_entries (user_id, entry_id, title, content, template, mood, lists,
                                 share_with_personas, word_count, words, version, create_time,
                                 update_time)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12))"};

constexpr Statement kUpdateEntry = {R"(
    update journal_entries
    set title = $3, content = $4, template = $5, mood = $6, lists = $7, share_with_personas = $8,
        word_count = $9, words = $10, update_time = $11, version = version + 1
    where user_id = $1 and entry_id = $2 and version = $12)"};

constexpr Statement kDeleteEntry = {R"(
    delete from journal_entries
    where user_id = $1 and entry_id = $2 and (cast($3 as bigint) = 0 or version = $3))"};

// $3: a JSON array.
constexpr Statement kInsertTags = {
    R"(
    insert into journal_tags (user_id, tag, entry_id)
    select $1, asked.tag, $2
    from jsonb_array_elements_text(cast($3 as jsonb)) as asked (tag))",
    R"(
    insert into journal_tags (user_id, tag, entry_id)
    select $1, asked.value, $2
    from json_each($3) asked)"};

constexpr Statement kInsertGoals = {
    R"(
    insert into journal_goals (user_id, goal_id, entry_id)
    select $1, asked.goal_id, $2
    from jsonb_array_elements_text(cast($3 as jsonb)) as asked (goal_id))",
    R"(
    insert into journal_goals (user_id, goal_id, entry_id)
    select $1, asked.value, $2
    from json_each($3) asked)"};

constexpr Statement kDeleteTags = {R"(
    delete from journal_tags
    where user_id = $1 and entry_id = $2)"};

constexpr Statement kDeleteGoals = {R"(
    delete from journal_goals
    where user_id = $1 and entry_id = $2)"};

sql::Bytes ListsOf(const v1::JournalEntry& definition) {
  v1::JournalEntry lists;
  *lists.mutable_tags() = definition.tags();
  *lists.mutable_linked_goal_ids() = definition.linked_goal_ids();
  *lists.mutable_goal_progress() = definition.goal_progress();
  if (definition.has_encryption()) {
    *lists.mutable_encryption() = definition.encryption();
    if (definition.has_word_count()) lists.set_word_count(definition.word_count());
  }
  return sql::Bytes{lists.SerializeAsString()};
}

std::string JsonArray(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  boost::json::array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return boost::json::serialize(array);
}

// Linked ones, and those whose progress is told; each once.
google::protobuf::RepeatedPtrField<std::string> GoalsOf(const v1::JournalEntry& definition) {
  google::protobuf::RepeatedPtrField<std::string> goals = definition.linked_goal_ids();
  for (const v1::JournalGoalProgress& progress : definition.goal_progress()) {
    if (std::find(goals.begin(), goals.end(), progress.goal_id()) == goals.end()) {
      *goals.Add() = progress.goal_id();
    }
  }
  return goals;
}

absl::Status CheckGoals(Transaction& tx, const JournalRow& row) {
  const auto goals = GoalsOf(row.definition);
  if (goals.empty()) return absl::OkStatus();
  DRAMATIS_ASSIGN_OR_RETURN(const Rows unknown,
                            tx.Execute(kUnknownGoals, {row.user_id, JsonArray(goals)}));
  if (unknown.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_LINKED_GOAL_UNKNOWN,
               "the entry names a goal that you do not have", {{"goal_id", unknown[0].Text(0)}});
}

// What finds the entry by its tags and goals.
absl::Status InsertLists(Transaction& tx, const JournalRow& row) {
  const v1::JournalEntry& definition = row.definition;
  if (definition.tags_size() > 0) {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kInsertTags, {row.user_id, row.entry_id, JsonArray(definition.tags())})
            .status());
  }
  const auto goals = GoalsOf(definition);
  if (goals.empty()) return absl::OkStatus();
  return tx.Execute(kInsertGoals, {row.user_id, row.entry_id, JsonArray(goals)}).status();
}

absl::Status DeleteLists(Transaction& tx, const std::string& user_id, const std::string& entry_id) {
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteTags, {user_id, entry_id}).status());
  return tx.Execute(kDeleteGoals, {user_id, entry_id}).status();
}

// The columns that are written, in the order of both statements.
std::vector<sql::Value> WrittenValues(const JournalRow& row) {
  const v1::JournalEntry& definition = row.definition;
  return {row.user_id,
          row.entry_id,
          definition.title(),
          definition.content(),
          definition.template_(),
          definition.mood(),
          ListsOf(definition),
          definition.share_with_personas(),
          row.word_count,
          IndexedWords(definition)};
}

absl::StatusOr<JournalRow> SelectEntry(Transaction& tx,
                                       const std::string& user_id,
                                       const std::string& entry_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindEntry, {user_id, entry_id}));
  if (rows.empty()) return NotFoundError("journal entry");
  return ReadJournalRow(rows[0]);
}

}  // namespace

std::string IndexedWords(const v1::JournalEntry& definition) {
  if (definition.has_encryption()) return "";
  return IndexedText(absl::StrCat(definition.title(), "\n", definition.content(), "\n",
                                  absl::StrJoin(definition.tags(), "\n")));
}

absl::StatusOr<JournalRow> ReadJournalRow(const Row& row) {
  JournalRow entry;
  if (!entry.definition.ParseFromString(row.Blob(6))) {
    return InternalError("journal_entries.lists cannot be read");
  }
  entry.user_id = row.Text(0);
  entry.entry_id = row.Text(1);
  entry.definition.set_title(row.Text(2));
  entry.definition.set_content(row.Text(3));
  entry.definition.set_template_(row.Text(4));
  entry.definition.set_mood(row.Text(5));
  entry.definition.set_share_with_personas(row.Bool(7));
  entry.word_count = row.Int(8);
  entry.version = row.Int(9);
  entry.create_time = row.Time(10);
  entry.update_time = row.Time(11);
  return entry;
}

absl::StatusOr<std::vector<JournalRow>> SelectSharedEntries(Transaction& tx,
                                                            const std::string& user_id,
                                                            int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kSharedEntries, {user_id, limit}));
  std::vector<JournalRow> entries;
  for (const Row& row : rows) {
    DRAMATIS_ASSIGN_OR_RETURN(JournalRow entry, ReadJournalRow(row));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::StatusOr<JournalRow> SqlJournalStore::FindEntry(const std::string& user_id,
                                                      const std::string& entry_id) {
  return database_.Read([&](Transaction& tx) { return SelectEntry(tx, user_id, entry_id); });
}

absl::StatusOr<v1::JournalEntry> SqlJournalStore::CreateEntry(
    const CallContext& call,
    const v1::CreateJournalEntryRequest& request,
    const JournalRow& row,
    const v1::JournalEntry& answer) {
  std::vector<sql::Value> values = WrittenValues(row);
  values.insert(values.end(), {row.create_time, row.update_time});
  return sql::MakeOnce<v1::JournalEntry>(
      database_, call, sql::IdempotencyClaim::For(call, "CreateJournalEntry", request),
      clock_.Now(), [&](Transaction& tx) -> absl::StatusOr<v1::JournalEntry> {
        DRAMATIS_RETURN_IF_ERROR(CheckGoals(tx, row));
        DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertEntry, values).status());
        DRAMATIS_RETURN_IF_ERROR(InsertLists(tx, row));
        return answer;
      });
}

absl::Status SqlJournalStore::UpdateEntry(const JournalRow& row) {
  std::vector<sql::Value> values = WrittenValues(row);
  values.insert(values.end(), {row.update_time, row.version});
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(CheckGoals(tx, row));
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kUpdateEntry, values).status());
    if (tx.affected() == 0) return ChangedMeanwhile();
    DRAMATIS_RETURN_IF_ERROR(DeleteLists(tx, row.user_id, row.entry_id));
    return InsertLists(tx, row);
  });
}

absl::Status SqlJournalStore::DeleteEntry(const std::string& user_id,
                                          const std::string& entry_id,
                                          std::optional<int> version) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kDeleteEntry, {user_id, entry_id, version.value_or(0)}).status());
    if (tx.affected() == 0) {
      DRAMATIS_RETURN_IF_ERROR(SelectEntry(tx, user_id, entry_id).status());
      return ChangedMeanwhile();
    }
    return DeleteLists(tx, user_id, entry_id);
  });
}

}  // namespace dramatis::memory
