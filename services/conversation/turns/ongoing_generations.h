// What a model is asked beside the turns, as a session's title or who speaks next in a room: each
// question from being asked until its answer is worked off.
//
//   generations.Ask(call, request, listener);
//   generations.Over(*this);   // the listener, when its end is worked off, on any thread
//   generations.Stop();
//
// Holds no thread. Thread-safe.
#pragma once

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "services/conversation/model/peers.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class OngoingGenerations {
 public:
  explicit OngoingGenerations(InferencePeer& inference) : inference_(inference) {}

  // The listener says Over, perhaps before this returns. Null where it has, and after Stop, where
  // the listener is not called or was cancelled.
  std::shared_ptr<Generation> Ask(const CallContext& call,
                                  const dramatis::inference::v1::StreamGenerateRequest& request,
                                  std::shared_ptr<GenerationListener> listener);
  void Over(const GenerationListener& listener);

  // Cancels what is being answered, lets nothing more begin, and waits until all is over.
  void Stop();
  bool stopped() const;

 private:
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ongoing_.empty(); }

  InferencePeer& inference_;
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<const GenerationListener*, std::shared_ptr<Generation>> ongoing_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::conversation
