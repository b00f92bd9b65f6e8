// Headers that a use case adds to its answer (CallContext::send_header). Kept apart from the call,
// since a copy of its CallContext may outlive it: what is added after the answer has gone is
// dropped. Thread-safe.
#pragma once

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "shared/call/call_metadata.h"

namespace dramatis {

class AnswerHeaders {
 public:
  // A value that is not printable ASCII is left out.
  void Add(const std::string& name, const std::string& value);
  // What was added; nothing can be added afterwards.
  HeaderList Take();

 private:
  absl::Mutex mutex_;
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  HeaderList headers_ ABSL_GUARDED_BY(mutex_);
};

// Sends `idempotency-replayed: true` with the answer.
void MarkReplayed(const CallContext& call);

// The result of a write that may have been the replay of an earlier one, which a header says then.
// `Written` has members `result` and `replayed`.
template <class Written>
auto Marked(const CallContext& call, absl::StatusOr<Written> written)
    -> absl::StatusOr<decltype(written->result)> {
  if (!written.ok()) return std::move(written).status();
  if (written->replayed) MarkReplayed(call);
  return std::move(written->result);
}

}  // namespace dramatis
