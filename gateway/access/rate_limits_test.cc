#include "gateway/access/rate_limits.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using ::testing::HasSubstr;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

Identity User(const std::string& id) {
  return {.user_id = id};
}

TEST(RateLimitsTest, SaysHowTheCallerStands) {
  RateLimits limits({.user = {600, absl::Minutes(1)}});
  const RateVerdict verdict = limits.Take(User("ada"), kStart);
  EXPECT_TRUE(verdict.status.ok());
  EXPECT_EQ(verdict.headers,
            "RateLimit-Policy: \"user\";q=600;w=60\r\nRateLimit: \"user\";r=599;t=1\r\n");
}

TEST(RateLimitsTest, WithoutLimitsThereIsNothingToSay) {
  RateLimits limits({});
  for (int i = 0; i < 1000; ++i) {
    const RateVerdict verdict = limits.Take(User("ada"), kStart);
    EXPECT_TRUE(verdict.status.ok());
    EXPECT_EQ(verdict.headers, "");
    EXPECT_TRUE(limits.TakeAddress("10.0.0.1", kStart).ok());
  }
}

TEST(RateLimitsTest, AUserIsTheSameWithEveryKeyAndAKeyHasItsOwnLimit) {
  RateLimits limits({.user = {3, absl::Minutes(1)}});
  Identity with_key = User("ada");
  with_key.key = std::make_shared<CallerKey>(CallerKey{"k1", {}, {}, 1});
  const RateVerdict first = limits.Take(with_key, kStart);
  EXPECT_TRUE(first.status.ok());
  EXPECT_THAT(first.headers, HasSubstr(R"("user";q=3;w=60, "key";q=1;w=60)"));
  const RateVerdict second = limits.Take(with_key, kStart);
  EXPECT_EQ(GetReason(second.status), "RATE_LIMITED");
  EXPECT_EQ(GetRetryAfter(second.status), absl::Minutes(1));
  EXPECT_THAT(second.headers, HasSubstr("\"key\";r=0;t=60"));
  EXPECT_TRUE(limits.Take(User("ada"), kStart).status.ok());
  EXPECT_EQ(GetReason(limits.Take(User("ada"), kStart).status), "RATE_LIMITED");
  EXPECT_TRUE(limits.Take(User("bob"), kStart).status.ok());
}

TEST(RateLimitsTest, WhoIsRefusedTakesNothingFromTheOthers) {
  RateLimits limits({.deployment = {2, absl::Minutes(1)}, .user = {1, absl::Minutes(1)}});
  EXPECT_TRUE(limits.Take(User("ada"), kStart).status.ok());
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(limits.Take(User("ada"), kStart).status.ok());
  EXPECT_TRUE(limits.Take(User("bob"), kStart).status.ok());
  const RateVerdict third = limits.Take(User("eve"), kStart);
  EXPECT_THAT(std::string(third.status.message()), HasSubstr("all together"));
}

TEST(RateLimitsTest, AnAddressWithoutCredentialsIsLimitedByItself) {
  RateLimits limits({.address = {1, absl::Minutes(1)}});
  EXPECT_TRUE(limits.LookAddress("10.0.0.1", kStart).ok());
  EXPECT_TRUE(limits.TakeAddress("10.0.0.1", kStart).ok());
  EXPECT_EQ(GetReason(limits.TakeAddress("10.0.0.1", kStart)), "RATE_LIMITED");
  EXPECT_EQ(GetReason(limits.LookAddress("10.0.0.1", kStart)), "RATE_LIMITED");
  EXPECT_TRUE(limits.TakeAddress("10.0.0.2", kStart).ok());
  // One host has a network of IPv6 addresses.
  EXPECT_TRUE(limits.TakeAddress("2001:db8::1", kStart).ok());
  EXPECT_FALSE(limits.TakeAddress("2001:db8::2", kStart).ok());
  EXPECT_TRUE(limits.TakeAddress("2001:db8:0:1::1", kStart).ok());
  EXPECT_TRUE(limits.TakeAddress("::ffff:10.0.0.9", kStart).ok());
  EXPECT_TRUE(limits.TakeAddress("::ffff:10.0.0.8", kStart).ok());
}

TEST(RateLimitsTest, AUserHasSoManyStreams) {
  RateLimits limits({.user_streams = 4, .replicas = 2});
  auto first = limits.OpenStream(User("ada"));
  const auto second = limits.OpenStream(User("ada"));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(limits.OpenStream(User("ada")), nullptr);
  EXPECT_NE(limits.OpenStream(User("bob")), nullptr);
  first.reset();
  EXPECT_NE(limits.OpenStream(User("ada")), nullptr);
}

}  // namespace
}  // namespace dramatis::gateway
