#include "shared/program/database_url.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

namespace fs = std::filesystem;

constexpr char kFirst[] = "postgresql://app:first@db.example/app?sslmode=verify-full";
constexpr char kSecond[] = "postgresql://app:second@db.example/app?sslmode=verify-full";

class DatabaseUrlTest : public testing::Test {
 protected:
  DatabaseUrlTest() {
    std::string folder = (fs::temp_directory_path() / "database-url-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    Write(kFirst);
    CommonConfig config;
    config.environment = "production";
    config.database_url = kFirst;
    config.database_url_reference = "file:" + File().string();
    url_ = std::make_unique<DatabaseUrl>(
        std::make_shared<secrets::SecretStore>(secrets::SecretSettings(), clock_, nullptr), config);
  }
  ~DatabaseUrlTest() override { fs::remove_all(folder_); }
  fs::path File() const { return folder_ / "url"; }
  void Write(const std::string& url) const { std::ofstream(File()) << url << "\n"; }

  FakeClock clock_;
  fs::path folder_;
  std::unique_ptr<DatabaseUrl> url_;
};

TEST_F(DatabaseUrlTest, IsReadAnewWhereItWasRefused) {
  Write(kSecond);
  EXPECT_EQ(url_->Now(""), kFirst) << "nothing was wrong with it";
  EXPECT_EQ(url_->Now(kFirst), kSecond);
  EXPECT_EQ(url_->Now(kFirst), kSecond) << "by whoever was refused before that";
}

TEST_F(DatabaseUrlTest, StaysWhereWhatIsThereCannotBeUsed) {
  Write("postgresql://app:second@db.example/app");  // without TLS
  EXPECT_EQ(url_->Now(kFirst), kFirst);
}

}  // namespace
}  // namespace dramatis
