#include "services/inference/providers/api_key.h"

#include <cstdio>
#include <fstream>

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

class ApiKeyTest : public testing::Test {
 protected:
  ~ApiKeyTest() override { std::remove(path_.c_str()); }
  void Write(const std::string& content) const { std::ofstream(path_) << content; }

  FakeClock clock_;
  const std::string path_ = testing::TempDir() + "/dramatis_api_key";
};

TEST_F(ApiKeyTest, GivesTheValueWhereThereIsNoFile) {
  ApiKey key({.file = "", .value = "sk"}, clock_);
  EXPECT_EQ(key.Get(), "sk");
  key.Refetch();
  clock_.Advance(absl::Hours(10));
  EXPECT_EQ(key.Get(), "sk");
}

TEST_F(ApiKeyTest, ReadsARotatedFileWhenItIsNoLongerFresh) {
  Write("new\r\n");
  ApiKey key({.file = path_, .value = "old"}, clock_);
  EXPECT_EQ(key.Get(), "old");
  clock_.Advance(absl::Seconds(240));
  EXPECT_EQ(key.Get(), "new");
}

TEST_F(ApiKeyTest, ReadsItAtOnceWhenAskedTo) {
  Write("new");
  ApiKey key({.file = path_, .value = "old"}, clock_);
  key.Refetch();
  EXPECT_EQ(key.Get(), "new");
}

TEST_F(ApiKeyTest, KeepsTheLastGoodKeyForAnHour) {
  ApiKey key({.file = path_, .value = "old"}, clock_);  // no such file
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(key.Get(), "old");
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(key.Get(), "");
  Write("new");
  key.Refetch();
  EXPECT_EQ(key.Get(), "new");
}

TEST_F(ApiKeyTest, RefusesAKeyThatWouldBreakAHeader) {
  Write("two\nlines");
  ApiKey key({.file = path_, .value = "old"}, clock_);
  key.Refetch();
  EXPECT_EQ(key.Get(), "old");
  EXPECT_FALSE(IsHeaderSafe("a b"));
  EXPECT_FALSE(IsHeaderSafe("é"));
  EXPECT_TRUE(IsHeaderSafe("sk-Abc_123.~+/="));
}

}  // namespace
}  // namespace dramatis::inference
