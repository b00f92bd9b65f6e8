// A request that a service answers with a google.api.HttpBody in pieces: bytes as they are, as fast
// as the client takes them. An error before the first piece is a problem document; a later one ends
// the connection, so that the client does not take a part for the whole.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/calls/backend.h"
#include "gateway/calls/request_task.h"

namespace dramatis::gateway {

class DownloadCallTask : public ActiveCall {
 public:
  DownloadCallTask(RequestTask& task, Backend& backend, const RequestCall& call);
  void Gone() override { call_->Cancel(); }
  void Written() override;

 private:
  // Takes what the call has, unless the socket is still busy with what it had before.
  void Pump();
  void Write(std::string bytes);
  void End();

  RequestTask& task_;
  const RpcMethod& method_;
  std::shared_ptr<StreamCall> call_;
  bool begun_ = false;
  bool writing_ = false;
  bool more_ = false;  // came while the last bytes were being written
  std::optional<absl::Status> end_;
};

}  // namespace dramatis::gateway
