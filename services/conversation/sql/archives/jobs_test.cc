// Archives that no job has.
#include "services/conversation/sql/archives/jobs.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/archives/jobs.h"
#include "services/conversation/testing/fakes.h"
#include "services/conversation/testing/store_fixture.h"
#include "shared/log/log.h"
#include "shared/objects/folder.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;

namespace fs = std::filesystem;

class NoNeighbours : public UserDataPeer {
 public:
  std::vector<std::string> services() const override { return {}; }
  absl::StatusOr<admin::v1::ExportUserResponse> Export(
      const CallContext& /*call*/, const admin::v1::ExportUserRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<admin::v1::ImportUserResponse> Import(
      const CallContext& /*call*/, const admin::v1::ImportUserRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
};

class ArchiveJobsTest : public ConversationStoreTest {
 protected:
  ~ArchiveJobsTest() override { fs::remove_all(folder_); }

  JobRow Job(const std::string& job_id, JobKind kind) {
    JobRow job;
    job.user_id = "alice";
    job.job_id = job_id;
    job.kind = kind;
    if (kind == JobKind::kImport) job.object_key = ObjectOf("alice", job_id);
    job.created_at = job.due_at = clock_.Now();
    return job;
  }
  std::vector<std::string> Archives() {
    std::vector<std::string> keys;
    const auto found = objects_.List("", "", 100);
    for (const objects::ObjectInfo& object : *found)
      keys.push_back(object.key);
    return keys;
  }

  static fs::path NewFolder() {
    std::string folder = (fs::temp_directory_path() / "archives-XXXXXX").string();
    return mkdtemp(folder.data());
  }

  const fs::path folder_ = NewFolder();
  objects::FolderObjects objects_{folder_};
  SqlJobStore store_of_jobs_{db()};
  FakePersonaPeer personas_;
  NoNeighbours neighbours_;
  FakeClock now_{absl::Now()};
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  JobTools tools_{store_of_jobs_, objects_, personas_, neighbours_,     now_,
                  now_,           ids_,     *logger_,  folder_.string()};
  ArchiveJobs jobs_{tools_, kLease};
};

TEST_P(ArchiveJobsTest, DeletesArchivesOfNobody) {
  // Of a process that died between the two, of an import that waits, of an export under way.
  ASSERT_TRUE(store_of_jobs_.Add(Job("import", JobKind::kImport), 5, NoKey()).ok());
  ASSERT_TRUE(store_of_jobs_.Add(Job("export", JobKind::kExport), 5, NoKey()).ok());
  for (const char* key : {"archives/alice/export", "archives/alice/import", "archives/alice/nobody",
                          "archives/bob/import", "avatars/nobody"})
    ASSERT_TRUE(objects::PutWhole(objects_, key, "zip").ok());

  ASSERT_TRUE(jobs_.DeleteOrphans().ok());
  EXPECT_EQ(Archives().size(), 5) << "their rows may be on their way";
  now_.Advance(ArchiveJobs::kOrphanAge + absl::Minutes(1));
  ASSERT_TRUE(jobs_.DeleteOrphans([] { return true; }).ok());
  EXPECT_EQ(Archives().size(), 5);
  ASSERT_TRUE(jobs_.DeleteOrphans().ok());

  EXPECT_THAT(Archives(),
              ElementsAre("archives/alice/export", "archives/alice/import", "avatars/nobody"));
}

DRAMATIS_ON_EVERY_ENGINE(ArchiveJobsTest);

}  // namespace
}  // namespace dramatis::conversation
