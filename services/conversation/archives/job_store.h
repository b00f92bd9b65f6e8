// What conversation keeps of imports and exports. As in model/store.h each function is one
// transaction.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/archives.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/store.h"
#include "shared/archive/user_data.h"
#include "shared/objects/objects.h"

namespace dramatis::conversation {

enum class JobKind { kImport, kExport };

struct JobRow {
  std::string user_id;
  std::string job_id;
  JobKind kind = JobKind::kImport;
  v1::JobState state = v1::JOB_STATE_QUEUED;
  // Of an import.
  v1::ImportSource source = v1::IMPORT_SOURCE_UNSPECIFIED;
  std::string persona_id;
  bool as_admin = false;
  std::string object_key;  // of the archive; empty where it is gone, or not there yet
  int64_t size_bytes = 0;
  v1::Import report;     // its counts, left_out and problem
  int64_t position = 0;  // how many chats or lines have been worked on
  absl::Time created_at;
  std::optional<absl::Time> ended_at;
  // While it is worked on: when the lease ends, and names the lease. Of one that has ended: when
  // its archive goes.
  absl::Time due_at;
  int attempts = 0;  // that failed in a row
};

// A session that took place elsewhere. Of `row`, holds and numbers do not count; of `messages`,
// which are in order, neither numbers nor user.
struct PastSession {
  SessionRow row;
  std::vector<MessageRow> messages;
};

// How many of each there were.
struct PastWritten {
  int sessions = 0;
  int messages = 0;
  int unchanged = 0;
};

// Where archives are, those of all of a user's jobs, and a job's.
inline constexpr char kArchivesPrefix[] = "archives/";
inline std::string ObjectsOf(const std::string& user_id) {
  return kArchivesPrefix + objects::KeyPart(user_id) + "/";
}
inline std::string ObjectOf(const std::string& user_id, const std::string& job_id) {
  return ObjectsOf(user_id) + job_id;
}

class JobStore {
 public:
  virtual ~JobStore() = default;

  // Adds a job. RESOURCE_EXHAUSTED where `most_waiting` of the kind wait for the user already.
  virtual absl::StatusOr<Idempotent<JobRow>> Add(const JobRow& job,
                                                 int most_waiting,
                                                 const Answering<JobRow>& once) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<JobRow> Find(const std::string& user_id, const std::string& job_id) = 0;
  // Newest first; those after `after`, a job's id, where it is not empty.
  virtual absl::StatusOr<std::vector<JobRow>> List(const std::string& user_id,
                                                   JobKind kind,
                                                   const std::string& after,
                                                   int limit) = 0;
  // The user's export that is not done, if there is one.
  virtual absl::StatusOr<std::optional<JobRow>> Waiting(const std::string& user_id,
                                                        JobKind kind) = 0;

  // The job that has been due for longest, running under a lease until `lease_ends`; nullopt if
  // none is.
  virtual absl::StatusOr<std::optional<JobRow>> Take(absl::Time now, absl::Time lease_ends) = 0;
  // Frees every job's lease: for whoever is the only process that has the store.
  virtual absl::Status FreeAll() = 0;
  // Writes how far the job has come, with a lease until `lease_ends`. ABORTED where the lease is
  // lost: somebody else has the job, or it is gone.
  virtual absl::Status Save(JobRow& job, absl::Time lease_ends) = 0;
  // The same, and in the same transaction the sessions that are not there yet. Those that are stay
  // as they are. Memory is told of none of it.
  virtual absl::StatusOr<PastWritten> SavePast(
      JobRow& job,
      const std::vector<PastSession>& sessions,
      absl::Time lease_ends,
      const std::function<void(JobRow&, const PastWritten&)>& count) = 0;

  // Some of what conversation itself keeps of a user, as lines of an archive.
  virtual absl::StatusOr<UserPage> Lines(const std::string& user_id, const std::string& after) = 0;
  // The same as SavePast, of such lines.
  virtual absl::Status SaveLines(JobRow& job,
                                 const std::vector<std::string>& lines,
                                 absl::Time lease_ends,
                                 const std::function<void(JobRow&, const UserImport&)>& count) = 0;

  // Jobs that have ended and whose archive is due to go, at most `limit`.
  virtual absl::StatusOr<std::vector<JobRow>> Expired(absl::Time now, int limit) = 0;
  // The keys of all archives that jobs have, or are about to have.
  virtual absl::StatusOr<std::set<std::string>> ObjectKeys() = 0;
  // Notes that the archive is gone.
  virtual absl::Status NoteGone(const JobRow& job) = 0;
};

}  // namespace dramatis::conversation
