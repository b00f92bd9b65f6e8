// One import: takes its file apart and has everything in it stored, step by step.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/archives/chats.h"
#include "services/conversation/archives/job_tools.h"
#include "services/conversation/archives/temporary_file.h"
#include "services/conversation/archives/zip_file.h"

namespace dramatis::conversation {

// One thread at a time.
class ImportJob {
 public:
  // References outlive it.
  ImportJob(const JobTools& tools,
            JobRow& job,
            absl::Duration lease,
            const std::function<bool()>& ending)
      : tools_(tools), job_(job), lease_(lease), ending_(ending) {}

  // OK where all of it is stored, but for what the report says. INVALID_ARGUMENT where the file is
  // broken; ABORTED where the lease is lost; CANCELLED where the process ends; else it may be tried
  // again.
  absl::Status Run();

 private:
  absl::Time LeaseEnds() const { return tools_.leases.Now() + lease_; }
  CallContext Call() const;
  absl::Status Check() const {
    return ending_() ? absl::CancelledError("ending") : absl::OkStatus();
  }
  void LeaveOut(JobRow& job, const std::string& item, const std::string& reason) const;

  // Chats from elsewhere.
  absl::Status RunChats(const TemporaryFile& file);
  absl::StatusOr<SessionRow> FindPersona(const TemporaryFile& file);
  absl::StatusOr<std::string> MakePersona(const std::string& name);
  absl::Status AddChat(absl::StatusOr<Chat> read, const SessionRow& persona);
  absl::Status SaveChats();

  // Archives of our own.
  absl::Status RunArchive(const TemporaryFile& file);
  absl::Status CheckManifest(ZipFile& zip) const;
  absl::Status ImportFile(ZipFile& zip, const ZipFile::Entry& entry, const std::string& service);
  absl::Status SaveLines(const std::string& service);
  absl::Status SaveNeighboursLines(const std::string& service);

  const JobTools& tools_;
  JobRow& job_;
  const absl::Duration lease_;
  const std::function<bool()>& ending_;

  // What has been read and is not stored yet.
  std::vector<PastSession> sessions_;
  std::vector<std::string> lines_;
  size_t messages_ = 0;
  size_t bytes_ = 0;
  int64_t read_ = 0;  // chats or lines
  std::vector<v1::LeftOut> left_out_;
  int64_t place_ = 0;  // of the line that is read, in all files
};

}  // namespace dramatis::conversation
