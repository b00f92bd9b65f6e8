#include "services/memory/journal/journal_stats.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/time/civil_time.h"

namespace dramatis::memory {
namespace {

// Runs of days, told day by day, earliest first; a day may come again.
class Streaks {
 public:
  void Take(absl::CivilDay day) {
    if (last_ == day) return;
    length_ = last_.has_value() && *last_ + 1 == day ? length_ + 1 : 1;
    longest_ = std::max(longest_, length_);
    last_ = day;
  }

  std::optional<absl::CivilDay> last() const { return last_; }
  int longest() const { return longest_; }
  int Current(absl::CivilDay today) const {
    return last_.has_value() && *last_ >= today - 1 ? length_ : 0;
  }

 private:
  std::optional<absl::CivilDay> last_;
  int length_ = 0;
  int longest_ = 0;
};

absl::CivilDay MondayOf(absl::CivilDay day) {
  return day - static_cast<int>(absl::GetWeekday(day));
}

}  // namespace

v1::JournalStats ComputeStats(const JournalTally& tally,
                              const absl::TimeZone& zone,
                              absl::Time now) {
  static_assert(static_cast<int>(absl::Weekday::monday) == 0);
  const absl::CivilDay today = absl::ToCivilDay(now, zone);
  Streaks streaks;
  int this_week = 0;
  int this_month = 0;
  for (const JournalTally::Slot& slot : tally.slots) {
    const absl::CivilDay day = absl::ToCivilDay(slot.start, zone);
    streaks.Take(day);
    if (MondayOf(day) == MondayOf(today)) this_week += slot.entries;
    if (absl::CivilMonth(day) == absl::CivilMonth(today)) this_month += slot.entries;
  }

  v1::JournalStats stats;
  stats.set_total_entries(tally.entries);
  stats.set_total_words(static_cast<double>(tally.words));
  if (tally.entries > 0) stats.set_average_words(stats.total_words() / tally.entries);
  stats.set_current_streak(streaks.Current(today));
  stats.set_longest_streak(streaks.longest());
  if (const std::optional<absl::CivilDay> last = streaks.last()) {
    stats.set_last_entry_date(absl::FormatCivilTime(*last));
  }
  for (const JournalTally::Label& mood : tally.moods)
    (*stats.mutable_mood_distribution())[mood.text] = mood.entries;
  for (const JournalTally::Label& tag : tally.tags) {
    v1::JournalStats::TagCount& count = *stats.add_top_tags();
    count.set_tag(tag.text);
    count.set_count(tag.entries);
  }
  stats.set_entries_this_week(this_week);
  stats.set_entries_this_month(this_month);
  return stats;
}

}  // namespace dramatis::memory
