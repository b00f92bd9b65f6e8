// An RPC under way, whichever wire it came by: the steps of every call (call_steps.h), then the
// handler, on the RPC's executor, then the answer, one log record and the metrics. What a handler
// throws is answered as INTERNAL.
//
//   auto call = ServerCall::Make(method, *wire, CallRecord(...), std::move(request));
//   call->Begin();    // wire->End(...) follows, perhaps before this returns
//   call->Cancel();   // the caller has gone away
//
// Whoever made it keeps it until the wire's End; tasks and answers under way keep it too.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/message.h"
#include "shared/call/call_record.h"
#include "shared/methods/call_wire.h"
#include "shared/methods/event_pump.h"
#include "shared/methods/method.h"
#include "shared/methods/ongoing_call.h"

namespace dramatis {

// INVALID_ARGUMENT, VALIDATION_FAILED.
absl::Status MalformedRequestError();

// Cancel may be called by any thread at any time; the rest by one at a time.
class ServerCall : public OngoingCall, public std::enable_shared_from_this<ServerCall> {
 public:
  using Message = google::protobuf::Message;

  // Of the method's kind. `request`: a message of its type; null for bytes that are none. The
  // method outlives the call.
  static std::shared_ptr<ServerCall> Make(const Method& method,
                                          CallWire& wire,
                                          CallRecord record,
                                          std::unique_ptr<Message> request);

  // Takes the steps and runs the handler.
  virtual void Begin();

  // The caller has gone away. What has not begun does not; a stream and an answer that comes later
  // end now, with CANCELLED; a handler that blocks answers to nobody.
  void Cancel() override { cancelled_ = true; }
  // A stream's event that CallWire::Send did not take has gone, or nobody takes it.
  virtual void Sent(bool /*ok*/) {}
  void Resume() override { Sent(true); }

  // For steps.

  const Method& method() const { return method_; }
  CallRecord& record() { return record_; }
  const Message& request() const { return *request_; }
  bool cancelled() const { return cancelled_ || wire_.Gone(); }
  // Goes on with the next step.
  void Continue();
  // Continue, on the executor. False, and nothing, where there is no room.
  virtual bool AwaitThread();

 protected:
  ServerCall(const Method& method,
             CallWire& wire,
             CallRecord record,
             std::unique_ptr<Message> request);

  // All steps are taken.
  virtual void Run() = 0;
  // Ends the call with what a step says.
  virtual void Refuse(const absl::Status& status) { Finish(status); }
  // Ends the call: record, then answer.
  void Finish(const absl::Status& status, Message* response = nullptr);
  // Runs a task on the executor, if the call may begin. False, and nothing, where there is more to
  // do than is done, unless it is part of work that has begun.
  bool Post(std::function<void()> task);
  void SetRequest(std::unique_ptr<Message> request) { request_ = std::move(request); }

  const Method& method_;
  CallRecord record_;
  CallWire& wire_;

 private:
  std::unique_ptr<Message> request_;
  size_t next_step_ = 0;
  std::atomic<bool> cancelled_ = false;
};

// A request that comes as a stream of messages. The next one is asked for when the sink has taken
// the one before, so that a slow sink slows its caller.
class UploadServerCall : public ServerCall {
 public:
  UploadServerCall(const Method& method, CallWire& wire, CallRecord record)
      : ServerCall(method, wire, std::move(record), nullptr) {}

  // What was asked for: a message of the method's request type, null where no more comes, or the
  // error that its bytes are none.
  void Received(absl::StatusOr<std::unique_ptr<Message>> message);
  void Begin() override { Continue(); }
  // Asks for the first message; it goes on when that is there.
  bool AwaitThread() override;

 private:
  // On the executor: what was received.
  void Take();
  void Run() override;
  absl::Status TakeMessage();
  void End(const absl::Status& status);

  bool first_ = true;
  bool more_ = true;  // what was received is a message
  absl::StatusOr<std::unique_ptr<Message>> received_;
  std::unique_ptr<MessageSink> sink_;
  std::unique_ptr<Message> response_;
};

}  // namespace dramatis
