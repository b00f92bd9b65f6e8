#include "shared/objects/folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/objects/testing/conformance.h"

namespace dramatis::objects {
namespace {

namespace fs = std::filesystem;

fs::path EmptyFolder() {
  std::string path = (fs::temp_directory_path() / "dramatis-objects-XXXXXX").string();
  return mkdtemp(path.data());
}

// Its folder goes with it.
class TemporaryObjects : public FolderObjects {
 public:
  explicit TemporaryObjects(const fs::path& folder)
      : FolderObjects(folder / "objects"), folder_(folder) {}
  ~TemporaryObjects() override { fs::remove_all(folder_); }

 private:
  const fs::path folder_;
};

INSTANTIATE_TEST_SUITE_P(Folder, ObjectsConformance, testing::Values([] {
                           return std::make_unique<TemporaryObjects>(EmptyFolder());
                         }));

TEST(FolderObjectsTest, FilesAreCalledAsTheirKeys) {
  const fs::path folder = EmptyFolder();
  TemporaryObjects objects(folder);
  ASSERT_TRUE(PutWhole(objects, "transcripts/s-1.json", "{}").ok());
  std::ifstream file(folder / "objects/transcripts/s-1.json");
  std::string text;
  file >> text;
  EXPECT_EQ(text, "{}");
  ASSERT_TRUE(objects.Delete("transcripts/s-1.json").ok());
  EXPECT_FALSE(fs::exists(folder / "objects/transcripts"));
}

TEST(FolderObjectsTest, SaysWhichFolderCannotBeWritten) {
  const fs::path folder = EmptyFolder();
  std::ofstream(folder / "objects") << "a file";
  TemporaryObjects objects(folder);
  const absl::Status put = PutWhole(objects, "k", "x");
  EXPECT_TRUE(absl::IsUnavailable(put)) << put;
  EXPECT_THAT(put.message(), testing::HasSubstr((folder / "objects").string()));
}

TEST(KeyPartTest, StandsForOneTextOnly) {
  EXPECT_EQ(KeyPart("0192-ab_C"), "0192-ab_C");
  for (const std::string text : {"", ".", "a/b", "a.b", "sha256=x"}) {
    EXPECT_TRUE(IsKey(KeyPart(text))) << text;
    EXPECT_EQ(KeyPart(text).size(), 71u) << text;
  }
  EXPECT_NE(KeyPart("a/b"), KeyPart("a.b"));
}

}  // namespace
}  // namespace dramatis::objects
