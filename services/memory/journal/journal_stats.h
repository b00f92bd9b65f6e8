// A journal in numbers, made from counts of its rows. Pure.
#pragma once

#include "dramatis/memory/v1/journal.pb.h"

#include "absl/time/time.h"
#include "services/memory/model/journal_store.h"

namespace dramatis::memory {

// The statistics at `now` for somebody who lives by `zone`: a day is a date of that zone, however
// many hours it has; a week begins on Monday. A streak is a run of days with an entry; the current
// one ends today or yesterday, since today is not over.
v1::JournalStats ComputeStats(const JournalTally& tally,
                              const absl::TimeZone& zone,
                              absl::Time now);

}  // namespace dramatis::memory
