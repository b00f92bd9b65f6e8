#include "services/conversation/archives/export_job.h"

#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/conversation/archives/archive_source.h"
#include "services/conversation/archives/zip_output.h"
#include "shared/digest/sha256.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

constexpr size_t kStoredAtOnce = size_t{256} << 10;
constexpr char kItself[] = "conversation";

// Of `{"goal":{...}}`, "goal".
std::string KindOf(const std::string& line) {
  const size_t begin = line.find('"') + 1;
  return line.substr(begin, line.find('"', begin) - begin);
}

}  // namespace

absl::StatusOr<UserPage> ExportJob::Page(const std::string& service, const std::string& after) {
  if (service == kItself) return tools_.store.Lines(job_.user_id, after);
  CallContext call;
  call.identity.user_id = job_.user_id;
  call.correlation_id = absl::StrCat("export-", job_.job_id);
  admin::v1::ExportUserRequest request;
  request.set_service(service);
  request.set_user_id(job_.user_id);
  request.set_after(after);
  DRAMATIS_ASSIGN_OR_RETURN(admin::v1::ExportUserResponse response,
                            tools_.neighbours.Export(call, request));
  UserPage page;
  page.lines.assign(std::make_move_iterator(response.mutable_lines()->begin()),
                    std::make_move_iterator(response.mutable_lines()->end()));
  page.next = response.next();
  return page;
}

absl::StatusOr<std::unique_ptr<TemporaryFile>> ExportJob::Gather(const std::string& service) {
  DRAMATIS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFile> file,
                            TemporaryFile::Make(tools_.folder));
  Sha256 hash;
  int64_t count = 0;
  std::string after;
  do {
    if (ending_()) return absl::CancelledError("ending");
    DRAMATIS_ASSIGN_OR_RETURN(const UserPage page, Page(service, after));
    for (const std::string& line : page.lines) {
      const std::string ended = absl::StrCat(line, "\n");
      hash.Add(ended);
      DRAMATIS_RETURN_IF_ERROR(file->Append(ended));
      ++(*job_.report.mutable_counts())[KindOf(line)];
      ++count;
    }
    after = page.next;
    DRAMATIS_RETURN_IF_ERROR(tools_.store.Save(job_, LeaseEnds()));
  } while (!after.empty());
  absl::StrAppend(
      &manifest_, manifest_.empty() ? "" : ",\n    ",
      boost::json::serialize(boost::json::object{{"name", absl::StrCat(service, ".jsonl")},
                                                 {"sha256", hash.Hex()},
                                                 {"bytes", file->size()},
                                                 {"lines", count}}));
  return file;
}

absl::Status ExportJob::Run() {
  // From the beginning, also after another process has begun: nothing of its files is left.
  job_.report.Clear();
  if (tools_.bring_back) DRAMATIS_RETURN_IF_ERROR(tools_.bring_back(job_.user_id));
  std::vector<std::string> services = tools_.neighbours.services();
  services.emplace_back(kItself);
  std::vector<std::unique_ptr<TemporaryFile>> files;
  std::vector<ZipInput> inputs;
  for (const std::string& service : services) {
    DRAMATIS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFile> file, Gather(service));
    inputs.push_back({absl::StrCat(service, ".jsonl"), file.get()});
    files.push_back(std::move(file));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> manifest,
                            TemporaryFile::Make(tools_.folder));
  DRAMATIS_RETURN_IF_ERROR(manifest->Append(absl::StrCat(
      "{\n  \"format\": \"", kArchiveFormat, "\",\n  \"version\": 1,\n  \"createTime\": \"",
      absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", job_.created_at, absl::UTCTimeZone()),
      "\",\n  \"userId\": ", boost::json::serialize(boost::json::value(job_.user_id)),
      ",\n  \"files\": [\n    ", manifest_, "\n  ]\n}\n")));
  inputs.insert(inputs.begin(), {kManifestName, manifest.get()});
  DRAMATIS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> archive,
                            TemporaryFile::Make(tools_.folder));
  DRAMATIS_RETURN_IF_ERROR(WriteZip(inputs, *archive));
  job_.object_key = ObjectOf(job_.user_id, job_.job_id);
  job_.size_bytes = archive->size();
  int64_t place = 0;
  return tools_.objects.Put(job_.object_key, [&]() -> absl::StatusOr<std::string> {
    DRAMATIS_ASSIGN_OR_RETURN(std::string piece, archive->Read(place, kStoredAtOnce));
    place += static_cast<int64_t>(piece.size());
    return piece;
  });
}

}  // namespace dramatis::conversation
