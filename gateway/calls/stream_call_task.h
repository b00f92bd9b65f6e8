// A request that a stream of a service answers, as server-sent events.
//
// The 200 is only sent once the service has accepted the call and either an event has come or a
// short while has passed without an error: until then a failure is an ordinary problem document,
// and an end without an event, as for a client that has seen them all, is 204. From then on it is
// the event `error`. A stream that never ends by itself ends so, UNAVAILABLE, when the server
// drains.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/calls/backend.h"
#include "gateway/calls/request_task.h"
#include "gateway/routing/sse.h"

namespace dramatis::gateway {

class StreamCallTask : public ActiveCall {
 public:
  StreamCallTask(RequestTask& task, Backend& backend, const RequestCall& call);
  ~StreamCallTask() override;

  void Gone() override;
  void Written() override;
  void Drain() override;
  void Probe() override;
  void Tick(MonotonicTime now) override;

 private:
  enum class State { kWaiting, kAccepted, kOpen, kWriting, kEnded };

  // Takes what the call has, unless the socket is still busy with what it had before.
  void Pump();
  const EventFormat& Events() const;
  void Begin();
  void Write(std::string frames);
  void End();
  void AppendError(const absl::Status& error, std::string& frames);

  RequestTask& task_;
  const RpcMethod& method_;
  std::shared_ptr<StreamCall> call_;
  State state_ = State::kWaiting;
  // Events came while the last ones were being written.
  bool more_ = false;
  bool drained_ = false;
  ReplyHeaders headers_;
  std::optional<absl::Status> end_;
  MonotonicTime since_;  // of the state, and since the last write
};

}  // namespace dramatis::gateway
