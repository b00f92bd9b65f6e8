#include "services/conversation/sql/archives/jobs.h"

#include <array>
#include <utility>

#include "services/conversation/sql/archives/past_sessions.h"
#include "services/conversation/sql/archives/user_data.h"
#include "services/conversation/sql/columns.h"
#include "services/conversation/sql/once.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

const char* NameOf(JobKind kind) {
  return kind == JobKind::kExport ? "export" : "import";
}

const char* NameOf(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_RUNNING:
      return "running";
    case v1::JOB_STATE_DONE:
      return "done";
    case v1::JOB_STATE_FAILED:
      return "failed";
    default:
      return "queued";
  }
}

v1::JobState JobStateOf(const std::string& name) {
  if (name == "running") return v1::JOB_STATE_RUNNING;
  if (name == "done") return v1::JOB_STATE_DONE;
  if (name == "failed") return v1::JOB_STATE_FAILED;
  return v1::JOB_STATE_QUEUED;
}

constexpr auto kJobColumns = std::to_array<Column<JobRow>>({
    Field<&JobRow::user_id>("user_id"),
    Field<&JobRow::job_id>("job_id"),
    {"kind",
     [](const sql::Row& row, int column, JobRow& job) {
       job.kind = row.Text(column) == "export" ? JobKind::kExport : JobKind::kImport;
     },
     [](const JobRow& job) { return sql::Value(NameOf(job.kind)); }},
    {"state",
     [](const sql::Row& row, int column, JobRow& job) { job.state = JobStateOf(row.Text(column)); },
     [](const JobRow& job) { return sql::Value(NameOf(job.state)); }},
    {"source",
     [](const sql::Row& row, int column, JobRow& job) {
       job.source = static_cast<v1::ImportSource>(row.Int(column));
     },
     [](const JobRow& job) { return sql::Value(static_cast<int>(job.source)); }},
    Field<&JobRow::persona_id>("persona_id"),
    Field<&JobRow::as_admin>("as_admin"),
    Field<&JobRow::object_key>("object_key"),
    Field<&JobRow::size_bytes>("size_bytes"),
    {"report",
     [](const sql::Row& row, int column, JobRow& job) {
       // What cannot be read says nothing; the job's state does not depend on it.
       (void)job.report.ParseFromString(row.Blob(column));
     },
     [](const JobRow& job) { return sql::Value(sql::Bytes{job.report.SerializeAsString()}); }},
    Field<&JobRow::position>("position"),
    Field<&JobRow::created_at>("created_at"),
    Field<&JobRow::ended_at>("ended_at"),
    Field<&JobRow::due_at>("due_at"),
    Field<&JobRow::attempts>("attempts"),
});
constexpr SqlText kJobNames = NamesOf(kJobColumns);

constexpr SqlText kInsertJob = InsertInto("jobs", kJobColumns);

constexpr Statement kJobsWithObjects = {R"(
  select user_id, job_id
  from jobs
  where object_key <> '' or state in ('queued', 'running'))"};

// Whoever comes second waits here until the first has committed, and then counts its job too.
constexpr Statement kLockUsersJobs = {R"(
  insert into user_sessions (user_id, started)
  values ($1, 0)
  on conflict (user_id) do update set started = user_sessions.started)"};

constexpr Statement kCountWaiting = {R"(
  select count(*)
  from jobs
  where user_id = $1 and kind = $2 and state in ('queued', 'running'))"};

constexpr SqlText kFindJob = {"select ", kJobNames,
                              " from jobs where user_id = $1 and job_id = $2"};

constexpr SqlText kListJobs = {"select ", kJobNames, R"(
  from jobs
  where user_id = $1 and kind = $2 and ($3 = '' or job_id < $3)
  order by job_id desc
  limit cast($4 as bigint))"};

constexpr SqlText kWaitingJob = {"select ", kJobNames, R"(
  from jobs
  where user_id = $1 and kind = $2 and state in ('queued', 'running')
  order by job_id
  limit 1)"};

constexpr Statement kDueJobs = {R"(
  select user_id, job_id, due_at
  from jobs
  where state in ('queued', 'running') and due_at <= $1
  order by due_at
  limit 8)"};

constexpr SqlText kTakeJob = {R"(
  update jobs
  set due_at = $4, state = 'running'
  where user_id = $1 and job_id = $2 and due_at = $3 and state in ('queued', 'running')
  returning )",
                              kJobNames};

constexpr Statement kFreeJobs = {
    "update jobs set due_at = 0, state = 'queued' where state = 'running'"};

constexpr Statement kSaveJob = {R"(
  update jobs
  set state = $4, report = $5, position = $6, object_key = $7, size_bytes = $8, ended_at = $9,
    due_at = $10, attempts = $11
  where user_id = $1 and job_id = $2 and due_at = $3 and state = 'running')"};

constexpr SqlText kExpiredJobs = {"select ", kJobNames, R"(
  from jobs
  where object_key <> '' and state in ('done', 'failed') and due_at <= $1
  order by due_at
  limit cast($2 as bigint))"};

constexpr Statement kNoteGone = {R"(
  update jobs
  set object_key = ''
  where user_id = $1 and job_id = $2 and object_key = $3)"};

std::vector<JobRow> ToJobs(const Rows& rows) {
  std::vector<JobRow> jobs;
  jobs.reserve(rows.size());
  for (const sql::Row& row : rows)
    jobs.push_back(RowOf(kJobColumns, row));
  return jobs;
}

absl::Status SaveIn(Transaction& tx, const JobRow& job, absl::Time lease_ends) {
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kSaveJob, {job.user_id, job.job_id, job.due_at, NameOf(job.state),
                            sql::Bytes{job.report.SerializeAsString()}, job.position,
                            job.object_key, job.size_bytes, job.ended_at, lease_ends, job.attempts})
          .status());
  return tx.affected() == 1 ? absl::OkStatus() : absl::AbortedError("the job's lease is lost");
}

}  // namespace

absl::StatusOr<Idempotent<JobRow>> SqlJobStore::Add(const JobRow& job,
                                                    int most_waiting,
                                                    const Answering<JobRow>& once) {
  return database_.Write(Once(once, job.created_at, [&](Transaction& tx) -> absl::StatusOr<JobRow> {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kLockUsersJobs, {job.user_id}).status());
    DRAMATIS_ASSIGN_OR_RETURN(const Rows waiting,
                              tx.Execute(kCountWaiting, {job.user_id, NameOf(job.kind)}));
    if (waiting.front().Int64(0) >= most_waiting) {
      return WithRetryAfter(
          Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_OVERLOADED,
                "as many of your jobs wait as may: come back when one is done"),
          absl::Seconds(10));
    }
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertJob, ValuesOf(kJobColumns, job)).status());
    return job;
  }));
}

absl::StatusOr<JobRow> SqlJobStore::Find(const std::string& user_id, const std::string& job_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kFindJob, {user_id, job_id});
  }));
  if (rows.empty()) return NotFoundError("job");
  return RowOf(kJobColumns, rows.front());
}

absl::StatusOr<std::vector<JobRow>> SqlJobStore::List(const std::string& user_id,
                                                      JobKind kind,
                                                      const std::string& after,
                                                      int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kListJobs, {user_id, NameOf(kind), after, limit});
  }));
  return ToJobs(rows);
}

absl::StatusOr<std::optional<JobRow>> SqlJobStore::Waiting(const std::string& user_id,
                                                           JobKind kind) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kWaitingJob, {user_id, NameOf(kind)});
  }));
  if (rows.empty()) return std::nullopt;
  return RowOf(kJobColumns, rows.front());
}

absl::StatusOr<std::optional<JobRow>> SqlJobStore::Take(absl::Time now, absl::Time lease_ends) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows due, database_.Read([&](Transaction& tx) { return tx.Execute(kDueJobs, {now}); }));
  for (const sql::Row& row : due) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows taken, database_.Write([&](Transaction& tx) {
      return tx.Execute(kTakeJob, {row.Text(0), row.Text(1), row.Time(2), lease_ends});
    }));
    if (!taken.empty()) return RowOf(kJobColumns, taken.front());  // else another was faster
  }
  return std::nullopt;
}

absl::Status SqlJobStore::FreeAll() {
  return database_.Write([&](Transaction& tx) { return tx.Execute(kFreeJobs, {}).status(); });
}

absl::Status SqlJobStore::Save(JobRow& job, absl::Time lease_ends) {
  DRAMATIS_RETURN_IF_ERROR(
      database_.Write([&](Transaction& tx) { return SaveIn(tx, job, lease_ends); }));
  job.due_at = lease_ends;
  return absl::OkStatus();
}

absl::StatusOr<PastWritten> SqlJobStore::SavePast(
    JobRow& job,
    const std::vector<PastSession>& sessions,
    absl::Time lease_ends,
    const std::function<void(JobRow&, const PastWritten&)>& count) {
  JobRow saved;
  DRAMATIS_ASSIGN_OR_RETURN(const PastWritten written,
                            database_.Write([&](Transaction& tx) -> absl::StatusOr<PastWritten> {
                              saved = job;
                              PastWritten all;
                              for (const PastSession& session : sessions) {
                                DRAMATIS_ASSIGN_OR_RETURN(const bool made,
                                                          InsertPastSession(tx, session));
                                if (!made) {
                                  ++all.unchanged;
                                  continue;
                                }
                                ++all.sessions;
                                all.messages += static_cast<int>(session.messages.size());
                              }
                              count(saved, all);
                              DRAMATIS_RETURN_IF_ERROR(SaveIn(tx, saved, lease_ends));
                              return all;
                            }));
  job = std::move(saved);
  job.due_at = lease_ends;
  return written;
}

absl::StatusOr<UserPage> SqlJobStore::Lines(const std::string& user_id, const std::string& after) {
  return database_.Read([&](Transaction& tx) { return ExportUser(tx, user_id, after); });
}

absl::Status SqlJobStore::SaveLines(JobRow& job,
                                    const std::vector<std::string>& lines,
                                    absl::Time lease_ends,
                                    const std::function<void(JobRow&, const UserImport&)>& count) {
  JobRow saved;
  DRAMATIS_RETURN_IF_ERROR(database_.Write([&](Transaction& tx) -> absl::Status {
    saved = job;
    const ImportingUser user = {
        .user_id = job.user_id, .admin = job.as_admin, .now = job.created_at};
    DRAMATIS_ASSIGN_OR_RETURN(const UserImport import, ImportUser(tx, user, lines));
    count(saved, import);
    return SaveIn(tx, saved, lease_ends);
  }));
  job = std::move(saved);
  job.due_at = lease_ends;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<JobRow>> SqlJobStore::Expired(absl::Time now, int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kExpiredJobs, {now, limit});
  }));
  return ToJobs(rows);
}

absl::StatusOr<std::set<std::string>> SqlJobStore::ObjectKeys() {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kJobsWithObjects, {});
  }));
  std::set<std::string> keys;
  for (const sql::Row& row : rows)
    keys.insert(ObjectOf(row.Text(0), row.Text(1)));
  return keys;
}

absl::Status SqlJobStore::NoteGone(const JobRow& job) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kNoteGone, {job.user_id, job.job_id, job.object_key}).status();
  });
}

}  // namespace dramatis::conversation
