// Server reflection, v1 and v1alpha (https://github.com/grpc/grpc/blob/master/doc/
// server-reflection.md), out of the descriptors that are linked in. gRPC 1.51 brings v1alpha only,
// on threads of its own; newer clients ask for v1.
//
// Thread-safe; reflection holds no thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"

namespace dramatis {

// Registers the reflection services with a server that is being built. Afterwards `*names` points
// to the full names of all of the server's services, and does so for as long as the server lives.
//
//   const std::vector<std::string>* names = nullptr;
//   builder.SetOption(MakeReflectionOption(&names));
std::unique_ptr<grpc::ServerBuilderOption> MakeReflectionOption(
    const std::vector<std::string>** names);

}  // namespace dramatis
