#include "services/conversation/archives/archives.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/conversation/archives/archive_source.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/call/access.h"
#include "shared/digest/sha256.h"
#include "shared/page/page_token.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/time/timestamps.h"

namespace dramatis::conversation {
namespace {

// Most imports of a user that wait.
constexpr int kMostImports = 5;
// The same of exports; more than one only where each has a key of its own.
constexpr int kMostExports = 3;
constexpr size_t kPieceBytes = size_t{256} << 10;

v1::Import ToImport(const JobRow& job) {
  v1::Import import = job.report;
  import.set_import_id(job.job_id);
  import.set_state(job.state);
  import.set_source(job.source);
  *import.mutable_create_time() = ToTimestamp(job.created_at);
  if (job.ended_at.has_value()) *import.mutable_end_time() = ToTimestamp(*job.ended_at);
  return import;
}

v1::Export ToExport(const JobRow& job) {
  v1::Export made;
  made.set_export_id(job.job_id);
  made.set_state(job.state);
  *made.mutable_counts() = job.report.counts();
  if (job.report.has_problem()) made.set_problem(job.report.problem());
  *made.mutable_create_time() = ToTimestamp(job.created_at);
  if (job.ended_at.has_value()) *made.mutable_end_time() = ToTimestamp(*job.ended_at);
  if (job.state == v1::JOB_STATE_DONE) {
    made.set_size_bytes(static_cast<double>(job.size_bytes));
    *made.mutable_expire_time() = ToTimestamp(*job.ended_at + kKeepArchive);
  }
  return made;
}

// What is wrong with the file, as the client reads it.
absl::Status Broken(const absl::Status& why) {
  if (!absl::IsInvalidArgument(why)) return why;
  // Of a field it is said without its subject.
  std::string text(why.message());
  if (text.starts_with("it ")) text.erase(0, 3);
  return FieldErrors({{"archive", std::move(text)}});
}

class Uploading : public Archives::Upload {
 public:
  Uploading(const JobTools& tools,
            const CallContext& call,
            std::string persona_id,
            std::unique_ptr<TemporaryFile> file)
      : tools_(tools), call_(call), persona_id_(std::move(persona_id)), file_(std::move(file)) {}

  absl::Status Take(const v1::CreateImportRequest& piece) override {
    const std::string& bytes = piece.archive().data();
    if (file_->size() + static_cast<int64_t>(bytes.size()) > kMostImportBytes) {
      return FieldErrors({{"archive", "has more than 200 MiB"}});
    }
    hash_.Add(bytes);
    return file_->Append(bytes);
  }

  absl::StatusOr<v1::Import> End() override {
    const absl::StatusOr<v1::ImportSource> source = SourceOf(*file_);
    if (!source.ok()) return Broken(source.status());
    JobRow job;
    job.user_id = call_.identity.user_id;
    job.job_id = tools_.ids.NewId();
    job.kind = JobKind::kImport;
    job.source = *source;
    job.persona_id = persona_id_;
    job.as_admin = call_.identity.IsAdmin();
    job.object_key = ObjectOf(job.user_id, job.job_id);
    job.size_bytes = file_->size();
    job.created_at = tools_.clock.Now();
    job.due_at = tools_.leases.Now();
    DRAMATIS_RETURN_IF_ERROR(Store(job.object_key));
    absl::StatusOr<v1::Import> added = Add(job);
    // Whatever no job has is gone.
    if (!added.ok() || added->import_id() != job.job_id) {
      (void)tools_.objects.Delete(job.object_key);
    }
    return added;
  }

 private:
  absl::Status Store(const std::string& key) {
    int64_t place = 0;
    return tools_.objects.Put(key, [&]() -> absl::StatusOr<std::string> {
      DRAMATIS_ASSIGN_OR_RETURN(std::string piece, file_->Read(place, kPieceBytes));
      place += static_cast<int64_t>(piece.size());
      return piece;
    });
  }

  absl::StatusOr<v1::Import> Add(const JobRow& job) {
    // The same file for the same persona is the same request.
    v1::CreateImportRequest claimed;
    claimed.set_persona_id(persona_id_);
    claimed.mutable_archive()->set_data(hash_.Hex());
    const Answering<JobRow> once({call_, "CreateImport", claimed}, &ToImport);
    DRAMATIS_ASSIGN_OR_RETURN(const Idempotent<JobRow> added,
                              tools_.store.Add(job, kMostImports, once));
    DRAMATIS_ASSIGN_OR_RETURN(Idempotent<v1::Import> answer, FirstAnswer(added, &ToImport));
    if (answer.replayed && call_.send_header) call_.send_header("idempotency-replayed", "true");
    return std::move(answer.result);
  }

  const JobTools& tools_;
  const CallContext& call_;
  const std::string persona_id_;
  const std::unique_ptr<TemporaryFile> file_;
  Sha256 hash_;
};

// An archive that has been fetched: no piece of it keeps anybody waiting.
class Downloading : public Archives::Download {
 public:
  explicit Downloading(std::unique_ptr<TemporaryFile> file) : file_(std::move(file)) {}
  void OnReady(std::function<void()> /*wake*/) override {}
  void Cancelled() override {}
  Next Poll() override {
    Next next;
    const absl::StatusOr<std::string> piece = file_->Read(place_, kPieceBytes);
    if (!piece.ok() || piece->empty()) {
      next.end = piece.status();
      return next;
    }
    google::api::HttpBody& body = next.event.emplace();
    if (place_ == 0) body.set_content_type("application/zip");
    body.set_data(*piece);
    place_ += static_cast<int64_t>(piece->size());
    return next;
  }

 private:
  const std::unique_ptr<TemporaryFile> file_;
  int64_t place_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Archives::Upload>> Archives::Import(
    const CallContext& call, const v1::CreateImportRequest& first) {
  if (!first.persona_id().empty()) {
    dramatis::persona::v1::RenderPersonaRequest request;
    request.set_persona_id(first.persona_id());
    request.set_user_id(call.identity.user_id);
    DRAMATIS_ASSIGN_OR_RETURN(
        const RenderedPersona rendered,
        tools_.personas.Render(call.AsService(call.identity.user_id), request).get());
    DRAMATIS_RETURN_IF_ERROR(CheckAnswersAsAi(rendered, call.identity));
    DRAMATIS_RETURN_IF_ERROR(CheckPersona(call.identity, rendered.persona_id()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFile> file,
                            TemporaryFile::Make(tools_.folder));
  return std::make_unique<Uploading>(tools_, call, first.persona_id(), std::move(file));
}

absl::StatusOr<JobRow> Archives::Find(const CallContext& call,
                                      JobKind kind,
                                      const std::string& job_id) {
  DRAMATIS_ASSIGN_OR_RETURN(JobRow job, tools_.store.Find(call.identity.user_id, job_id));
  if (job.kind != kind) return NotFoundError("job");
  return job;
}

absl::StatusOr<v1::Import> Archives::GetImport(const CallContext& call,
                                               const v1::GetImportRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const JobRow job, Find(call, JobKind::kImport, request.import_id()));
  return ToImport(job);
}

absl::StatusOr<v1::ListImportsResponse> Archives::ListImports(
    const CallContext& call, const v1::ListImportsRequest& request) {
  const PageScope scope(call, absl::StrCat("imports\n", call.identity.user_id));
  std::string after;
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                              DecodePageToken(scope, request.page_token(), 1));
    after = keys[0];
  }
  const int size = PageSize(request);
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<JobRow> jobs,
      tools_.store.List(call.identity.user_id, JobKind::kImport, after, size + 1));
  v1::ListImportsResponse response;
  for (const JobRow& job : jobs) {
    if (response.imports_size() < size) *response.add_imports() = ToImport(job);
  }
  if (static_cast<int>(jobs.size()) > size) {
    response.set_next_page_token(EncodePageToken(scope, {response.imports(size - 1).import_id()}));
  }
  return response;
}

absl::StatusOr<Idempotent<v1::Export>> Archives::Export(const CallContext& call,
                                                        const v1::CreateExportRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<JobRow> waiting,
                            tools_.store.Waiting(call.identity.user_id, JobKind::kExport));
  if (waiting.has_value() && call.idempotency_key.empty()) {
    return Idempotent<v1::Export>{.result = ToExport(*waiting)};
  }
  JobRow job;
  job.user_id = call.identity.user_id;
  job.job_id = tools_.ids.NewId();
  job.kind = JobKind::kExport;
  job.created_at = tools_.clock.Now();
  job.due_at = tools_.leases.Now();
  const Answering<JobRow> once({call, "CreateExport", request}, &ToExport);
  DRAMATIS_ASSIGN_OR_RETURN(const Idempotent<JobRow> added,
                            tools_.store.Add(job, kMostExports, once));
  return FirstAnswer(added, &ToExport);
}

absl::StatusOr<v1::Export> Archives::GetExport(const CallContext& call,
                                               const v1::GetExportRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const JobRow job, Find(call, JobKind::kExport, request.export_id()));
  return ToExport(job);
}

absl::StatusOr<std::unique_ptr<Archives::Download>> Archives::GetArchive(
    const CallContext& call, const v1::GetExportRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const JobRow job, Find(call, JobKind::kExport, request.export_id()));
  if (job.state != v1::JOB_STATE_DONE || job.object_key.empty()) return NotFoundError("archive");
  DRAMATIS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFile> file,
                            TemporaryFile::Make(tools_.folder));
  DRAMATIS_RETURN_IF_ERROR(
      tools_.objects
          .Get(job.object_key, [&](std::string_view piece) { return file->Append(piece); })
          .status());
  return std::make_unique<Downloading>(std::move(file));
}

}  // namespace dramatis::conversation
