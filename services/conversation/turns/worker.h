// Runs the turns whose lease this process holds: threads, heartbeat, hand-over.
//
//   TurnWorker worker(tools, live_turns, timer, prepare, background, options);
//   worker.Start();
//   std::shared_ptr<LiveTurn> live = worker.Run(job, call);   // returns at once
//
// About once a second the texts so far are written down and the leases extended, many turns in one
// transaction. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/pending_prompt.h"
#include "services/conversation/model/store.h"
#include "services/conversation/prompt/turn_prompt.h"
#include "services/conversation/turns/runner.h"
#include "shared/call/call.h"
#include "shared/executor/executor.h"
#include "shared/time/timer.h"

namespace dramatis::conversation {

struct WorkerOptions {
  std::string owner;  // names this run of the process
  absl::Duration lease = absl::Seconds(15);
  // Takes a live turn whose lease was lost: whoever has it now feeds it.
  std::function<void(const std::shared_ptr<LiveTurn>&)> on_lost;
  // Takes turns of rooms that are to be run when they are due.
  std::function<void(const std::vector<WaitingTurn>&)> on_waiting;
  // Told of each turn that has begun whose message had waited. May be null.
  std::function<void(const std::string& turn_id)> on_next = nullptr;
  // Told of each turn that has ended and is stored, with the ids that its calls carry. May be null.
  std::function<void(const TurnJob&, const TurnEnd&, const CallContext&)> on_replied = nullptr;
};

class TurnWorker : private TurnHost {
 public:
  // `prepare` is for the waits of a turn's beginning, `background` for writes, which must not wait
  // behind them.
  TurnWorker(const TurnTools& tools,
             LiveTurns& live_turns,
             Timer& timer,
             Executor& prepare,
             Executor& background,
             WorkerOptions options);
  ~TurnWorker() override;

  // The process's gRPC address as other replicas reach it; before the first lease.
  void SetAddress(const std::string& address);
  std::string address() const;
  // Begins the heartbeat.
  void Start();
  // Before it takes a new turn for its caller: OK from Start to Drain, else UNAVAILABLE.
  absl::Status Ready() const;
  // Before a call that would begin a turn waits for anything: OK; or RESOURCE_EXHAUSTED,
  // OVERLOADED, while turns that have begun wait for a thread to be gone on with. Cheap.
  absl::Status Admit() const;
  // A lease of this process, from now.
  Lease NewLease() const;

  // Begins to prepare the prompt of a session's turn that is being stored, for Run: it only reads.
  // Null where the process ends, or where the prompt does more than read, which waits until the
  // turn is stored. Never blocks.
  std::shared_ptr<PendingPrompt> Prepare(const TurnJob& job, const CallContext& call);
  // Runs a turn under a lease made by NewLease, on behalf of its user; `call` gives the ids that
  // logs and neighbours get. `prompt`: from Prepare, may be null.
  std::shared_ptr<LiveTurn> Run(const TurnJob& job,
                                const CallContext& call,
                                const std::shared_ptr<PendingPrompt>& prompt = nullptr);
  // The same of a turn whose message has waited for the end of another one, and tells whoever
  // follows it.
  void Next(const TurnJob& job) override;
  // Stops a turn if it is here.
  void Cancel(const std::string& turn_id);

  // Lets turns go on until `deadline`, then hands over those that are left.
  void Drain(absl::Time deadline);
  // Ends without writing anything further. The store and the executors must still be there.
  void Stop();

 private:
  // Lets the turn begin, now that it is stored, with what was read meanwhile.
  void Begin(const std::shared_ptr<TurnRunner>& runner, const std::shared_ptr<TurnPrompt>& prompt);
  void Post(std::function<void()> task) override;
  void PostCall(std::function<void()> task) override;
  void PostLater(std::function<void()> task) override;
  void Await(const std::vector<WaitingTurn>& turns) override;
  void Replied(const TurnJob& job, const TurnEnd& end, const CallContext& call) override;
  void Over(const TurnRunner& runner, bool lost) override;

  // Why it speaks: ids and numbers.
  void ReportScore(const TurnRow& turn);
  absl::Duration HeartbeatInterval() const;
  void ScheduleHeartbeat();
  void Heartbeat();
  void Checkpoint(const std::vector<std::shared_ptr<TurnRunner>>& runners);
  std::vector<std::shared_ptr<TurnRunner>> Runners() const;
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return runners_.empty(); }

  const TurnTools tools_;
  LiveTurns& live_turns_;
  Timer& timer_;
  Executor& prepare_;
  Executor& background_;
  const WorkerOptions options_;

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<const TurnRunner*, std::shared_ptr<TurnRunner>> runners_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> later_ ABSL_GUARDED_BY(mutex_);
  std::string address_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace dramatis::conversation
