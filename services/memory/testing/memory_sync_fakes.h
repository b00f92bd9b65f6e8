// What takes the places of memory's neighbour and of the store of observations in this service's
// tests: an inference that answers what the test says, and a store that keeps the promises of
// model/memory_sync_store.h, one caller at a time. Its memories are those of a FakeStore.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "services/memory/model/memory_sync_store.h"
#include "services/memory/model/peers.h"
#include "services/memory/testing/fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

class FakeInferencePeer : public InferencePeer {
 public:
  absl::StatusOr<inference::v1::EmbedResponse> Embed(const CallContext& /*call*/,
                                                     const inference::v1::EmbedRequest& request,
                                                     absl::Duration /*patience*/) override {
    embedded.push_back(request);
    if (embedder.empty() && request.texts_size() > 0) {
      return Error(absl::StatusCode::kFailedPrecondition, inference::v1::ERROR_REASON_NO_EMBEDDER,
                   "none");
    }
    if (!embed_failure.ok() && request.texts_size() > 0) return embed_failure;
    inference::v1::EmbedResponse response;
    response.set_embedder(embedder);
    for (const std::string& text : request.texts()) {
      const auto found = vectors.find(text);
      auto& values = *response.add_embeddings()->mutable_values();
      if (found == vectors.end()) {
        values.Add(1);
        values.Add(0);
      } else {
        values.Add(found->second.begin(), found->second.end());
      }
    }
    return response;
  }
  std::string embedder;  // empty: there is none
  absl::Status embed_failure;
  std::map<std::string, std::vector<float>> vectors;  // of other texts (1, 0)
  std::vector<inference::v1::EmbedRequest> embedded;

  absl::StatusOr<inference::v1::RunTaskResponse> RunTask(
      const CallContext& /*call*/, const inference::v1::RunTaskRequest& request) override {
    requests.push_back(request);
    if (while_running) while_running();
    size_t bytes = 0;
    for (const auto& line : request.lines())
      bytes += line.text().size();
    if (bytes > window_bytes) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   inference::v1::ERROR_REASON_CONTEXT_TOO_LARGE, "too large");
    }
    if (!failure.ok()) return failure;
    inference::v1::RunTaskResponse response;
    response.set_model("fake/model");
    if (request.task() == inference::v1::TASK_SUMMARY) {
      response.set_summary(summary);
      return response;
    }
    for (const auto& [line, text] : found) {
      auto& statement = *response.add_statements();
      statement.set_line(line);
      statement.set_text(text);
      statement.set_confidence(0.7);
    }
    return response;
  }

  // By line: what every extraction finds.
  std::vector<std::pair<int, std::string>> found;
  std::string summary = "They met.";
  absl::Status failure;
  size_t window_bytes = 1'000'000;
  std::function<void()> while_running;
  std::vector<inference::v1::RunTaskRequest> requests;
};

class FakeRememberingStore : public RememberingStore {
 public:
  explicit FakeRememberingStore(FakeStore& memories) : memories_(memories) {}

  absl::StatusOr<Progress> FindProgress(const ConversationKey& key) override {
    if (!error.ok()) return error;
    return progress_[Id(key)];
  }
  absl::StatusOr<std::vector<std::string>> Observe(const ConversationKey& key,
                                                   const Progress& seen,
                                                   int to_sequence,
                                                   const std::vector<MemoryRow>& found,
                                                   int quota) override {
    if (!error.ok()) return error;
    if (!(progress_[Id(key)] == seen)) return Conflict();
    progress_[Id(key)].last_sequence = to_sequence;
    std::vector<std::string> added;
    for (const MemoryRow& row : found) {
      if (memories_.Create({}, {}, row, {}, quota).ok()) added.push_back(row.memory_id);
    }
    return added;
  }
  absl::StatusOr<std::vector<SummaryRow>> Summaries(const ConversationKey& key,
                                                    int before_sequence,
                                                    int limit) override {
    if (!error.ok()) return error;
    std::vector<SummaryRow> rows;
    const auto& all = summaries_[Id(key)];
    for (auto row = all.rbegin(); row != all.rend() && rows.size() < static_cast<size_t>(limit);
         ++row) {
      if (row->first < before_sequence) rows.push_back(row->second);
    }
    return rows;
  }
  absl::Status AddSummary(const SummaryRow& row, const Progress& seen) override {
    if (!error.ok()) return error;
    if (progress_[Id(row.key)].forgettings != seen.forgettings) return Conflict();
    summaries_[Id(row.key)].emplace(row.to_sequence, row);
    return absl::OkStatus();
  }
  absl::StatusOr<Forgotten> Forget(const ConversationKey& key,
                                   const std::vector<ForgottenMessage>& messages,
                                   bool all) override {
    if (!error.ok()) return error;
    Progress& progress = progress_[Id(key)];
    ++progress.forgettings;
    if (all) progress.last_sequence = 0;
    Forgotten forgotten;
    forgotten.summaries = static_cast<int>(std::erase_if(summaries_[Id(key)], [&](const auto& row) {
      if (all) return true;
      return std::any_of(messages.begin(), messages.end(), [&](const ForgottenMessage& message) {
        return row.second.from_sequence <= message.sequence && message.sequence <= row.first;
      });
    }));
    forgotten_ids = messages;
    return forgotten;
  }

  absl::Status error;
  std::vector<ForgottenMessage> forgotten_ids;  // of the last Forget

 private:
  static std::pair<std::string, std::string> Id(const ConversationKey& key) {
    return {key.user_id, key.conversation_id};
  }
  static absl::Status Conflict() {
    return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT, "meanwhile");
  }

  FakeStore& memories_;
  std::map<std::pair<std::string, std::string>, Progress> progress_;
  std::map<std::pair<std::string, std::string>, std::map<int, SummaryRow>> summaries_;
};

}  // namespace dramatis::memory
