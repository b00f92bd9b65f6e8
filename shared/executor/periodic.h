// Work that comes again and again, whoever calls or not: one table of jobs for each service.
// Whoever makes a job has to put it here, and what is here runs, is logged where it fails, and is
// counted.
//
//   PeriodicJobs jobs("conversation", timer, clock, logger, metrics);
//   jobs.Every(absl::Seconds(5), "room upkeep", executor, [&] { return upkeep.Run(); });
//   ...
//   jobs.Stop();
//
// A job runs at once and then every `interval`. A run that takes longer is not overtaken: the runs
// that would begin meanwhile are left out. Metrics, with the labels `service` and `name`:
//   dramatis_job_runs_total                       also `outcome`: ok, failed
//   dramatis_job_last_success_timestamp_seconds   0 until a run succeeds
// Every job is listed in docs/jobs.md, which a test compares. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "shared/executor/executor.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"
#include "shared/time/timer.h"

namespace dramatis {

class PeriodicJobs {
 public:
  // References outlive the jobs.
  PeriodicJobs(
      std::string service, Timers& timers, const Clock& clock, Logger& logger, Metrics& metrics);
  // As Stop.
  ~PeriodicJobs();

  struct Options {
    // So many runs of the job may go on at the same time.
    int at_once = 1;
  };

  // From now on runs `run` on `executor`, which outlives the jobs, past its queue's limit. No
  // effect after Stop. `name` is unique among the service's jobs and one of a closed set.
  void Every(absl::Duration interval,
             const std::string& name,
             Executor& executor,
             std::function<absl::Status()> run,
             Options options);
  void Every(absl::Duration interval,
             const std::string& name,
             Executor& executor,
             std::function<absl::Status()> run) {
    Every(interval, name, executor, std::move(run), Options());
  }

  // Whether runs are asked to end: what works off a long list looks here between two items.
  bool ending() const;
  // Asks runs under way to end, and begins none any more. Returns at once.
  void End();
  // End, and waits for runs under way. Their executors still work. Not to be called by a job.
  void Stop();

 private:
  struct Job;
  struct State;

  static void Tick(const std::shared_ptr<State>& state, const std::shared_ptr<Job>& job);
  static void RunOnce(State& state, Job& job);

  const std::shared_ptr<State> state_;  // timers may hold on to it
};

}  // namespace dramatis
