// The RPCs of a table (shared/methods/method_table.h) over gRPC.
//
//   GrpcService service(table);
//   RpcServer::Start("127.0.0.1:0", {&service}, ...);
//
// gRPC carries bytes: what is in them is read and written here, as for calls within the process, so
// that bytes which are no message are answered, logged and counted as any failed call. Methods are
// registered as generated services do it, which keeps gRPC's one batch of a unary call
// (docs/adr/0011-one-call.md).
//
// Immutable. Outlives the server that serves it; the table outlives it.
#pragma once

#include <deque>
#include <string>

#include "grpcpp/impl/service_type.h"
#include "shared/methods/method_table.h"

namespace dramatis {

class GrpcService : public grpc::Service {
 public:
  // RPCs of the proto that the table has no line for.
  enum class Missing { kDie, kUnimplemented };

  explicit GrpcService(const MethodTable& table, Missing missing = Missing::kDie);

 private:
  void Add(const Method& method);

  std::deque<std::string> paths_;  // gRPC keeps pointers to them
};

}  // namespace dramatis
