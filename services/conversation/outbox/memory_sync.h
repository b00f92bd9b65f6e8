// Tells memory what there is to remember of conversations, and what to forget: works off the memory
// outbox (model/outbox.h), apart from turns, which never wait for it and never fail over it.
//
//   1. forget   what was deleted, hidden or edited; before anything else, and tried for ever
//   2. observe  the messages since the last time, a few at once, for each human among them
//   3. sum up   what did not fit a turn's prompt, in exact ranges one after the other
//
// A failure puts the job back, later each time. What a model refuses again and again is given up:
// those messages are passed over, and a prompt is cut plainly. While memory or its model is away,
// nothing is. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "dramatis/memory/v1/remembering.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/outbox.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

// Memory as the outbox needs it. Calls block, for as long as a model may take.
class RememberingPeer {
 public:
  virtual ~RememberingPeer() = default;
  virtual absl::StatusOr<dramatis::memory::v1::ObserveResponse> Observe(
      const CallContext& call, const dramatis::memory::v1::ObserveRequest& request) = 0;
  virtual absl::StatusOr<dramatis::memory::v1::SummarizeResponse> Summarize(
      const CallContext& call, const dramatis::memory::v1::SummarizeRequest& request) = 0;
  virtual absl::StatusOr<dramatis::memory::v1::ForgetMessagesResponse> ForgetMessages(
      const CallContext& call, const dramatis::memory::v1::ForgetMessagesRequest& request) = 0;
};

class Remembering {
 public:
  // References outlive it.
  Remembering(MemoryOutbox& outbox,
              RememberingPeer& memory,
              const Clock& clock,
              Logger& logger,
              Metrics& metrics)
      : outbox_(outbox), memory_(memory), clock_(clock), logger_(logger), metrics_(metrics) {}

  // Works off the job that has been due for longest. False if none is due. Blocks, for minutes
  // where memory hangs.
  absl::StatusOr<bool> WorkOffOne();

 private:
  // What became of a step of a job.
  enum class Step {
    kDone,
    kFailed,  // put the job back
    kStale,   // the lease is lost, or more is to be forgotten: begin again
    kLater,   // the lease is about to end
  };
  struct Outcome {
    Step step = Step::kDone;
    absl::Status error;
  };

  absl::Status End(const MemoryJob& job, const Outcome& outcome);
  Outcome Work(MemoryJob& job);
  Outcome Forget(const MemoryJob& job);
  Outcome Observe(MemoryJob& job, const MemoryScope& scope);
  // One chunk of messages, for everybody who said any of them. An error is to be tried again.
  absl::Status ObserveForAll(const MemoryJob& job,
                             const MemoryScope& scope,
                             const std::vector<SpokenMessage>& messages);
  // The same for one user.
  absl::Status ObserveFor(const MemoryJob& job,
                          const std::string& user_id,
                          const MemoryScope& scope,
                          const std::vector<SpokenMessage>& messages);
  Outcome Summarize(MemoryJob& job);
  absl::StatusOr<dramatis::memory::v1::SummarizeResponse> SummarizeAfter(
      int sequence, const MemoryJob& job, const std::vector<SpokenMessage>& messages);
  // What the outbox says of a note: false where the lease is lost.
  static Outcome Noted(const absl::StatusOr<bool>& noted);
  bool HasTime(const MemoryJob& job) const;
  CallContext CallFor(const MemoryJob& job, const std::string& user_id) const;
  void GiveUp(const MemoryJob& job, const char* what, const absl::Status& error);

  MemoryOutbox& outbox_;
  RememberingPeer& memory_;
  const Clock& clock_;
  UuidV7Source ids_{clock_};  // of traces
  Logger& logger_;
  Metrics& metrics_;
};

}  // namespace dramatis::conversation
