// How a call's answer reaches its caller: over gRPC (shared/rpc/grpc_wire.h), or within the process
// (local_wire.h). A ServerCall drives it; nothing of it knows steps, handlers or types of messages.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "shared/call/call_record.h"

namespace dramatis {

// Used by one thread at a time, but for Gone. It is there until End.
class CallWire {
 public:
  virtual ~CallWire() = default;
  // Whether the caller has gone away without ServerCall::Cancel having been told.
  virtual bool Gone() const { return false; }
  // Of a stream: the call is accepted, `call` has the headers of its answer.
  virtual void Open(const CallRecord& /*call*/) {}
  // Of a stream: the next event. True: it has been taken. False: ServerCall::Sent follows, from any
  // thread, perhaps before this returns.
  virtual bool Send(google::protobuf::Message& /*event*/) { return true; }
  // Of an upload: asks for the next message; UploadServerCall::Received follows.
  virtual void Receive() {}
  // The call has ended so; once, and nothing follows. `response` is null where the status is an
  // error and where the answers were events; it may be moved from.
  virtual void End(const absl::Status& status,
                   google::protobuf::Message* response,
                   const CallRecord& call) = 0;
};

}  // namespace dramatis
