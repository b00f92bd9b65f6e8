// A stream's events, pulled one at a time when the client can take one. What a streaming use case
// returns to MethodTable::Stream; needs no gRPC, so that it is tested by calling it.
//
//   class TurnEvents : public EventSource<v1::ChatEvent> {
//     void OnReady(std::function<void()> wake) override { listener_ = text_->Listen(wake); }
//     Next Poll() override { ... text_->ReadFrom(cursor_) ... }
//     void Cancelled() override {}
//   };
#pragma once

#include <functional>
#include <optional>

#include "absl/status/status.h"

namespace dramatis {

// Called by one thread at a time (not always the same one); must not block. Destroyed some time
// after the end, on a thread that calls no `wake`.
template <class Event>
class EventSource {
 public:
  virtual ~EventSource() = default;
  struct Next {
    std::optional<Event> event;       // to send now
    std::optional<absl::Status> end;  // set: the stream ends with this, after `event` if any
    // neither: nothing yet; `wake` will be called
  };
  virtual Next Poll() = 0;
  // Called once, before the first Poll. `wake` may be called from any thread at any time, also
  // after the stream has ended, also when there is nothing new. It may run Poll before it returns:
  // hold no lock that Poll takes.
  virtual void OnReady(std::function<void()> wake) = 0;
  // The client has gone away or its deadline has passed. No Poll follows.
  virtual void Cancelled() = 0;
};

}  // namespace dramatis
