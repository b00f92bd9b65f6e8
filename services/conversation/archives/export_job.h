// One export: gathers everything of its user, service by service, into one zip of files with a JSON
// document a line, and a manifest.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/conversation/archives/job_tools.h"
#include "services/conversation/archives/temporary_file.h"

namespace dramatis::conversation {

// One thread at a time.
class ExportJob {
 public:
  // References outlive it.
  ExportJob(const JobTools& tools,
            JobRow& job,
            absl::Duration lease,
            const std::function<bool()>& ending)
      : tools_(tools), job_(job), lease_(lease), ending_(ending) {}

  // OK where the archive is stored, with its key and size in the job. ABORTED where the lease is
  // lost; CANCELLED where the process ends; else it may be tried again.
  absl::Status Run();

 private:
  absl::Time LeaseEnds() const { return tools_.leases.Now() + lease_; }
  absl::StatusOr<UserPage> Page(const std::string& service, const std::string& after);
  absl::StatusOr<std::unique_ptr<TemporaryFile>> Gather(const std::string& service);

  const JobTools& tools_;
  JobRow& job_;
  const absl::Duration lease_;
  const std::function<bool()>& ending_;
  std::string manifest_;  // its list of files so far
};

}  // namespace dramatis::conversation
