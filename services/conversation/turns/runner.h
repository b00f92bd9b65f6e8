// Runs one turn whose lease this process holds, from the persona's part of the prompt to the stored
// reply. Plain logic over interfaces: it owns no thread and no timer.
//
//   preparing   persona renders, memory recalls, history is read; all at once    Begin
//   generating  deltas grow the live text; the host writes it down now and then  NextCheckpoint
//   ending      one transaction stores the reply, or the failure, on the host's threads
//   over        the live turn is finished, the host forgets the runner
//
// An empty reply, or a connection to inference that was lost before the first delta, gets one more
// attempt. Every write carries the lease's fence; a runner that lost its lease changes nothing and
// leaves the live turn to somebody else.
//
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/peers.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"
#include "shared/log/log_scope.h"

namespace dramatis::conversation {

class TurnRunner;

// Who has the threads.
class TurnHost {
 public:
  virtual ~TurnHost() = default;
  // Runs `task`, which may block, soon; from any thread.
  virtual void Post(std::function<void()> task) = 0;
  // The same for what calls a neighbour.
  virtual void PostCall(std::function<void()> task) = 0;
  // The same after a while: the store could not be written.
  virtual void PostLater(std::function<void()> task) = 0;
  // Turns of a room that wait until they are due.
  virtual void Await(const std::vector<WaitingTurn>& turns) = 0;
  // A message of a session has waited for the end of a turn: its own has begun under this process's
  // lease.
  virtual void Next(const TurnJob& job) = 0;
  // The turn has ended and is stored.
  virtual void Replied(const TurnJob& job, const TurnEnd& end, const CallContext& call) = 0;
  // The runner is over. `lost`: its lease was; the live turn is not finished.
  virtual void Over(const TurnRunner& runner, bool lost) = 0;
};

class TurnRunner : public GenerationListener, public std::enable_shared_from_this<TurnRunner> {
 public:
  TurnRunner(const TurnTools& tools,
             TurnHost& host,
             TurnJob job,
             CallContext call,
             std::shared_ptr<LiveTurn> live);

  const std::shared_ptr<LiveTurn>& live() const { return live_; }

  // Prepares the prompt and starts the answer. Blocks for the first.
  void Begin();
  // Starts the answer to this prompt. Does not block.
  void BeginWith(absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest> prompt);

  // The user stops the turn: what has been said so far becomes its reply.
  void Cancel();
  // The process ends: the turn goes back to the store with its text so far.
  void HandOver();
  // The process is gone: ends without writing anything.
  void Abandon();

  // What to write down of a turn under way, the text only where it has grown; nullopt if there is
  // nothing to keep alive.
  std::optional<CheckpointWrite> NextCheckpoint();
  // What became of it. A lost lease ends the runner.
  void Checkpointed(CheckpointResult result);
  // It could not be written: the next one has the text again.
  void CheckpointFailed();

  void OnStart(const dramatis::inference::v1::StreamGenerateResponse::Start& start) override;
  void OnDelta(const std::string& text) override;
  void OnDone(const dramatis::inference::v1::StreamGenerateResponse::Done& done) override;
  void OnEnd(const absl::Status& status) override;

 private:
  enum class Stop { kNone, kCancel, kHandOver, kLost, kAbandon };

  void Generate();
  void StopGeneration(Stop why);
  Stop stop() const;

  // What an answer cost that did not come to its end.
  void AskUsage();
  // After the last delta, on a host's thread.
  void Conclude(const absl::Status& status);
  void ConcludeStopped(Stop why);
  bool AnotherAttemptHelps(const absl::Status& status, const std::string& text) const;
  void TryAgain();
  void Fail(const absl::Status& error);
  void Write(TurnEnd end);
  void Finish(const TurnEnd& end);
  TurnEnd EndOf(TurnState state, std::string text);
  void Over(bool lost);
  void Report(const TurnEnd& end);

  const CallContext call_;
  CallLogger logger_;      // whichever thread goes on with the turn
  const TurnTools tools_;  // with that logger
  TurnHost& host_;
  TurnJob job_;
  const std::shared_ptr<LiveTurn> live_;
  const absl::Time started_;

  mutable absl::Mutex mutex_;
  Stop stop_ ABSL_GUARDED_BY(mutex_) = Stop::kNone;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;  // no generation is under way any more
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Generation> generation_ ABSL_GUARDED_BY(mutex_);
  int attempt_ ABSL_GUARDED_BY(mutex_);
  size_t length_ ABSL_GUARDED_BY(mutex_) = 0;          // of this attempt's text
  size_t written_length_ ABSL_GUARDED_BY(mutex_) = 0;  // of it at the last checkpoint
  bool tried_again_ = false;

  // Written before OnEnd by the generation's thread, read after it.
  dramatis::inference::v1::StreamGenerateRequest request_;
  dramatis::inference::v1::StreamGenerateResponse::Start start_;
  std::optional<dramatis::inference::v1::StreamGenerateResponse::Done> done_;
  dramatis::prompt::v1::Usage usage_;  // where there is no `done`
};

}  // namespace dramatis::conversation
