// The numbers of a journal never drift: after many random creates, updates and deletes they are
// what a recount of the entries gives, on SQLite and on PostgreSQL.
#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "services/memory/journal/journal.h"
#include "services/memory/testing/journal_fixture.h"

namespace dramatis::memory {
namespace {

constexpr int kChanges = 1000;
constexpr int kChecks = 20;

using Entries = std::map<std::string, v1::JournalEntry>;

void CountStreaks(const std::map<absl::CivilDay, int>& days,
                  absl::CivilDay today,
                  v1::JournalStats& stats) {
  for (const auto& [first, count] : days) {
    int length = 0;
    while (days.contains(first + length))
      ++length;
    if (length > stats.longest_streak()) stats.set_longest_streak(length);
  }
  absl::CivilDay end = days.contains(today) ? today : today - 1;
  for (; days.contains(end); --end)
    stats.set_current_streak(stats.current_streak() + 1);
}

void CountPeriods(const std::map<absl::CivilDay, int>& days,
                  absl::CivilDay today,
                  v1::JournalStats& stats) {
  absl::CivilDay monday = today;
  while (absl::GetWeekday(monday) != absl::Weekday::monday)
    --monday;
  for (const auto& [day, count] : days) {
    if (day >= monday) stats.set_entries_this_week(stats.entries_this_week() + count);
    if (day.year() == today.year() && day.month() == today.month()) {
      stats.set_entries_this_month(stats.entries_this_month() + count);
    }
  }
}

void RankTags(const Entries& entries, v1::JournalStats& stats) {
  std::map<std::string, int> tags;
  for (const auto& [id, entry] : entries) {
    for (const std::string& tag : entry.tags())
      ++tags[tag];
  }
  std::vector<std::pair<int, std::string>> ranked;
  for (const auto& [tag, count] : tags)
    ranked.emplace_back(-count, tag);
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > 10) ranked.resize(10);
  for (const auto& [negative_count, tag] : ranked) {
    v1::JournalStats::TagCount& top = *stats.add_top_tags();
    top.set_tag(tag);
    top.set_count(-negative_count);
  }
}

// The statistics as somebody would count them with the entries on paper in front of them.
v1::JournalStats Recount(const Entries& entries, const absl::TimeZone& zone, absl::Time now) {
  const absl::CivilDay today = absl::ToCivilDay(now, zone);
  v1::JournalStats stats;
  std::map<absl::CivilDay, int> days;
  for (const auto& [id, entry] : entries) {
    stats.set_total_entries(stats.total_entries() + 1);
    stats.set_total_words(stats.total_words() + entry.word_count());
    if (!entry.mood().empty()) ++(*stats.mutable_mood_distribution())[entry.mood()];
    ++days[absl::ToCivilDay(absl::FromUnixSeconds(entry.create_time().seconds()), zone)];
  }
  if (entries.empty()) return stats;
  stats.set_average_words(stats.total_words() / stats.total_entries());
  stats.set_last_entry_date(absl::FormatCivilTime(days.rbegin()->first));
  CountStreaks(days, today, stats);
  CountPeriods(days, today, stats);
  RankTags(entries, stats);
  return stats;
}

class RecountStoreTest : public JournalStoreTest {
 protected:
  RecountStoreTest() { call_.identity.user_id = "ada"; }

  int Below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }

  v1::JournalEntry RandomEntry() {
    constexpr int kTags = 14;
    static const std::vector<std::string> moods = {"", "calm", "glad", "Glad", "\u00e4ngslig"};
    v1::JournalEntry entry;
    entry.set_title("A day");
    std::string content = "word";
    for (int i = Below(30); i > 0; --i)
      content += Below(3) == 0 ? "\n\nIt's" : " 3.5, caf\u00e9";
    entry.set_content(content);
    entry.set_mood(moods[Below(static_cast<int>(moods.size()))]);
    std::set<std::string> tags;
    for (int i = Below(5); i > 0; --i)
      tags.insert(absl::StrCat("tag", Below(kTags)));
    for (const std::string& tag : tags)
      entry.add_tags(tag);
    return entry;
  }

  void Create() {
    v1::CreateJournalEntryRequest request;
    *request.mutable_entry() = RandomEntry();
    const v1::JournalEntry entry = journal_.Create(call_, request).value();
    entries_[entry.entry_id()] = entry;
  }

  void Update(const std::string& entry_id) {
    v1::UpdateJournalEntryRequest request;
    request.set_entry_id(entry_id);
    *request.mutable_entry() = RandomEntry();
    for (const std::string path : {"content", "mood", "tags"}) {
      if (Below(2) == 0) request.mutable_update_mask()->add_paths(path);
    }
    entries_[entry_id] = journal_.Update(call_, request).value();
  }

  void Delete(const std::string& entry_id) {
    v1::DeleteJournalEntryRequest request;
    request.set_entry_id(entry_id);
    ASSERT_TRUE(journal_.Delete(call_, request).ok());
    entries_.erase(entry_id);
  }

  void ChangeSomething() {
    // Mostly some hours, now and then a day or two without any entry.
    clock_.Advance(absl::Minutes(Below(Below(10) == 0 ? 4000 : 600)));
    const int kind = Below(10);
    if (entries_.empty() || kind < 5) return Create();
    const std::string& entry_id =
        std::next(entries_.begin(), Below(static_cast<int>(entries_.size())))->first;
    return kind < 8 ? Update(entry_id) : Delete(std::string(entry_id));
  }

  void LiveIn(const std::string& zone) {
    ProfileRow row = memories_.FindProfile("ada").value().value_or(ProfileRow());
    row.user_id = "ada";
    row.definition.set_timezone(zone);
    ASSERT_TRUE(memories_.WriteProfile(row).ok());
  }

  CountingIdSource ids_;
  Journal journal_{store_, memories_, clock_, ids_};
  CallContext call_;
  // What was answered last of each entry that is there.
  Entries entries_;
  std::mt19937 random_{20261121};
};

TEST_P(RecountStoreTest, StatisticsEqualARecountAfterManyRandomChanges) {
  for (int i = 1; i <= kChanges; ++i) {
    ASSERT_NO_FATAL_FAILURE(ChangeSomething());
    if (i % (kChanges / kChecks) != 0) continue;
    for (const std::string zone :
         {"UTC", "Europe/Stockholm", "America/St_Johns", "Pacific/Kiritimati"}) {
      LiveIn(zone);
      const v1::JournalStats stats = journal_.Stats(call_, {}).value();
      absl::TimeZone where;
      ASSERT_TRUE(absl::LoadTimeZone(zone, &where));
      EXPECT_EQ(stats.DebugString(), Recount(entries_, where, clock_.Now()).DebugString())
          << zone << " after " << i << " changes";
    }
  }
  EXPECT_GT(entries_.size(), 100);
  EXPECT_GT(journal_.Stats(call_, {})->longest_streak(), 3);
}

DRAMATIS_ON_EVERY_ENGINE(RecountStoreTest);

}  // namespace
}  // namespace dramatis::memory
