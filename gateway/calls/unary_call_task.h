// A request that one answer of a service answers.
#pragma once

#include <memory>

#include "gateway/calls/backend.h"
#include "gateway/calls/request_task.h"

namespace dramatis::gateway {

class UnaryCallTask : public ActiveCall {
 public:
  UnaryCallTask(RequestTask& task, Backend& backend, const RequestCall& call);
  void Gone() override;
  // Answers with what the service has answered.
  static void OnReply(RequestTask& task, const RpcMethod& method, const UnaryReply& reply);

 private:
  std::shared_ptr<OngoingCall> call_;
};

// The gateway's own answer about health: GetHealth, or /readyz where `method` is null.
class HealthCallTask : public ActiveCall {
 public:
  HealthCallTask(RequestTask& task, const RpcMethod* method);
  void Gone() override {}
};

}  // namespace dramatis::gateway
