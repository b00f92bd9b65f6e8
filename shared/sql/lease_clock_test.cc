#include "shared/sql/lease_clock.h"

#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::sql {
namespace {

// Far less than the skew below, far more than a reading takes.
constexpr absl::Duration kAgree = absl::Seconds(5);

class LeaseClockTest : public DatabaseTest {
 protected:
  LeaseClockTest() : DatabaseTest({}) {}
  bool postgres() { return db().engine() == Engine::kPostgres; }
};

TEST_P(LeaseClockTest, HostsWhoseClocksDifferAgreeOnTheDatabases) {
  const WrongClock here(absl::ZeroDuration());
  const WrongClock there(absl::Seconds(20));
  LeaseClock one(db(), here);
  LeaseClock other(db(), there);
  ASSERT_TRUE(one.Refresh().ok());
  ASSERT_TRUE(other.Refresh().ok());

  const absl::Duration apart = other.Now() - one.Now();

  if (postgres()) {
    EXPECT_LT(absl::AbsDuration(apart), kAgree);
  } else {
    EXPECT_GT(apart, kAgree) << "one process has it open";
  }
}

TEST_P(LeaseClockTest, GoesOnBetweenReadings) {
  FakeClock steady;
  LeaseClock leases(db(), steady);
  ASSERT_TRUE(leases.Refresh().ok());
  const absl::Time before = leases.Now();

  steady.Advance(absl::Seconds(15));

  EXPECT_EQ(leases.Now() - before, absl::Seconds(15));
}

DRAMATIS_ON_EVERY_ENGINE(LeaseClockTest);

TEST(SteadyClockTest, BeginsWithTheSystemsTimeAndGoesOn) {
  const SteadyClock steady;
  const absl::Time first = steady.Now();

  EXPECT_LT(absl::AbsDuration(SystemClock().Now() - first), absl::Seconds(5));
  EXPECT_GE(steady.Now(), first);
}

}  // namespace
}  // namespace dramatis::sql
