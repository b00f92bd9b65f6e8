// The gateway's own answers about signing in, which the issuer has a part in.
#pragma once

#include "gateway/calls/request_task.h"

namespace dramatis::gateway {

class SignInCallTask : public ActiveCall {
 public:
  // `call` is for an RPC that this Answers.
  SignInCallTask(RequestTask& task, const RequestCall& call);
  // The issuer has been asked: what it says is nobody's then.
  void Gone() override {}

  static bool Answers(const RpcMethod& method);
};

}  // namespace dramatis::gateway
