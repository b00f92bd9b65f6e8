// A call under way, to whoever made it. For any thread.
#pragma once

namespace dramatis {

class OngoingCall {
 public:
  virtual ~OngoingCall() = default;
  // Nobody waits for it any more: its end follows soon; of a stream that waits for Resume, after
  // that. No effect after the end.
  virtual void Cancel() = 0;
  // A stream goes on after an event that its reader has answered, or will answer, with false
  // (local_methods.h); once for each. May call the reader before it returns.
  virtual void Resume() {}
};

}  // namespace dramatis
