// What becomes of sessions in time, whoever calls or not:
//
//   said something, then quiet for kQuiet, or over  its transcript is written, where they are kept
//   over for `rows`                                 its messages are in the transcript only; where
//                                                   none are kept, the session is deleted
//   over for `transcripts`                          the session is deleted, its transcript too
//
// A session is over when it has ended or expired. Each run looks through a part of all sessions and
// the next one goes on there. Any number of replicas may do it at the same time.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/conversation/model/store.h"
#include "services/conversation/transcripts/transcript_store.h"
#include "services/conversation/transcripts/transcripts.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

class Retention {
 public:
  static constexpr absl::Duration kQuiet = absl::Minutes(10);
  // How long messages that were brought back stay.
  static constexpr absl::Duration kBroughtBack = absl::Hours(24);

  struct Rules {
    absl::Duration rows = absl::InfiniteDuration();
    absl::Duration transcripts = absl::InfiniteDuration();
    int at_once = 500;  // sessions looked at in a run
  };
  // `release` gives up persona's hold of a session that is deleted. References outlive it.
  Retention(Store& store,
            TranscriptStore& rows,
            Transcripts& transcripts,
            const Rules& rules,
            const Clock& clock,
            Logger& logger,
            std::function<void(const SessionRow&)> release)
      : store_(store),
        rows_(rows),
        transcripts_(transcripts),
        rules_(rules),
        clock_(clock),
        logger_(logger),
        release_(std::move(release)) {}

  // One part, or less of it once `ending` says so; not at the same time as another one. Blocks.
  // What fails is tried again.
  absl::Status Run(const std::function<bool()>& ending = [] { return false; });

 private:
  absl::Status Tend(const TranscribedSession& found);
  absl::Status Delete(const SessionRow& session);

  Store& store_;
  TranscriptStore& rows_;
  Transcripts& transcripts_;
  const Rules rules_;
  const Clock& clock_;
  Logger& logger_;
  const std::function<void(const SessionRow&)> release_;
  std::string after_;  // where the next run goes on
};

}  // namespace dramatis::conversation
