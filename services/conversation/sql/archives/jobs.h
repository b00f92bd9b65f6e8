// JobStore on SQLite and PostgreSQL.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/conversation/archives/job_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlJobStore : public JobStore {
 public:
  explicit SqlJobStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<Idempotent<JobRow>> Add(const JobRow& job,
                                         int most_waiting,
                                         const Answering<JobRow>& once) override;
  absl::StatusOr<JobRow> Find(const std::string& user_id, const std::string& job_id) override;
  absl::StatusOr<std::vector<JobRow>> List(const std::string& user_id,
                                           JobKind kind,
                                           const std::string& after,
                                           int limit) override;
  absl::StatusOr<std::optional<JobRow>> Waiting(const std::string& user_id, JobKind kind) override;
  absl::StatusOr<std::optional<JobRow>> Take(absl::Time now, absl::Time lease_ends) override;
  absl::Status FreeAll() override;
  absl::Status Save(JobRow& job, absl::Time lease_ends) override;
  absl::StatusOr<PastWritten> SavePast(
      JobRow& job,
      const std::vector<PastSession>& sessions,
      absl::Time lease_ends,
      const std::function<void(JobRow&, const PastWritten&)>& count) override;
  absl::StatusOr<UserPage> Lines(const std::string& user_id, const std::string& after) override;
  absl::Status SaveLines(JobRow& job,
                         const std::vector<std::string>& lines,
                         absl::Time lease_ends,
                         const std::function<void(JobRow&, const UserImport&)>& count) override;
  absl::StatusOr<std::vector<JobRow>> Expired(absl::Time now, int limit) override;
  absl::StatusOr<std::set<std::string>> ObjectKeys() override;
  absl::Status NoteGone(const JobRow& job) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::conversation
