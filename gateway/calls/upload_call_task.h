// A request whose body is no JSON and goes on to the service piece by piece, as it comes, and that
// one answer answers. One piece is under way at a time; the client is not read meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/calls/backend.h"
#include "gateway/calls/request_task.h"

namespace dramatis::gateway {

class UploadCallTask : public ActiveCall {
 public:
  UploadCallTask(RequestTask& task, Backend& backend, const RequestCall& call);
  void Gone() override { call_->Cancel(); }
  bool Take(std::string piece) override;
  void TakeEnd() override;
  // The service has so long for its answer after the whole body.
  void Tick(MonotonicTime now) override;

 private:
  void Sent();
  void SendNext();

  RequestTask& task_;
  std::shared_ptr<UploadCall> call_;
  bool busy_ = true;  // a message is on its way
  std::string waiting_;
  bool ended_ = false;
  std::optional<MonotonicTime> since_;  // the end was sent
};

}  // namespace dramatis::gateway
