#include "services/memory/journal/journal_stats.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::memory {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

// The slots of entries made at these times, earliest first.
JournalTally Made(const std::vector<std::string>& times) {
  JournalTally tally;
  for (const std::string& time : times)
    tally.slots.push_back({At(time), 1});
  tally.entries = static_cast<int>(times.size());
  return tally;
}

TEST(JournalStatsTest, SayNothingOfAnEmptyJournal) {
  const v1::JournalStats stats = ComputeStats({}, absl::UTCTimeZone(), At("2026-11-20T12:00:00Z"));

  EXPECT_EQ(stats.SerializeAsString(), v1::JournalStats().SerializeAsString());
  EXPECT_FALSE(stats.has_last_entry_date());
}

TEST(JournalStatsTest, CountEntriesAndWords) {
  JournalTally tally = Made({"2026-11-19T12:00:00Z", "2026-11-20T12:00:00Z"});
  tally.slots[0].entries = 3;
  tally.entries = 4;
  tally.words = 10;
  tally.moods = {{"calm", 2}, {"glad", 1}};
  tally.tags = {{"work", 3}, {"home", 1}};

  const v1::JournalStats stats =
      ComputeStats(tally, absl::UTCTimeZone(), At("2026-11-20T12:00:00Z"));

  EXPECT_EQ(stats.total_entries(), 4);
  EXPECT_EQ(stats.total_words(), 10);
  EXPECT_EQ(stats.average_words(), 2.5);
  EXPECT_EQ(stats.last_entry_date(), "2026-11-20");
  EXPECT_EQ(stats.entries_this_week(), 4);
  EXPECT_THAT(stats.mood_distribution(), UnorderedElementsAre(Pair("calm", 2), Pair("glad", 1)));
  ASSERT_EQ(stats.top_tags_size(), 2);
  EXPECT_EQ(stats.top_tags(0).tag(), "work");
  EXPECT_EQ(stats.top_tags(0).count(), 3);
}

TEST(JournalStatsTest, KeepAStreakUntilADayHasPassed) {
  const JournalTally tally =
      Made({"2026-11-10T12:00:00Z", "2026-11-11T12:00:00Z", "2026-11-12T12:00:00Z",
            "2026-11-18T12:00:00Z", "2026-11-19T00:00:00Z", "2026-11-19T23:45:00Z"});
  const auto streaks = [&](const std::string& now) {
    const v1::JournalStats stats = ComputeStats(tally, absl::UTCTimeZone(), At(now));
    return std::make_pair(stats.current_streak(), stats.longest_streak());
  };

  EXPECT_THAT(streaks("2026-11-19T23:59:59Z"), Pair(2, 3));
  EXPECT_THAT(streaks("2026-11-20T23:59:59Z"), Pair(2, 3));
  EXPECT_THAT(streaks("2026-11-21T00:00:00Z"), Pair(0, 3));
}

TEST(JournalStatsTest, CountDaysOfTheUsersZone) {
  // Midnight in Stockholm is 23:00 UTC in winter.
  const JournalTally tally = Made({"2026-11-18T22:45:00Z", "2026-11-18T23:00:00Z"});
  const absl::Time now = At("2026-11-19T12:00:00Z");

  EXPECT_EQ(ComputeStats(tally, absl::UTCTimeZone(), now).longest_streak(), 1);
  EXPECT_EQ(ComputeStats(tally, Zone("Europe/Stockholm"), now).longest_streak(), 2);
  EXPECT_EQ(ComputeStats(tally, absl::UTCTimeZone(), now).last_entry_date(), "2026-11-18");
  EXPECT_EQ(ComputeStats(tally, Zone("Europe/Stockholm"), now).last_entry_date(), "2026-11-19");
}

TEST(JournalStatsTest, CountADayOf23HoursAndOneOf25AsOne) {
  // Stockholm's clocks went forward on 2026-03-29 and back on 2026-10-25.
  const absl::TimeZone zone = Zone("Europe/Stockholm");
  const JournalTally spring = Made({"2026-03-28T22:45:00Z", "2026-03-28T23:00:00Z",
                                    "2026-03-29T21:45:00Z", "2026-03-29T22:00:00Z"});
  const JournalTally autumn = Made({"2026-10-24T21:45:00Z", "2026-10-24T22:00:00Z",
                                    "2026-10-25T22:45:00Z", "2026-10-25T23:00:00Z"});

  EXPECT_EQ(ComputeStats(spring, zone, At("2026-03-30T12:00:00Z")).current_streak(), 3);
  EXPECT_EQ(ComputeStats(autumn, zone, At("2026-10-26T12:00:00Z")).current_streak(), 3);
  EXPECT_EQ(ComputeStats(autumn, zone, At("2026-10-27T22:45:00Z")).current_streak(), 3);
  EXPECT_EQ(ComputeStats(autumn, zone, At("2026-10-27T23:00:00Z")).current_streak(), 0);
}

TEST(JournalStatsTest, KnowZonesOffTheHour) {
  // Kathmandu is 5:45 ahead: its midnight is 18:15 UTC.
  const JournalTally tally = Made({"2026-11-18T18:00:00Z", "2026-11-18T18:15:00Z"});

  EXPECT_EQ(
      ComputeStats(tally, Zone("Asia/Kathmandu"), At("2026-11-18T18:20:00Z")).longest_streak(), 2);
}

TEST(JournalStatsTest, BeginWeeksOnMondayAndMonthsOnTheFirst) {
  // 2026-11-01 was a Sunday.
  const JournalTally tally = Made({"2026-10-31T12:00:00Z", "2026-11-01T12:00:00Z",
                                   "2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z"});
  const auto counts = [&](const std::string& now) {
    const v1::JournalStats stats = ComputeStats(tally, absl::UTCTimeZone(), At(now));
    return std::make_pair(stats.entries_this_week(), stats.entries_this_month());
  };

  EXPECT_THAT(counts("2026-11-08T23:00:00Z"), Pair(2, 3));
  EXPECT_THAT(counts("2026-11-01T23:00:00Z"), Pair(2, 3));
  EXPECT_THAT(counts("2026-11-09T00:00:00Z"), Pair(0, 3));
  EXPECT_THAT(counts("2026-10-31T23:00:00Z"), Pair(2, 1));
  EXPECT_THAT(counts("2026-12-01T00:00:00Z"), Pair(0, 0));
}

}  // namespace
}  // namespace dramatis::memory
