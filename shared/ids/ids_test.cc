#include "shared/ids/ids.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

int64_t MillisOf(const std::string& id) {
  return std::stoll(id.substr(0, 8) + id.substr(9, 4), nullptr, 16);
}

TEST(UuidV7SourceTest, MakesVersionSevenOfTheClocksTime) {
  FakeClock clock(absl::FromUnixMillis(1'645'557'742'000));
  UuidV7Source ids(clock);

  const std::string id = ids.NewId();

  EXPECT_TRUE(IsUuid(id)) << id;
  // RFC 9562, appendix A.6: this time is 017F22E2-79B0.
  EXPECT_EQ(id.substr(0, 13), "017f22e2-79b0");
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(UuidV7SourceTest, SortsIdsOfOneMillisecondByTheirOrder) {
  FakeClock clock;
  UuidV7Source ids(clock);
  std::vector<std::string> made;
  for (int i = 0; i < 10'000; ++i)
    made.push_back(ids.NewId());

  EXPECT_TRUE(std::is_sorted(made.begin(), made.end()));
  EXPECT_EQ(std::set<std::string>(made.begin(), made.end()).size(), made.size());
}

TEST(UuidV7SourceTest, NeverGoesBackWithTheClock) {
  FakeClock clock;
  UuidV7Source ids(clock);
  const std::string before = ids.NewId();
  clock.Advance(-absl::Hours(1));
  const std::string during = ids.NewId();
  clock.Advance(absl::Hours(2));
  const std::string after = ids.NewId();

  EXPECT_LT(before, during);
  EXPECT_LT(during, after);
  EXPECT_EQ(MillisOf(after), absl::ToUnixMillis(clock.Now()));
}

TEST(UuidV7SourceTest, MakesNoIdTwiceOnManyThreads) {
  FakeClock clock;
  UuidV7Source ids(clock);
  constexpr int kThreads = 4;
  constexpr int kEach = 2'000;
  std::vector<std::vector<std::string>> made(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < kEach; ++i)
        mine.push_back(ids.NewId());
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  std::set<std::string> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), size_t{kThreads} * kEach);
}

TEST(CountingIdSourceTest, Counts) {
  CountingIdSource ids;
  EXPECT_EQ(ids.NewId(), "00000000-0000-7000-8000-000000000001");
  EXPECT_EQ(ids.NewId(), "00000000-0000-7000-8000-000000000002");
}

TEST(NameIdTest, IsTheSameForEver) {
  // Python: uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, "urn:dramatis:ids"), "user\nsession")
  EXPECT_EQ(NameId("user\nsession"), "417245a1-1b9e-5eb0-850a-4c01907af824");
}

TEST(NameIdTest, DiffersWithTheName) {
  EXPECT_NE(NameId("a\nb"), NameId("a\nc"));
  EXPECT_TRUE(IsUuid(NameId("")));
}

TEST(IsUuidTest, TakesOnlyTheCanonicalForm) {
  EXPECT_TRUE(IsUuid("417245a1-1b9e-5eb0-850a-4c01907af824"));
  EXPECT_FALSE(IsUuid("417245A1-1b9e-5eb0-850a-4c01907af824"));
  EXPECT_FALSE(IsUuid("417245a11b9e5eb0850a4c01907af824"));
  EXPECT_FALSE(IsUuid("417245a1-1b9e-5eb0-850a-4c01907af82"));
  EXPECT_FALSE(IsUuid("417245a1-1b9e-5eb0-850a-4c01907af8245"));
  EXPECT_FALSE(IsUuid("417245a1-1b9e-5eb0-850a-4c01907af82g"));
  EXPECT_FALSE(IsUuid("417245a1x1b9e-5eb0-850a-4c01907af824"));
  EXPECT_FALSE(IsUuid(""));
}

}  // namespace
}  // namespace dramatis
