#include "services/conversation/archives/jobs.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/conversation/archives/export_job.h"
#include "services/conversation/archives/import_job.h"
#include "shared/log/log_scope.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::conversation {
namespace {

constexpr absl::Duration kFirstRetryOfJobs = absl::Seconds(1);
constexpr absl::Duration kLastRetryOfJobs = absl::Minutes(10);
// That fail in a row, until the job itself has failed: some two hours.
constexpr int kMostAttempts = 20;
constexpr int kExpiredAtOnce = 64;

const char* KindOf(const JobRow& job) {
  return job.kind == JobKind::kExport ? "export" : "import";
}

}  // namespace

absl::Status ArchiveJobs::Run(const std::function<bool()>& ending) {
  while (!ending()) {
    const absl::Time now = tools_.leases.Now();
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<JobRow> job, tools_.store.Take(now, now + lease_));
    if (!job.has_value()) break;
    CallContext call;
    call.correlation_id = absl::StrCat(KindOf(*job), "-", job->job_id);
    const LogScope scope(call);
    DRAMATIS_RETURN_IF_ERROR(Work(*job, ending));
  }
  return absl::OkStatus();
}

absl::Status ArchiveJobs::End(JobRow& job, v1::JobState state, const std::string& problem) {
  const std::string file = job.object_key;
  job.state = state;
  job.ended_at = tools_.clock.Now();
  job.attempts = 0;
  if (!problem.empty()) job.report.set_problem(problem);
  // Of an import, the file has done its work; what cannot be deleted now is due at once.
  absl::Time gone_at = tools_.leases.Now();
  if (job.kind == JobKind::kExport && state == v1::JOB_STATE_DONE) gone_at += kKeepArchive;
  DRAMATIS_RETURN_IF_ERROR(tools_.store.Save(job, gone_at));
  tools_.logger.Info(absl::StrCat(KindOf(job), state == v1::JOB_STATE_DONE ? " done" : " failed"),
                     {{"job_id", job.job_id}, {"items", static_cast<int>(job.position)}});
  if (gone_at > tools_.leases.Now() || file.empty()) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(tools_.objects.Delete(file));
  return tools_.store.NoteGone(job);
}

absl::Status ArchiveJobs::Work(JobRow& job, const std::function<bool()>& ending) {
  const absl::Status worked = job.kind == JobKind::kExport
                                  ? ExportJob(tools_, job, lease_, ending).Run()
                                  : ImportJob(tools_, job, lease_, ending).Run();
  if (absl::IsAborted(worked)) return absl::OkStatus();  // somebody else has it, or it is gone
  absl::Status ended;
  if (worked.ok()) {
    ended = End(job, v1::JOB_STATE_DONE, "");
  } else if (absl::IsInvalidArgument(worked)) {
    ended = End(job, v1::JOB_STATE_FAILED, std::string(worked.message()));
  } else if (!absl::IsCancelled(worked) && job.attempts + 1 >= kMostAttempts) {
    ended = End(job, v1::JOB_STATE_FAILED, "it could not be done for too long: try it again later");
  } else {
    // Whoever comes after the end of this process goes on at once.
    absl::Duration wait = absl::ZeroDuration();
    if (!absl::IsCancelled(worked)) {
      wait = std::min(kFirstRetryOfJobs * (1 << std::min(job.attempts, 10)), kLastRetryOfJobs);
      ++job.attempts;
      tools_.logger.Info(absl::StrCat(KindOf(job), " not done yet"),
                         {{"job_id", job.job_id}, {"error", OperatorMessage(worked)}});
    }
    job.state = v1::JOB_STATE_QUEUED;
    ended = tools_.store.Save(job, tools_.leases.Now() + wait);
  }
  return absl::IsAborted(ended) ? absl::OkStatus() : ended;
}

absl::Status ArchiveJobs::DeleteExpired() {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<JobRow> expired,
                              tools_.store.Expired(tools_.leases.Now(), kExpiredAtOnce));
    for (const JobRow& job : expired) {
      DRAMATIS_RETURN_IF_ERROR(tools_.objects.Delete(job.object_key));
      DRAMATIS_RETURN_IF_ERROR(tools_.store.NoteGone(job));
    }
    if (static_cast<int>(expired.size()) < kExpiredAtOnce) return absl::OkStatus();
  }
}

absl::Status ArchiveJobs::DeleteOrphans(const std::function<bool()>& ending) {
  std::vector<std::string> orphans;
  DRAMATIS_RETURN_IF_ERROR(objects::ForEachObject(
      tools_.objects, kArchivesPrefix, ending, [&](const objects::ObjectInfo& object) {
        if (object.modified + kOrphanAge <= tools_.clock.Now()) orphans.push_back(object.key);
        return absl::OkStatus();
      }));
  if (ending() || orphans.empty()) return absl::OkStatus();
  // Read after them: a job that comes later has an object that is not as old.
  DRAMATIS_ASSIGN_OR_RETURN(const std::set<std::string> known, tools_.store.ObjectKeys());
  for (const std::string& key : orphans) {
    if (ending()) break;
    if (known.contains(key)) continue;
    DRAMATIS_RETURN_IF_ERROR(tools_.objects.Delete(key));
    tools_.logger.Info("archive of nobody deleted", {{"object", key}});
  }
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
