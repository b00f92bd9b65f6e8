#include "services/conversation/turns/worker.h"

#include <algorithm>
#include <utility>

#include "dramatis/conversation/v1/room_messages.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/model/turn_row.h"
#include "shared/call/call_metadata.h"
#include "shared/call/call_record.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

// Turns written down in one transaction: enough to share its cost, few enough to hold their rows
// for a few milliseconds only.
constexpr size_t kTurnsPerCheckpoint = 64;
// How long before the drain's deadline handing over begins, and how long it may take at most.
constexpr absl::Duration kHandOverShare = absl::Seconds(1);
constexpr absl::Duration kHandOverTime = absl::Seconds(3);

// How a turn calls its neighbours.
CallContext CallOf(const TurnJob& job, const CallContext& call) {
  CallContext own = call.AsService(job.turn.user_id);
  own.identity.key = UnpackKey(job.turn.payer_key);
  own.deadline = absl::InfiniteFuture();  // a turn outlives the call that started it
  return own;
}

}  // namespace

TurnWorker::TurnWorker(const TurnTools& tools,
                       LiveTurns& live_turns,
                       Timer& timer,
                       Executor& prepare,
                       Executor& background,
                       WorkerOptions options)
    : tools_(tools),
      live_turns_(live_turns),
      timer_(timer),
      prepare_(prepare),
      background_(background),
      options_(std::move(options)) {}

TurnWorker::~TurnWorker() {
  Stop();
}

void TurnWorker::SetAddress(const std::string& address) {
  const absl::MutexLock lock(&mutex_);
  address_ = address;
}

std::string TurnWorker::address() const {
  const absl::MutexLock lock(&mutex_);
  return address_;
}

void TurnWorker::Start() {
  {
    const absl::MutexLock lock(&mutex_);
    started_ = true;
  }
  ScheduleHeartbeat();
}

absl::Status TurnWorker::Ready() const {
  const absl::MutexLock lock(&mutex_);
  if (started_ && !draining_ && !stopped_) return absl::OkStatus();
  return UnavailableError(started_ ? "the server ends" : "the server starts");
}

absl::Status TurnWorker::Admit() const {
  // Turns that have begun come first: one more would take from them, and would itself be late.
  return prepare_.Refuses() || background_.Refuses() ? OverloadedError() : absl::OkStatus();
}

Lease TurnWorker::NewLease() const {
  return {.owner = options_.owner,
          .address = address(),
          .expires_at = tools_.leases.Now() + options_.lease};
}

std::shared_ptr<PendingPrompt> TurnWorker::Prepare(const TurnJob& job, const CallContext& call) {
  if (RenewsHold(job)) return nullptr;
  auto prompt = std::make_shared<PendingPrompt>();
  // Asked from here: to wake another thread first would take longer than to ask.
  auto turn_prompt = std::make_shared<TurnPrompt>(tools_, job, CallOf(job, call));
  const bool posted = prepare_.Post([prompt, turn_prompt] {
    turn_prompt->ReadAhead();
    prompt->Set(turn_prompt);
  });
  return posted ? prompt : nullptr;
}

void TurnWorker::Begin(const std::shared_ptr<TurnRunner>& runner,
                       const std::shared_ptr<TurnPrompt>& prompt) {
  if (prompt->complete()) return runner->BeginWith(prompt->Request());
  if (!prepare_.Post([runner, prompt] { runner->BeginWith(prompt->Request()); })) {
    Over(*runner, /*lost=*/false);
  }
}

std::shared_ptr<LiveTurn> TurnWorker::Run(const TurnJob& job,
                                          const CallContext& call,
                                          const std::shared_ptr<PendingPrompt>& prompt) {
  const CallContext own = CallOf(job, call);
  const LogScope scope(own);
  if (job.room != nullptr) ReportScore(job.turn);
  auto live = std::make_shared<LiveTurn>(FactsOf(job.turn), job.turn.attempt, job.turn.text);
  TurnHost& host = *this;
  auto runner = std::make_shared<TurnRunner>(tools_, host, job, own, live);
  bool stopped = false;
  {
    const absl::MutexLock lock(&mutex_);
    runners_.emplace(runner.get(), runner);
    stopped = stopped_;
  }
  live_turns_.Add(live);
  tools_.metrics.Gauge("dramatis_turns_running", {}, +1);
  // Stop, which abandons the runners that there are, has not seen this one.
  if (stopped) runner->Abandon();
  if (prompt != nullptr) {
    prompt->Then([this, runner](const std::shared_ptr<TurnPrompt>& read) { Begin(runner, read); });
  } else if (!prepare_.Post([runner] { runner->Begin(); })) {
    Over(*runner, /*lost=*/false);
  }
  return live;
}

void TurnWorker::ReportScore(const TurnRow& turn) {
  v1::TurnScore score;
  score.ParseFromString(turn.score);
  tools_.logger.Info("turn begins", {{"turn_id", turn.turn_id},
                                     {"conversation_id", turn.conversation_id},
                                     {"persona_id", turn.persona_id},
                                     {"attempt", turn.attempt},
                                     {"depth", turn.depth},
                                     {"reason", score.reason()},
                                     {"picked_by", score.picked_by()},
                                     {"not_picked_because", score.not_picked_because()},
                                     {"topic", score.topic()},
                                     {"flow", score.flow()},
                                     {"question", score.question()},
                                     {"traits", score.traits()},
                                     {"dominance_penalty", score.dominance_penalty()},
                                     {"total", score.total()}});
}

void TurnWorker::Cancel(const std::string& turn_id) {
  for (const auto& runner : Runners()) {
    if (runner->live()->facts().turn_id == turn_id) runner->Cancel();
  }
}

void TurnWorker::Drain(absl::Time deadline) {
  // A little is left for handing over and for telling the followers.
  deadline -= std::min(kHandOverShare, (deadline - absl::Now()) / 4);
  {
    const absl::MutexLock lock(&mutex_);
    draining_ = true;
    mutex_.AwaitWithDeadline(absl::Condition(this, &TurnWorker::Idle), deadline);
  }
  for (const auto& runner : Runners())
    runner->HandOver();
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &TurnWorker::Idle), kHandOverTime);
}

void TurnWorker::Stop() {
  std::vector<std::function<void()>> later;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    later.swap(later_);
  }
  for (const auto& runner : Runners())
    runner->Abandon();
  for (const auto& task : later)
    task();
  // Every call to a neighbour ends by its own deadline, those of cancelled answers at once.
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &TurnWorker::Idle));
}

void TurnWorker::Post(std::function<void()> task) {
  if (!background_.Post(task)) task();
}

void TurnWorker::PostCall(std::function<void()> task) {
  if (!prepare_.Post(task)) task();
}

void TurnWorker::PostLater(std::function<void()> task) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!stopped_) {
      later_.push_back(std::move(task));
      return;
    }
  }
  Post(std::move(task));
}

void TurnWorker::Await(const std::vector<WaitingTurn>& turns) {
  if (!turns.empty() && options_.on_waiting) options_.on_waiting(turns);
}

void TurnWorker::Next(const TurnJob& job) {
  CallContext call;
  call.correlation_id =
      job.correlation_id.empty() ? absl::StrCat("turn-", job.turn.turn_id) : job.correlation_id;
  call.traceparent = NewTraceparent(tools_.ids);
  Run(job, call);
  if (options_.on_next) options_.on_next(job.turn.turn_id);
}

void TurnWorker::Replied(const TurnJob& job, const TurnEnd& end, const CallContext& call) {
  if (options_.on_replied) options_.on_replied(job, end, call);
}

void TurnWorker::Over(const TurnRunner& runner, bool lost) {
  const std::shared_ptr<LiveTurn>& live = runner.live();
  live_turns_.Remove(*live);
  tools_.metrics.Gauge("dramatis_turns_running", {}, -1);
  if (lost) {
    tools_.logger.Warning("turn's lease lost", {{"turn_id", live->facts().turn_id}});
    options_.on_lost(live);
  }
  std::shared_ptr<TurnRunner> last;  // not destroyed under the lock
  const absl::MutexLock lock(&mutex_);
  const auto found = runners_.find(&runner);
  if (found == runners_.end()) return;
  last = std::move(found->second);
  runners_.erase(found);
}

absl::Duration TurnWorker::HeartbeatInterval() const {
  return std::min(absl::Seconds(1), options_.lease / 3);
}

void TurnWorker::ScheduleHeartbeat() {
  timer_.After(HeartbeatInterval(), [this] { (void)background_.Post([this] { Heartbeat(); }); });
}

void TurnWorker::Heartbeat() {
  std::vector<std::function<void()>> later;
  {
    const absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    later.swap(later_);
  }
  for (const auto& task : later)
    task();
  const std::vector<std::shared_ptr<TurnRunner>> runners = Runners();
  for (size_t begin = 0; begin < runners.size(); begin += kTurnsPerCheckpoint) {
    const size_t end = std::min(runners.size(), begin + kTurnsPerCheckpoint);
    Checkpoint({runners.begin() + static_cast<std::ptrdiff_t>(begin),
                runners.begin() + static_cast<std::ptrdiff_t>(end)});
  }
  ScheduleHeartbeat();
}

void TurnWorker::Checkpoint(const std::vector<std::shared_ptr<TurnRunner>>& runners) {
  std::vector<std::shared_ptr<TurnRunner>> alive;
  std::vector<CheckpointWrite> writes;
  for (const auto& runner : runners) {
    std::optional<CheckpointWrite> write = runner->NextCheckpoint();
    if (!write.has_value()) continue;
    alive.push_back(runner);
    writes.push_back(*std::move(write));
  }
  if (writes.empty()) return;
  const auto results =
      tools_.turns.Checkpoint(writes, tools_.leases.Now() + options_.lease, tools_.clock.Now());
  if (!results.ok()) {
    tools_.logger.Warning("texts so far not stored", {{"turns", static_cast<int>(writes.size())},
                                                      {"code", GetReason(results.status())}});
    for (const auto& runner : alive)
      runner->CheckpointFailed();
    return;
  }
  for (size_t i = 0; i < alive.size(); ++i)
    alive[i]->Checkpointed((*results)[i]);
}

std::vector<std::shared_ptr<TurnRunner>> TurnWorker::Runners() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<TurnRunner>> runners;
  runners.reserve(runners_.size());
  for (const auto& [_, runner] : runners_)
    runners.push_back(runner);
  return runners;
}

}  // namespace dramatis::conversation
