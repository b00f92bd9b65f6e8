// Takes a request that comes as a stream of messages. What a use case returns to
// MethodTable::Upload; needs no gRPC, so that it is tested by calling it.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dramatis {

// Called by one thread at a time; may block. One that is destroyed before its End was cut off: it
// leaves nothing behind.
template <class Request, class Response>
class UploadSink {
 public:
  virtual ~UploadSink() = default;
  // The next message. An error is the answer; nothing follows.
  virtual absl::Status Take(const Request& message) = 0;
  // All messages have come.
  virtual absl::StatusOr<Response> End() = 0;
};

}  // namespace dramatis
