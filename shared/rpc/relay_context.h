// The context of a call that the gateway of the same process makes without gRPC. It goes through
// the generated service's method, as any call's, so that an RPC is written down once: there
// ServiceAdapter finds it and answers to it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call_metadata.h"
#include "shared/call/local_methods.h"

namespace dramatis {

// Only until the method returns. Nothing of gRPC's own part is used.
struct RelayContext : public grpc::CallbackServerContext {
  // Null for a call that came over gRPC.
  static RelayContext* Of(grpc::CallbackServerContext& context) {
    return dynamic_cast<RelayContext*>(&context);
  }

  const CallMetadata* metadata = nullptr;
  absl::Time deadline = absl::InfiniteFuture();
  std::function<void(RelayReply)> done;              // of a unary call
  std::shared_ptr<LocalReader<std::string>> reader;  // of a stream
  std::shared_ptr<LocalStream> stream;               // what the method has begun
};

}  // namespace dramatis
