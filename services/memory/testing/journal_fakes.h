// A journal's store in memory, for this service's tests: keeps the promises of
// model/journal_store.h, one caller at a time. Its search matches words as they are, without other
// grammatical forms.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/memory/model/journal_store.h"
#include "shared/status/errors.h"
#include "shared/text/words.h"

namespace dramatis::memory {

class FakeJournalStore : public JournalStore {
 public:
  // Run before the next update or deletion, once: another writer that comes first.
  std::function<void()> before_write;
  // Returned by every call while it is set.
  absl::Status error;
  // The goals there are, of whichever user.
  std::set<std::string> goals;
  // What ListEntries was last asked.
  JournalQuery last_query;

  absl::StatusOr<JournalRow> FindEntry(const std::string& user_id,
                                       const std::string& entry_id) override {
    if (!error.ok()) return error;
    const auto found = rows_.find({user_id, entry_id});
    if (found == rows_.end()) return NotFoundError("journal entry");
    return found->second;
  }

  absl::StatusOr<JournalPage> ListEntries(const JournalQuery& query) override {
    if (!error.ok()) return error;
    last_query = query;
    JournalPage page;
    for (const auto& [key, row] : rows_) {
      if (Passes(row, query)) page.entries.push_back(row);
    }
    std::sort(page.entries.begin(), page.entries.end(), [](const auto& a, const auto& b) {
      return std::tie(a.create_time, a.entry_id) > std::tie(b.create_time, b.entry_id);
    });
    page.more = page.entries.size() > static_cast<size_t>(query.limit);
    if (page.more) page.entries.resize(query.limit);
    return page;
  }

  absl::StatusOr<JournalTally> Tally(const std::string& user_id,
                                     int most_moods,
                                     int most_tags) override {
    if (!error.ok()) return error;
    JournalTally tally;
    std::map<std::string, int> moods;
    std::map<std::string, int> tags;
    std::map<absl::Time, int> slots;
    for (const auto& [key, row] : rows_) {
      if (row.user_id != user_id) continue;
      ++tally.entries;
      tally.words += row.word_count;
      if (!row.definition.mood().empty()) ++moods[row.definition.mood()];
      for (const std::string& tag : row.definition.tags())
        ++tags[tag];
      ++slots[absl::UnixEpoch() +
              absl::Floor(row.create_time - absl::UnixEpoch(), JournalTally::kSlotLength)];
    }
    tally.moods = MostFrequent(moods, most_moods);
    tally.tags = MostFrequent(tags, most_tags);
    for (const auto& [start, entries] : slots)
      tally.slots.push_back({start, entries});
    return tally;
  }

  absl::StatusOr<v1::JournalEntry> CreateEntry(const CallContext& call,
                                               const v1::CreateJournalEntryRequest& request,
                                               const JournalRow& row,
                                               const v1::JournalEntry& answer) override {
    if (!error.ok()) return error;
    const auto use = std::make_pair(row.user_id, call.idempotency_key);
    const std::string asked = request.SerializeAsString();
    if (const auto used = answers_.find(use); used != answers_.end()) {
      if (used->second.first == asked) return used->second.second;
      return Error(absl::StatusCode::kAlreadyExists,
                   errors::v1::ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "used for another request");
    }
    if (absl::Status status = CheckGoals(row); !status.ok()) return status;
    if (!call.idempotency_key.empty()) answers_[use] = {asked, answer};
    rows_[{row.user_id, row.entry_id}] = row;
    return answer;
  }

  absl::Status UpdateEntry(const JournalRow& row) override {
    if (!error.ok()) return error;
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = rows_.find({row.user_id, row.entry_id});
    if (found == rows_.end() || found->second.version != row.version) return Conflict();
    if (absl::Status status = CheckGoals(row); !status.ok()) return status;
    found->second = row;
    ++found->second.version;
    return absl::OkStatus();
  }

  absl::Status DeleteEntry(const std::string& user_id,
                           const std::string& entry_id,
                           std::optional<int> version) override {
    if (!error.ok()) return error;
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = rows_.find({user_id, entry_id});
    if (found == rows_.end()) return NotFoundError("journal entry");
    if (version.has_value() && found->second.version != *version) return Conflict();
    rows_.erase(found);
    return absl::OkStatus();
  }

 private:
  static absl::Status Conflict() {
    return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT, "another writer");
  }

  static std::vector<std::string> GoalsOf(const v1::JournalEntry& entry) {
    std::vector<std::string> goals(entry.linked_goal_ids().begin(), entry.linked_goal_ids().end());
    for (const v1::JournalGoalProgress& progress : entry.goal_progress())
      goals.push_back(progress.goal_id());
    return goals;
  }

  absl::Status CheckGoals(const JournalRow& row) const {
    for (const std::string& goal : GoalsOf(row.definition)) {
      if (goals.contains(goal)) continue;
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_LINKED_GOAL_UNKNOWN,
                   "no such goal");
    }
    return absl::OkStatus();
  }

  template <class Container>
  static bool Holds(const Container& container, const std::string& value) {
    return value.empty() || std::find(container.begin(), container.end(), value) != container.end();
  }

  static bool Passes(const JournalRow& row, const JournalQuery& query) {
    const v1::JournalEntry& entry = row.definition;
    std::vector<std::string> words;
    if (!entry.has_encryption()) {
      words = SearchWords(absl::StrCat(entry.title(), "\n", entry.content(), "\n",
                                       absl::StrJoin(entry.tags(), " ")));
    }
    const bool is_after =
        !query.after.has_value() || std::tie(row.create_time, row.entry_id) <
                                        std::tie(query.after->create_time, query.after->entry_id);
    return row.user_id == query.user_id && is_after && row.create_time >= query.from &&
           row.create_time < query.to && (query.mood.empty() || entry.mood() == query.mood) &&
           Holds(entry.tags(), query.tag) && Holds(GoalsOf(entry), query.goal_id) &&
           std::all_of(
               query.words.begin(), query.words.end(),
               [&](const std::string& word) { return Holds(words, word); });
  }

  static std::vector<JournalTally::Label> MostFrequent(const std::map<std::string, int>& counts,
                                                       int most) {
    std::vector<JournalTally::Label> labels;
    for (const auto& [text, entries] : counts)
      labels.push_back({text, entries});
    std::sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) {
      return a.entries != b.entries ? a.entries > b.entries : a.text < b.text;
    });
    if (labels.size() > static_cast<size_t>(most)) labels.resize(most);
    return labels;
  }

  std::map<std::pair<std::string, std::string>, JournalRow> rows_;
  // By user and key: what was asked, what was answered.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, v1::JournalEntry>> answers_;
};

}  // namespace dramatis::memory
