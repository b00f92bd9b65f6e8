// Imports and exports as their users see them; the work is that of ArchiveJobs. Thread-safe;
// blocks.
#pragma once

#include <memory>

#include "dramatis/conversation/v1/archives.pb.h"
#include "google/api/httpbody.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/archives/job_tools.h"
#include "services/conversation/archives/temporary_file.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/call/upload_sink.h"

namespace dramatis::conversation {

class Archives {
 public:
  using Upload = UploadSink<v1::CreateImportRequest, v1::Import>;
  using Download = EventSource<google::api::HttpBody>;

  explicit Archives(const JobTools& tools) : tools_(tools) {}

  // Takes a file, and notes at its end that it is to be imported. NOT_FOUND for the persona,
  // VALIDATION_FAILED for what cannot be imported.
  absl::StatusOr<std::unique_ptr<Upload>> Import(const CallContext& call,
                                                 const v1::CreateImportRequest& first);
  absl::StatusOr<v1::ListImportsResponse> ListImports(const CallContext& call,
                                                      const v1::ListImportsRequest& request);
  absl::StatusOr<v1::Import> GetImport(const CallContext& call,
                                       const v1::GetImportRequest& request);
  absl::StatusOr<Idempotent<v1::Export>> Export(const CallContext& call,
                                                const v1::CreateExportRequest& request);
  absl::StatusOr<v1::Export> GetExport(const CallContext& call,
                                       const v1::GetExportRequest& request);
  absl::StatusOr<std::unique_ptr<Download>> GetArchive(const CallContext& call,
                                                       const v1::GetExportRequest& request);

 private:
  absl::StatusOr<JobRow> Find(const CallContext& call, JobKind kind, const std::string& job_id);

  const JobTools tools_;
};

}  // namespace dramatis::conversation
