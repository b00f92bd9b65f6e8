#include "shared/executor/periodic.h"

#include <atomic>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

constexpr const char* kRuns = "dramatis_job_runs_total";
constexpr const char* kLastSuccess = "dramatis_job_last_success_timestamp_seconds";

double SecondsOf(absl::Time time) {
  return absl::ToDoubleSeconds(time - absl::UnixEpoch());
}

}  // namespace

struct PeriodicJobs::Job {
  const absl::Duration interval;
  const std::string name;
  Executor& executor;
  const std::function<absl::Status()> run;
  const int at_once;
  int running = 0;  // guarded by the state's mutex
};

struct PeriodicJobs::State {
  State(std::string owner, Timers& t, const Clock& c, Logger& l, Metrics& m)
      : service(std::move(owner)), timers(t), clock(c), logger(l), metrics(m) {}

  Labels LabelsOf(const Job& job) const { return {{"service", service}, {"name", job.name}}; }

  void CountRun(const Job& job, const char* outcome, double by) {
    Labels labels = LabelsOf(job);
    labels["outcome"] = outcome;
    metrics.Count(kRuns, labels, by);
  }

  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mutex) { return running == 0; }

  const std::string service;
  Timers& timers;
  const Clock& clock;
  Logger& logger;
  Metrics& metrics;
  std::atomic<bool> ending = false;
  absl::Mutex mutex;
  int running ABSL_GUARDED_BY(mutex) = 0;  // of all jobs: queued or under way
};

PeriodicJobs::PeriodicJobs(
    std::string service, Timers& timers, const Clock& clock, Logger& logger, Metrics& metrics)
    : state_(std::make_shared<State>(std::move(service), timers, clock, logger, metrics)) {}

PeriodicJobs::~PeriodicJobs() {
  Stop();
}

void PeriodicJobs::Every(absl::Duration interval,
                         const std::string& name,
                         Executor& executor,
                         std::function<absl::Status()> run,
                         Options options) {
  const auto job =
      std::make_shared<Job>(Job{interval, name, executor, std::move(run), options.at_once});
  // There from the start: an alert on a job that never runs needs something to look at.
  state_->CountRun(*job, "ok", 0);
  state_->CountRun(*job, "failed", 0);
  state_->metrics.Set(kLastSuccess, state_->LabelsOf(*job), 0);
  Tick(state_, job);
}

void PeriodicJobs::Tick(const std::shared_ptr<State>& state, const std::shared_ptr<Job>& job) {
  {
    const absl::MutexLock lock(&state->mutex);
    if (state->ending) return;
    if (job->running < job->at_once) {
      // Under the lock, so that Stop, which returns before the executor goes, knows of it.
      if (!job->executor.Post([state, job] { RunOnce(*state, *job); })) return;
      ++job->running;
      ++state->running;
    }
  }
  state->timers.After(job->interval, [state, job] { Tick(state, job); });
}

void PeriodicJobs::RunOnce(State& state, Job& job) {
  if (!state.ending) {
    const absl::Status status = job.run();
    state.CountRun(job, status.ok() ? "ok" : "failed", 1);
    if (status.ok()) {
      state.metrics.Set(kLastSuccess, state.LabelsOf(job), SecondsOf(state.clock.Now()));
    } else {
      state.logger.Warning("periodic job failed", {{"job", job.name},
                                                   {"module", state.service},
                                                   {"code", GetReason(status)},
                                                   {"error", OperatorMessage(status)}});
    }
  }
  const absl::MutexLock lock(&state.mutex);
  --job.running;
  --state.running;
}

bool PeriodicJobs::ending() const {
  return state_->ending;
}

void PeriodicJobs::End() {
  const absl::MutexLock lock(&state_->mutex);
  state_->ending = true;
}

void PeriodicJobs::Stop() {
  End();
  const absl::MutexLock lock(&state_->mutex);
  state_->mutex.Await(absl::Condition(state_.get(), &State::Idle));
}

}  // namespace dramatis
