#include "services/memory/sql/user_data.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dramatis/memory/v1/archive_records.pb.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/memory/goals/goal_rules.h"
#include "services/memory/goals/goals.h"
#include "services/memory/journal/journal.h"
#include "services/memory/memories/memories.h"
#include "services/memory/profile/profiles.h"
#include "services/memory/sql/goals.h"
#include "services/memory/sql/journal.h"
#include "services/memory/sql/store.h"
#include "shared/ids/ids.h"
#include "shared/rules/field_rules.h"
#include "shared/sql/joined_database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/time/clock.h"
#include "shared/time/timestamps.h"

namespace dramatis::memory {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr int kRowsInPage = 100;
constexpr size_t kBytesInPage = size_t{2} << 20;
// What an import may bring a user to, whatever the deployment's own limit of new ones is.
constexpr int kMostMemories = 100'000;

// The parts of a user's data, in the order in which they may be taken back. Each gives two keys,
// after those that are $2 and $3.
struct Part {
  const char* name;
  Statement keys;
};
constexpr Part kParts[] = {
    {"profile", {R"(
  select user_id, ''
  from profiles
  where user_id = $1 and $2 < user_id and $3 = ''
  limit cast($4 as bigint))"}},
    {"goals", {R"(
  select goal_id, ''
  from goals
  where user_id = $1 and goal_id > $2 and $3 = ''
  order by goal_id
  limit cast($4 as bigint))"}},
    {"activities", {R"(
  select goal_id, activity_id
  from activities
  where user_id = $1 and (goal_id, activity_id) > ($2, $3)
  order by goal_id, activity_id
  limit cast($4 as bigint))"}},
    {"journal", {R"(
  select entry_id, ''
  from journal_entries
  where user_id = $1 and entry_id > $2 and $3 = ''
  order by entry_id
  limit cast($4 as bigint))"}},
    {"memories", {R"(
  select memory_id, ''
  from memories
  where user_id = $1 and memory_id > $2 and $3 = ''
  order by memory_id
  limit cast($4 as bigint))"}},
    {"summaries", {R"(
  select conversation_id, cast(to_sequence as text)
  from summaries
  where user_id = $1 and (conversation_id > $2
    or (conversation_id = $2 and to_sequence > cast($5 as bigint))) and $3 = $3
  order by conversation_id, to_sequence
  limit cast($4 as bigint))"}},
};
constexpr size_t kSummaries = std::size(kParts) - 1;

constexpr Statement kFindSummary = {R"(
  select from_sequence, to_sequence, text, model, create_time
  from summaries
  where user_id = $1 and conversation_id = $2 and to_sequence = $3)"};

constexpr Statement kRestoreSummary = {R"(
  insert into summaries (user_id, conversation_id, to_sequence, from_sequence, text, model,
    create_time)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (user_id, conversation_id, to_sequence) do nothing)"};

constexpr Statement kActiveTitle = {R"(
  select goal_id
  from goals
  where user_id = $1 and title_key = $2 and status = 2)"};

constexpr Statement kSetGoal = {R"(
  update goals
  set version = $3, complete_time = $4
  where user_id = $1 and goal_id = $2)"};
constexpr Statement kSetProfile = {"update profiles set version = $2 where user_id = $1"};
constexpr Statement kSetEntry = {
    "update journal_entries set version = $3 where user_id = $1 and entry_id = $2"};
constexpr Statement kSetMemory = {
    "update memories set version = $3 where user_id = $1 and memory_id = $2"};

absl::Time TimeOf(const google::protobuf::Timestamp& time, absl::Time otherwise) {
  constexpr int64_t kLastSecond = 253'402'300'799;
  if (time.seconds() <= 0 || time.seconds() > kLastSecond) return otherwise;
  return absl::FromUnixSeconds(time.seconds()) + absl::Microseconds(time.nanos() / 1000);
}

// The stores, within one transaction.
struct Stores {
  explicit Stores(Transaction& transaction) : tx(transaction), database(transaction) {}

  Transaction& tx;
  sql::JoinedDatabase database;
  const SystemClock clock{};
  SqlStore store{database, clock};
  SqlGoalStore goals{database, clock};
  SqlJournalStore journal{database, clock};
};

// The record of the row that a part's keys name.
absl::StatusOr<v1::UserRecord> Record(Stores& stores,
                                      size_t part,
                                      const std::string& user_id,
                                      const std::string& first,
                                      const std::string& second) {
  v1::UserRecord record;
  const std::string name = kParts[part].name;
  if (name == "profile") {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<ProfileRow> row,
                              stores.store.FindProfile(user_id));
    if (!row.has_value()) return NotFoundError("profile");
    *record.mutable_profile() = Present(*row);
    record.set_version(row->version);
  } else if (name == "goals") {
    DRAMATIS_ASSIGN_OR_RETURN(const GoalRow row, stores.goals.FindGoal(user_id, first));
    *record.mutable_goal() = Present(row);
    record.set_version(row.version);
  } else if (name == "activities") {
    DRAMATIS_ASSIGN_OR_RETURN(const ActivityRow row,
                              stores.goals.FindActivity(user_id, first, second));
    *record.mutable_activity() = Present(row);
  } else if (name == "journal") {
    DRAMATIS_ASSIGN_OR_RETURN(const JournalRow row, stores.journal.FindEntry(user_id, first));
    *record.mutable_journal_entry() = Present(row);
    record.set_version(row.version);
  } else if (name == "memories") {
    DRAMATIS_ASSIGN_OR_RETURN(const MemoryRow row, stores.store.Find(user_id, first));
    *record.mutable_memory() = Present(row);
    record.set_version(row.version);
  } else {
    int64_t to = 0;
    (void)absl::SimpleAtoi(second, &to);
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              stores.tx.Execute(kFindSummary, {user_id, first, to}));
    if (rows.empty()) return NotFoundError("summary");
    v1::ArchivedSummary& summary = *record.mutable_summary();
    summary.set_conversation_id(first);
    summary.set_from_sequence(rows[0].Int(0));
    summary.set_to_sequence(rows[0].Int(1));
    summary.set_text(rows[0].Text(2));
    summary.set_model(rows[0].Text(3));
    *summary.mutable_create_time() = ToTimestamp(rows[0].Time(4));
  }
  return record;
}

// Takes lines back, one by one. What a store refuses is left out; nothing that a database could
// refuse reaches it, since that would end the transaction.
class Importing {
 public:
  Importing(Transaction& tx, const ImportingUser& user, UserImport& import)
      : stores_(tx), user_(user), import_(import) {
    call_.identity.user_id = user.user_id;
  }

  absl::Status Take(const v1::UserRecord& record);

 private:
  absl::Status TakeProfile(const v1::Profile& profile, int version);
  absl::Status TakeGoal(const v1::Goal& goal, int version);
  absl::Status TakeActivity(const v1::Activity& activity);
  absl::Status TakeEntry(const v1::JournalEntry& entry, int version);
  absl::Status TakeMemory(const v1::Memory& memory, int version);
  absl::Status TakeSummary(const v1::ArchivedSummary& summary);

  // Whether there is one already; other errors than NOT_FOUND come back.
  template <class Found>
  absl::StatusOr<bool> IsThere(const absl::StatusOr<Found>& found) {
    if (found.ok()) return true;
    if (absl::IsNotFound(found.status())) return false;
    return found.status();
  }
  absl::Status LeaveOut(const std::string& item, const std::string& why) {
    import_.LeaveOut(item, why);
    return absl::OkStatus();
  }
  // What a store says of something that it does not take; what is nobody's fault comes back.
  absl::Status LeaveOut(const std::string& item, const absl::Status& refused) {
    const bool fault = absl::IsFailedPrecondition(refused) || absl::IsInvalidArgument(refused) ||
                       absl::IsResourceExhausted(refused);
    return fault ? LeaveOut(item, std::string(refused.message())) : refused;
  }
  absl::Status SetVersion(const Statement& statement, const std::string& id, int version) {
    if (version <= 1) return absl::OkStatus();
    return stores_.tx.Execute(statement, {user_.user_id, id, version}).status();
  }

  Stores stores_;
  const ImportingUser& user_;
  UserImport& import_;
  CallContext call_;
};

absl::Status Importing::Take(const v1::UserRecord& record) {
  switch (record.record_case()) {
    case v1::UserRecord::kProfile:
      return TakeProfile(record.profile(), record.version());
    case v1::UserRecord::kGoal:
      return TakeGoal(record.goal(), record.version());
    case v1::UserRecord::kActivity:
      return TakeActivity(record.activity());
    case v1::UserRecord::kJournalEntry:
      return TakeEntry(record.journal_entry(), record.version());
    case v1::UserRecord::kMemory:
      return TakeMemory(record.memory(), record.version());
    case v1::UserRecord::kSummary:
      return TakeSummary(record.summary());
    case v1::UserRecord::RECORD_NOT_SET:
      break;
  }
  return LeaveOut("a line of memory.jsonl", "this version does not know what it is");
}

absl::Status Importing::TakeProfile(const v1::Profile& profile, int version) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<ProfileRow> there,
                            stores_.store.FindProfile(user_.user_id));
  import_.Count("profiles", !there.has_value());
  if (there.has_value()) return absl::OkStatus();
  ProfileRow row;
  row.user_id = user_.user_id;
  MergeFields(profile, {}, row.definition);
  row.create_time = TimeOf(profile.create_time(), user_.now);
  row.update_time = TimeOf(profile.update_time(), row.create_time);
  DRAMATIS_RETURN_IF_ERROR(stores_.store.WriteProfile(row));
  if (version <= 1) return absl::OkStatus();
  return stores_.tx.Execute(kSetProfile, {user_.user_id, version}).status();
}

absl::Status Importing::TakeGoal(const v1::Goal& goal, int version) {
  const std::string item = absl::StrCat("goal ", goal.title());
  if (!IsUuid(goal.goal_id())) return LeaveOut(item, std::string("its id is none"));
  DRAMATIS_ASSIGN_OR_RETURN(const bool there,
                            IsThere(stores_.goals.FindGoal(user_.user_id, goal.goal_id())));
  if (there) {
    import_.Count("goals", false);
    return absl::OkStatus();
  }
  GoalRow row;
  row.user_id = user_.user_id;
  row.goal_id = goal.goal_id();
  v1::Goal definition;
  MergeFields(goal, {}, definition);
  row.definition = Normalized(definition);
  // As it was: a target date that has passed meanwhile may stay.
  const absl::CivilDay today = absl::ToCivilDay(user_.now, absl::UTCTimeZone());
  v1::Goal begun = row.definition;
  if (goal.status() == v1::GOAL_STATUS_COMPLETED || goal.status() == v1::GOAL_STATUS_ARCHIVED) {
    begun.set_status(v1::GOAL_STATUS_ACTIVE);
  }
  if (const auto wrong = CheckGoal(begun, today, &begun); !wrong.empty()) {
    return LeaveOut(item, absl::StrCat(wrong[0].field, " ", wrong[0].description));
  }
  row.title_key = TitleKey(row.definition.title());
  row.create_time = TimeOf(goal.create_time(), user_.now);
  row.update_time = TimeOf(goal.update_time(), row.create_time);
  if (row.IsActive()) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows taken,
                              stores_.tx.Execute(kActiveTitle, {user_.user_id, row.title_key}));
    if (!taken.empty()) return LeaveOut(item, std::string("there is an active goal of that title"));
  }
  const absl::Status made = stores_.goals.CreateGoal(call_, goal, row, kGoalQuota).status();
  if (!made.ok()) return LeaveOut(item, made);
  import_.Count("goals", true);
  std::optional<absl::Time> completed;
  if (goal.has_complete_time()) completed = TimeOf(goal.complete_time(), row.update_time);
  return stores_.tx.Execute(kSetGoal, {row.user_id, row.goal_id, std::max(version, 1), completed})
      .status();
}

absl::Status Importing::TakeActivity(const v1::Activity& activity) {
  const std::string item = absl::StrCat("activity of ", activity.activity_date());
  const std::optional<absl::CivilDay> day = ParseDay(activity.activity_date());
  if (!IsUuid(activity.activity_id()) || !day.has_value()) {
    return LeaveOut(item, std::string("its id or its day is none"));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const bool has_goal,
                            IsThere(stores_.goals.FindGoal(user_.user_id, activity.goal_id())));
  if (!has_goal) return LeaveOut(item, std::string("its goal was left out"));
  DRAMATIS_ASSIGN_OR_RETURN(const bool there,
                            IsThere(stores_.goals.FindActivity(user_.user_id, activity.goal_id(),
                                                               activity.activity_id())));
  if (there) {
    import_.Count("activities", false);
    return absl::OkStatus();
  }
  const absl::Status made =
      stores_.goals
          .AddActivity(call_, activity, activity.goal_id(),
                       [&](const GoalRow& goal) -> absl::StatusOr<ActivityRow> {
                         ActivityRow row;
                         row.user_id = user_.user_id;
                         row.goal_id = goal.goal_id;
                         row.activity_id = activity.activity_id();
                         row.value = activity.value();
                         row.type = activity.activity_type();
                         row.day = *day;
                         row.definition.set_unit(activity.unit());
                         row.definition.set_note(activity.note());
                         if (activity.has_context()) {
                           *row.definition.mutable_context() = activity.context();
                         }
                         row.create_time = TimeOf(activity.create_time(), user_.now);
                         return row;
                       })
          .status();
  if (!made.ok()) return LeaveOut(item, made);
  import_.Count("activities", true);
  return absl::OkStatus();
}

absl::Status Importing::TakeEntry(const v1::JournalEntry& entry, int version) {
  const std::string item = absl::StrCat("journal entry ", entry.title());
  if (!IsUuid(entry.entry_id())) return LeaveOut(item, std::string("its id is none"));
  DRAMATIS_ASSIGN_OR_RETURN(const bool there,
                            IsThere(stores_.journal.FindEntry(user_.user_id, entry.entry_id())));
  if (there) {
    import_.Count("journalEntries", false);
    return absl::OkStatus();
  }
  absl::StatusOr<JournalRow> row = RestoredEntry(entry);
  if (!row.ok()) return LeaveOut(item, row.status());
  row->user_id = user_.user_id;
  row->entry_id = entry.entry_id();
  row->create_time = TimeOf(entry.create_time(), user_.now);
  row->update_time = TimeOf(entry.update_time(), row->create_time);
  const absl::Status made = stores_.journal.CreateEntry(call_, {}, *row, {}).status();
  if (!made.ok()) return LeaveOut(item, made);
  import_.Count("journalEntries", true);
  return SetVersion(kSetEntry, row->entry_id, version);
}

absl::Status Importing::TakeMemory(const v1::Memory& memory, int version) {
  const std::string item = "a memory";
  if (!IsUuid(memory.memory_id())) return LeaveOut(item, std::string("its id is none"));
  DRAMATIS_ASSIGN_OR_RETURN(const bool there,
                            IsThere(stores_.store.Find(user_.user_id, memory.memory_id())));
  if (there) {
    import_.Count("memories", false);
    return absl::OkStatus();
  }
  MemoryRow row;
  row.user_id = user_.user_id;
  row.memory_id = memory.memory_id();
  row.content = memory.content();
  row.confidence = memory.confidence();
  row.persona_id = memory.persona_id();
  row.source_message_id = memory.source_message_id();
  row.source_conversation_id = memory.source_conversation_id();
  row.create_time = TimeOf(memory.create_time(), user_.now);
  row.update_time = TimeOf(memory.update_time(), row.create_time);
  const absl::Status made = stores_.store.Create(call_, {}, row, {}, kMostMemories).status();
  if (!made.ok()) return LeaveOut(item, made);
  import_.Count("memories", true);
  return SetVersion(kSetMemory, row.memory_id, version);
}

absl::Status Importing::TakeSummary(const v1::ArchivedSummary& summary) {
  if (!IsUuid(summary.conversation_id()) || summary.from_sequence() < 1 ||
      summary.to_sequence() < summary.from_sequence()) {
    return LeaveOut("a summary", std::string("it says of no messages that it stands for them"));
  }
  DRAMATIS_RETURN_IF_ERROR(
      stores_.tx
          .Execute(kRestoreSummary, {user_.user_id, summary.conversation_id(),
                                     summary.to_sequence(), summary.from_sequence(), summary.text(),
                                     summary.model(), TimeOf(summary.create_time(), user_.now)})
          .status());
  import_.Count("summaries", stores_.tx.affected() == 1);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UserPage> ExportUser(Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after) {
  std::vector<std::string> place = absl::StrSplit(after, '\n');
  size_t part = 0;
  if (after.empty()) {
    place = {"0", "", ""};
  } else if (place.size() != 3 || !absl::SimpleAtoi(place[0], &part) || part >= std::size(kParts)) {
    return absl::InvalidArgumentError("after is not a place in an export");
  }
  Stores stores(tx);
  UserPage page;
  size_t bytes = 0;
  std::vector<sql::Value> keys = {user_id, place[1], place[2], kRowsInPage};
  if (part == kSummaries) {
    int64_t to = 0;
    (void)absl::SimpleAtoi(place[2], &to);
    keys.emplace_back(to);
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kParts[part].keys, keys));
  for (const sql::Row& row : rows) {
    DRAMATIS_ASSIGN_OR_RETURN(const v1::UserRecord record,
                              Record(stores, part, user_id, row.Text(0), row.Text(1)));
    page.lines.push_back(RecordLine(record));
    bytes += page.lines.back().size();
    page.next = absl::StrCat(part, "\n", row.Text(0), "\n", row.Text(1));
    if (bytes > kBytesInPage) return page;
  }
  if (static_cast<int>(rows.size()) < kRowsInPage) {
    page.next = part + 1 < std::size(kParts) ? absl::StrCat(part + 1, "\n\n") : "";
  }
  return page;
}

absl::StatusOr<UserImport> ImportUser(Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines) {
  UserImport import;
  Importing importing(tx, user, import);
  for (const std::string& line : lines) {
    const absl::StatusOr<v1::UserRecord> record = ReadRecord<v1::UserRecord>(line);
    if (!record.ok()) {
      import.LeaveOut("a line of memory.jsonl", std::string(record.status().message()));
      continue;
    }
    DRAMATIS_RETURN_IF_ERROR(importing.Take(*record));
  }
  return import;
}

}  // namespace dramatis::memory
