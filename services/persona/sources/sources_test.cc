#include "services/persona/sources/sources.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::persona {
namespace {

namespace fs = std::filesystem;

class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() { fs::create_directory(folder()); }
  ~FileSourceTest() override { fs::remove_all(root_); }

  fs::path folder() const { return root_ / "personas"; }

  void Write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    // Two writes within a tick of the file system's clock would look alike.
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(++writes_));
  }

  std::string ReadText(const std::string& uri) {
    const absl::StatusOr<SourceText> text = source_.Read(uri);
    return text.ok() ? **text : GetReason(text.status());
  }

  static fs::path NewFolder() {
    std::string pattern = (fs::temp_directory_path() / "dramatis-sources-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  const fs::path root_ = NewFolder();
  int writes_ = 0;
  FakeClock clock_;
  FileSource source_{root_ / "personas", clock_};
};

constexpr const char* kUnavailable = "PERSONA_SOURCE_UNAVAILABLE";

TEST_F(FileSourceTest, ReadsAFile) {
  Write(folder() / "me.txt", "# Ada\r\nI write programs.\n");

  EXPECT_EQ(ReadText("file:me.txt"), "# Ada\r\nI write programs.\n");
}

TEST_F(FileSourceTest, ReadsAFileInASubfolder) {
  fs::create_directory(folder() / "twins");
  Write(folder() / "twins" / "ada.txt", "Ada");

  EXPECT_EQ(ReadText("file:twins/ada.txt"), "Ada");
}

TEST_F(FileSourceTest, SeesAChangeWithinFiveSeconds) {
  Write(folder() / "me.txt", "before");
  ReadText("file:me.txt");

  Write(folder() / "me.txt", "after!");
  clock_.Advance(absl::Milliseconds(4999));
  EXPECT_EQ(ReadText("file:me.txt"), "before");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(ReadText("file:me.txt"), "after!");
}

TEST_F(FileSourceTest, GivesTheSameTextWhileItDoesNotChange) {
  Write(folder() / "me.txt", "text");
  const SourceText first = *source_.Read("file:me.txt");

  clock_.Advance(absl::Minutes(1));

  EXPECT_EQ(*source_.Read("file:me.txt"), first);
}

TEST_F(FileSourceTest, SeesAFileThatReplacesAnother) {
  Write(folder() / "me.txt", "before");
  ReadText("file:me.txt");
  Write(folder() / "new.txt", "after!");
  fs::last_write_time(folder() / "new.txt", fs::last_write_time(folder() / "me.txt"));
  fs::rename(folder() / "new.txt", folder() / "me.txt");

  clock_.Advance(absl::Seconds(5));

  EXPECT_EQ(ReadText("file:me.txt"), "after!");
}

TEST_F(FileSourceTest, IsUnavailableWhileTheFileIsMissing) {
  EXPECT_EQ(ReadText("file:me.txt"), kUnavailable);

  Write(folder() / "me.txt", "here");
  clock_.Advance(absl::Seconds(5));

  EXPECT_EQ(ReadText("file:me.txt"), "here");
}

TEST_F(FileSourceTest, IsUnavailableWhenTheFolderIsMissing) {
  FileSource source(root_ / "nowhere", clock_);

  EXPECT_EQ(GetReason(source.Read("file:me.txt").status()), kUnavailable);
}

TEST_F(FileSourceTest, RefusesASymbolicLinkOutOfTheFolder) {
  Write(root_ / "secret.txt", "secret");
  fs::create_symlink(root_ / "secret.txt", folder() / "me.txt");
  fs::create_directory_symlink(root_, folder() / "up");

  EXPECT_EQ(ReadText("file:me.txt"), kUnavailable);
  EXPECT_EQ(ReadText("file:up/secret.txt"), kUnavailable);
}

TEST_F(FileSourceTest, FollowsASymbolicLinkInsideTheFolder) {
  // As Kubernetes mounts a ConfigMap.
  fs::create_directory(folder() / "..data");
  Write(folder() / "..data" / "me.txt", "mounted");
  fs::create_symlink("..data/me.txt", folder() / "me.txt");

  EXPECT_EQ(ReadText("file:me.txt"), "mounted");
}

TEST_F(FileSourceTest, RefusesASiblingFolderWithTheSameBeginning) {
  fs::create_directory(root_ / "personas-private");
  Write(root_ / "personas-private" / "me.txt", "secret");
  fs::create_symlink(root_ / "personas-private" / "me.txt", folder() / "me.txt");

  EXPECT_EQ(ReadText("file:me.txt"), kUnavailable);
}

TEST_F(FileSourceTest, RefusesWhatIsNotAFile) {
  fs::create_directory(folder() / "folder");
  ASSERT_EQ(mkfifo((folder() / "pipe").c_str(), S_IRUSR | S_IWUSR), 0);

  EXPECT_EQ(ReadText("file:folder"), kUnavailable);
  EXPECT_EQ(ReadText("file:pipe"), kUnavailable);
}

TEST_F(FileSourceTest, RefusesTextsThatABiographyCannotBe) {
  Write(folder() / "latin1.txt", "caf\xe9");
  Write(folder() / "empty.txt", " \n");
  Write(folder() / "long.txt", std::string(200'001, 'a'));
  Write(folder() / "large.txt", std::string((1 << 20) + 1, 'a'));

  EXPECT_EQ(ReadText("file:latin1.txt"), kUnavailable);
  EXPECT_EQ(ReadText("file:empty.txt"), kUnavailable);
  EXPECT_EQ(ReadText("file:long.txt"), kUnavailable);
  EXPECT_EQ(ReadText("file:large.txt"), kUnavailable);
}

TEST_F(FileSourceTest, TakesTheLongestTextThereMayBe) {
  std::string text;
  for (int i = 0; i < 200'000; ++i)
    text += "\xe2\x82\xac";
  Write(folder() / "long.txt", text);

  EXPECT_EQ(ReadText("file:long.txt"), text);
}

struct UriCase {
  std::string uri;
  std::string problem;  // part of it; empty if the URI is good
};

class SourceUriTest : public testing::TestWithParam<UriCase> {};

TEST_P(SourceUriTest, SaysWhatIsWrong) {
  const std::string problem = SourceUriProblem(GetParam().uri);

  EXPECT_EQ(problem.empty(), GetParam().problem.empty()) << problem;
  EXPECT_NE(problem.find(GetParam().problem), std::string::npos) << problem;
}

INSTANTIATE_TEST_SUITE_P(
    ,
    SourceUriTest,
    testing::Values(UriCase{"file:me.txt", ""},
                    UriCase{"file:twins/me.txt", ""},
                    UriCase{"file:..data/me.txt", ""},
                    UriCase{"file:", "must name a file"},
                    UriCase{"file:twins/", "must name a file"},
                    UriCase{std::string("file:me\0.txt", 12), "must name a file"},
                    UriCase{"file:/etc/passwd", "inside the persona folder"},
                    UriCase{"file:///etc/passwd", "inside the persona folder"},
                    UriCase{"file:../secret", "inside the persona folder"},
                    UriCase{"file:twins/../../secret", "inside the persona folder"},
                    UriCase{"s3://bucket/twins/key", ""},
                    UriCase{"s3:bucket/key", "must be s3://bucket/key"},
                    UriCase{"s3://bucket/", "must be s3://bucket/key"},
                    UriCase{"s3://bucket/a/../b", "must be s3://bucket/key"},
                    UriCase{"s3://BUCKET/key", "must be s3://bucket/key"},
                    UriCase{"https://example.com/me.txt", "must be file:"},
                    UriCase{"me.txt", "must be file:"}));

struct Heading {
  std::string text;
  std::string name;
};

class HeadingNameTest : public testing::TestWithParam<Heading> {};

TEST_P(HeadingNameTest, IsTheFirstHeading) {
  EXPECT_EQ(HeadingName(GetParam().text), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(,
                         HeadingNameTest,
                         testing::Values(Heading{"# Ada Lovelace\nI write.", "Ada Lovelace"},
                                         Heading{"I write.\n\n#   Ada \r\n# Bob\n", "Ada"},
                                         Heading{"# Ada", "Ada"},
                                         Heading{"", ""},
                                         Heading{"#Ada\n## Ada\nAda", ""},
                                         Heading{"# A\n# Bob", ""},
                                         Heading{"# Ada\tL", "Ada L"},
                                         Heading{"# " + std::string(120, 'a'),
                                                 std::string(100, 'a')}));

TEST(SourceStemTest, IsTheFileWithoutItsExtension) {
  EXPECT_EQ(SourceStem("file:twins/me.txt"), "me");
  EXPECT_EQ(SourceStem("file:me"), "me");
  EXPECT_EQ(SourceStem("s3://bucket/twins/me.txt"), "me");
}

}  // namespace
}  // namespace dramatis::persona
