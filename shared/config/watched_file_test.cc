#include "shared/config/watched_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

class WatchedFileTest : public testing::Test {
 protected:
  WatchedFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dramatis-watched.XXXXXX");
    folder_ = mkdtemp(name.data());
  }
  ~WatchedFileTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::trunc) << text;
  }
  std::filesystem::path folder_;
};

TEST_F(WatchedFileTest, SeesWhatIsWrittenOverMovedAndLinkedElsewhere) {
  Write("a", "one");
  Write("b", "two");
  std::filesystem::create_symlink("a", folder_ / "link");
  WatchedFile file(folder_ / "link");
  EXPECT_EQ(file.Read().value(), "one");
  EXPECT_FALSE(file.Changed());
  Write("a", "longer");
  EXPECT_TRUE(file.Changed());
  EXPECT_EQ(file.Read().value(), "longer");
  // As Kubernetes does it.
  std::filesystem::create_symlink("b", folder_ / "next");
  std::filesystem::rename(folder_ / "next", folder_ / "link");
  EXPECT_TRUE(file.Changed());
  EXPECT_EQ(file.Read().value(), "two");
  Write("new", "two");
  std::filesystem::rename(folder_ / "new", folder_ / "b");
  EXPECT_TRUE(file.Changed());
}

TEST_F(WatchedFileTest, SaysWhatCannotBeRead) {
  WatchedFile none(folder_ / "none");
  EXPECT_THAT(std::string(none.Read().status().message()),
              testing::AllOf(testing::HasSubstr("none"), testing::HasSubstr("No such file")));
  EXPECT_FALSE(none.Changed());
  Write("none", "here");
  EXPECT_TRUE(none.Changed());
  EXPECT_EQ(none.Read().value(), "here");
  WatchedFile directory(folder_);
  EXPECT_FALSE(directory.Read().ok());
  Write("large", std::string(1024 * 1024 + 1, 'x'));
  WatchedFile large(folder_ / "large");
  EXPECT_THAT(std::string(large.Read().status().message()), testing::HasSubstr("larger"));
}

}  // namespace
}  // namespace dramatis
