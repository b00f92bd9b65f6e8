// Works off imports and exports, apart from calls, which never wait for it. A job is held by a
// lease that every step renews; one whose process died goes on elsewhere, from where it had come
// to. A step may be done again: what is there already stays as it is. Thread-safe.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/conversation/archives/job_store.h"
#include "services/conversation/archives/job_tools.h"
#include "services/conversation/archives/temporary_file.h"

namespace dramatis::conversation {

class ArchiveJobs {
 public:
  // `lease`: how long a job is held between two steps.
  ArchiveJobs(const JobTools& tools, absl::Duration lease) : tools_(tools), lease_(lease) {}

  // Works off all jobs that are due, or fewer once `ending` says so. Blocks.
  absl::Status Run(const std::function<bool()>& ending = [] { return false; });
  // Deletes archives whose time is over.
  absl::Status DeleteExpired();
  // Deletes archives older than kOrphanAge that no job has: a process died between the two.
  absl::Status DeleteOrphans(const std::function<bool()>& ending = [] { return false; });
  static constexpr absl::Duration kOrphanAge = absl::Hours(24);

 private:
  // OK where the job has ended, well or not.
  absl::Status Work(JobRow& job, const std::function<bool()>& ending);
  absl::Status End(JobRow& job, v1::JobState state, const std::string& problem);

  const JobTools tools_;
  const absl::Duration lease_;
};

}  // namespace dramatis::conversation
