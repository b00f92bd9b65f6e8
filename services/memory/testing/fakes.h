// A store in memory, for this service's tests: keeps the promises of model/store.h, one caller at a
// time. Its search matches words as they are, without other grammatical forms.
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

#include "services/memory/model/store.h"
#include "shared/status/errors.h"
#include "shared/text/words.h"

namespace dramatis::memory {

class FakeStore : public Store {
 public:
  // Run before the next write of a profile or memory, once: another writer that comes first.
  std::function<void()> before_write;
  // Returned by every call while it is set.
  absl::Status error;
  // What Recall finds of the journal, newest first, and of goals.
  std::vector<JournalRow> shared_entries;
  bool has_goals = false;
  // What Search and Recall were last asked.
  MemorySearch last_search;

  absl::StatusOr<std::optional<ProfileRow>> FindProfile(const std::string& user_id) override {
    if (!error.ok()) return error;
    const auto found = profiles_.find(user_id);
    if (found == profiles_.end()) return std::nullopt;
    return found->second;
  }

  absl::Status WriteProfile(const ProfileRow& row) override {
    if (!error.ok()) return error;
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = profiles_.find(row.user_id);
    if (row.version != (found == profiles_.end() ? 0 : found->second.version)) return Conflict();
    ProfileRow next = row;
    if (found != profiles_.end()) next.create_time = found->second.create_time;
    ++next.version;
    profiles_[row.user_id] = std::move(next);
    return absl::OkStatus();
  }

  absl::StatusOr<MemoryRow> Find(const std::string& user_id,
                                 const std::string& memory_id) override {
    if (!error.ok()) return error;
    const auto found = memories_.find({user_id, memory_id});
    if (found == memories_.end()) return NotFoundError("memory");
    return found->second;
  }

  absl::StatusOr<MemoryPage> List(const MemoryQuery& query) override {
    if (!error.ok()) return error;
    MemoryPage page;
    for (const MemoryRow& row : Newest(query.user_id, query.persona_id)) {
      const bool is_after = !query.after.has_value() ||
                            std::tie(row.create_time, row.memory_id) <
                                std::tie(query.after->create_time, query.after->memory_id);
      if (is_after) page.memories.push_back(row);
    }
    page.more = page.memories.size() > static_cast<size_t>(query.limit);
    if (page.more) page.memories.resize(query.limit);
    return page;
  }

  absl::StatusOr<std::vector<ScoredMemory>> Search(const MemorySearch& search) override {
    if (!error.ok()) return error;
    last_search = search;
    std::vector<ScoredMemory> found;
    for (const MemoryRow& row : Newest(search.user_id, search.persona_id)) {
      const std::vector<std::string> words = SearchWords(row.content);
      const auto score = std::count_if(search.words.begin(), search.words.end(), [&](auto& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
      });
      if (score > 0) found.push_back({row, static_cast<double>(score)});
    }
    std::sort(found.begin(), found.end(), [](const ScoredMemory& a, const ScoredMemory& b) {
      return a.score != b.score ? a.score > b.score : a.memory.memory_id < b.memory.memory_id;
    });
    if (found.size() > static_cast<size_t>(search.limit)) found.resize(search.limit);
    return found;
  }

  absl::StatusOr<Recollection> Recall(const MemorySearch& search,
                                      int most_recent,
                                      int most_entries) override {
    absl::StatusOr<std::vector<ScoredMemory>> matches = Search(search);
    if (!matches.ok()) return matches.status();
    Recollection recollection;
    recollection.profile = *FindProfile(search.user_id);
    recollection.matches = *std::move(matches);
    recollection.recent = Newest(search.user_id, search.persona_id);
    if (recollection.recent.size() > static_cast<size_t>(most_recent)) {
      recollection.recent.resize(most_recent);
    }
    for (const JournalRow& entry : shared_entries) {
      if (recollection.entries.size() < static_cast<size_t>(most_entries)) {
        recollection.entries.push_back(entry);
      }
    }
    recollection.has_goals = has_goals;
    return recollection;
  }

  absl::StatusOr<v1::Memory> Create(const CallContext& call,
                                    const v1::CreateMemoryRequest& request,
                                    const MemoryRow& row,
                                    const v1::Memory& answer,
                                    int quota) override {
    if (!error.ok()) return error;
    const auto use = std::make_pair(row.user_id, call.idempotency_key);
    const std::string asked = request.SerializeAsString();
    if (const auto used = answers_.find(use); used != answers_.end()) {
      if (used->second.first == asked) return used->second.second;
      return Error(absl::StatusCode::kAlreadyExists,
                   errors::v1::ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "used for another request");
    }
    if (Newest(row.user_id, "").size() >= static_cast<size_t>(quota)) {
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_MEMORY_QUOTA_EXCEEDED,
                   "too many");
    }
    if (!call.idempotency_key.empty()) answers_[use] = {asked, answer};
    memories_[{row.user_id, row.memory_id}] = row;
    return answer;
  }

  absl::Status Update(const MemoryRow& row) override {
    if (!error.ok()) return error;
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = memories_.find({row.user_id, row.memory_id});
    if (found == memories_.end() || found->second.version != row.version) return Conflict();
    found->second = row;
    ++found->second.version;
    return absl::OkStatus();
  }

  absl::Status Delete(const std::string& user_id,
                      const std::string& memory_id,
                      std::optional<int> version) override {
    if (!error.ok()) return error;
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = memories_.find({user_id, memory_id});
    if (found == memories_.end()) return NotFoundError("memory");
    if (version.has_value() && found->second.version != *version) return Conflict();
    memories_.erase(found);
    return absl::OkStatus();
  }

 private:
  static absl::Status Conflict() {
    return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT, "another writer");
  }

  std::vector<MemoryRow> Newest(const std::string& user_id, const std::string& persona_id) const {
    std::vector<MemoryRow> rows;
    for (const auto& [key, row] : memories_) {
      const bool in_scope =
          persona_id.empty() || row.persona_id.empty() || row.persona_id == persona_id;
      if (row.user_id == user_id && in_scope) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end(), [](const MemoryRow& a, const MemoryRow& b) {
      return std::tie(a.create_time, a.memory_id) > std::tie(b.create_time, b.memory_id);
    });
    return rows;
  }

  std::map<std::string, ProfileRow> profiles_;
  std::map<std::pair<std::string, std::string>, MemoryRow> memories_;
  // By user and key: what was asked, what was answered.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, v1::Memory>> answers_;
};

}  // namespace dramatis::memory
