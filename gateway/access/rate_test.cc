#include "gateway/access/rate.h"

#include <random>

#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

TEST(RateTest, ReadsWhatOperatorsWrite) {
  EXPECT_EQ(Rate::Parse("600/m")->quota, 600);
  EXPECT_EQ(Rate::Parse("600/m")->window, absl::Minutes(1));
  EXPECT_EQ(Rate::Parse("1/s")->window, absl::Seconds(1));
  EXPECT_EQ(Rate::Parse("5/h")->window, absl::Hours(1));
  EXPECT_FALSE(Rate::Parse("off")->limits());
  for (const char* wrong : {"", "600", "600/", "600/d", "0/m", "-1/m", "1.5/m", "6/mm", "x/m", "/m",
                            "99999999999/s", "OFF"}) {
    EXPECT_FALSE(Rate::Parse(wrong).has_value()) << wrong;
  }
}

TEST(RateTest, EachReplicaHasItsShare) {
  EXPECT_EQ((Rate{600, absl::Minutes(1)}.Share(3).quota), 200);
  EXPECT_EQ((Rate{2, absl::Minutes(1)}.Share(3).quota), 1);
  EXPECT_FALSE(Rate{}.Share(3).limits());
}

TEST(RateTableTest, TheQuotaMayBeUsedAtOnceAndComesBackEvenly) {
  RateTable table({3, absl::Seconds(3)});
  for (int left = 2; left >= 0; --left) {
    const RateState state = table.Take("ada", kStart);
    EXPECT_EQ(state.wait, absl::ZeroDuration());
    EXPECT_EQ(state.remaining, left);
    EXPECT_EQ(state.reset, absl::Seconds(3 - left));
  }
  EXPECT_EQ(table.Take("ada", kStart).wait, absl::Seconds(1));
  EXPECT_EQ(table.Take("bob", kStart).wait, absl::ZeroDuration());
  EXPECT_EQ(table.Take("ada", kStart + absl::Milliseconds(999)).wait, absl::Milliseconds(1));
  EXPECT_EQ(table.Take("ada", kStart + absl::Seconds(1)).wait, absl::ZeroDuration());
  EXPECT_EQ(table.Take("ada", kStart + absl::Seconds(1)).wait, absl::Seconds(1));
}

TEST(RateTableTest, LookingCountsNothing) {
  RateTable table({1, absl::Seconds(1)});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(table.Look("ada", kStart).wait, absl::ZeroDuration());
  table.Take("ada", kStart);
  EXPECT_EQ(table.Look("ada", kStart).wait, absl::Seconds(1));
  EXPECT_EQ(table.Look("ada", kStart + absl::Seconds(1)).wait, absl::ZeroDuration());
}

// Whatever the calls' times: n windows let through at most n + 1 quotas, and two replicas with a
// share each no more than one without.
TEST(RateTableTest, NeverLetsThroughMoreThanTheLimit) {
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    const Rate rate{std::uniform_int_distribution<int64_t>(1, 50)(random), absl::Seconds(1)};
    const int replicas = round % 2 + 1;
    std::vector<std::unique_ptr<RateTable>> tables;
    for (int i = 0; i < replicas; ++i)
      tables.push_back(std::make_unique<RateTable>(rate.Share(replicas)));
    absl::Time now = kStart;
    int64_t let_through = 0;
    for (int call = 0; call < 10'000; ++call) {
      now += absl::Microseconds(std::uniform_int_distribution<int>(0, 2'000)(random));
      const auto replica = static_cast<size_t>(call % replicas);
      if (tables[replica]->Take("ada", now).wait == absl::ZeroDuration()) ++let_through;
    }
    const double windows = absl::ToDoubleSeconds(now - kStart);
    // A share is at least 1.
    const int64_t quota = std::max<int64_t>(rate.quota, replicas);
    EXPECT_LE(let_through, static_cast<int64_t>((windows + 1) * static_cast<double>(quota)) + 1);
    EXPECT_GE(let_through, static_cast<int64_t>(windows) * (rate.quota - replicas));
  }
}

TEST(RateTableTest, ForgetsWhoHasTheirQuotaAgain) {
  RateTable table({1, absl::Seconds(1)});
  for (int i = 0; i < 100'000; ++i)
    table.Take(std::to_string(i), kStart + absl::Milliseconds(i));
  EXPECT_LT(table.size(), 50'000U);
}

}  // namespace
}  // namespace dramatis::gateway
