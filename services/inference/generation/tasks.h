// The use case behind RunTask: asks whichever provider answers, with the prompt of
// providers/task_prompt.h, and reads the answer. Usage is written as for replies. Thread-safe.
//
//   tasks.Run(call, request, [](absl::StatusOr<v1::RunTaskResponse> response) { ... });
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/inference/v1/tasks.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/routing/routed_call.h"
#include "services/inference/routing/router.h"
#include "services/inference/usage/ledger.h"
#include "shared/call/call.h"

namespace dramatis::inference {

class Tasks {
 public:
  // References outlive the tasks.
  Tasks(const Router& router, Ledger& ledger, RoutedCallParts parts)
      : router_(router), ledger_(ledger), parts_(std::move(parts)) {}
  ~Tasks() { Stop(); }

  using Done = std::function<void(absl::StatusOr<v1::RunTaskResponse>)>;
  // Calls `done` once, from any thread, before the call's deadline has long passed. Errors:
  // VALIDATION_FAILED, UNKNOWN_MODEL, CONTEXT_TOO_LARGE before any call to a provider; those of
  // providers; TASK_ANSWER_UNUSABLE.
  void Run(const CallContext& call, const v1::RunTaskRequest& request, Done done);
  // Gives up what runs, and whatever is asked after it.
  void Stop();

 private:
  class Running;
  void Over(const std::shared_ptr<Running>& running);

  const Router& router_;
  Ledger& ledger_;
  const RoutedCallParts parts_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<Running>> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
