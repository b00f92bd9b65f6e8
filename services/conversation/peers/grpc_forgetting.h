// Persona, memory and inference over gRPC, as the deletion of accounts needs them. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "dramatis/admin/v1/admin.grpc.pb.h"

#include "services/conversation/accounts/deletion.h"
#include "shared/rpc/lazy_stub.h"
#include "shared/rpc/ongoing_calls.h"

namespace dramatis::conversation {

class GrpcForgettingPeer : public ForgettingPeer {
 public:
  GrpcForgettingPeer(Connect persona, Connect memory, Connect inference)
      : persona_(std::move(persona)),
        memory_(std::move(memory)),
        inference_(std::move(inference)) {}
  absl::Status ForgetUser(const CallContext& call, const std::string& user_id) override;
  // Calls under way, and later ones, end at once.
  void Stop() { calls_.CancelAll(); }

 private:
  using Stub = LazyStub<admin::v1::AdminService>;
  absl::Status Ask(Stub& stub,
                   const CallContext& call,
                   const std::string& service,
                   const std::string& user_id);

  Stub persona_;
  Stub memory_;
  Stub inference_;
  OngoingCalls calls_;
};

}  // namespace dramatis::conversation
