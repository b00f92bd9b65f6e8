// What an RPC's proto says of who may call it, read once at the start and checked there.
//
//   absl::StatusOr<MethodAccess> access = ReadMethodAccess(*descriptor);
//   if (!access.ok()) ... the program is wrong and does not start ...
//
// A pure function.
#pragma once

#include <string>
#include <vector>

#include "dramatis/options/v1/options.pb.h"

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "shared/call/scopes.h"

namespace dramatis {

struct MethodAccess {
  options::v1::Access access = options::v1::ACCESS_UNSPECIFIED;
  // What credentials must allow.
  Scopes scopes = {};
  // The programs that may call it for somebody, sorted, `gateway` among them where it has a route.
  std::vector<std::string> callers = {};

  // Calls of it stand in the audit log: for admins, or of an account (keys, exports and the like).
  bool audited() const {
    return access == options::v1::ACCESS_ADMIN || scopes == *Scopes::Needed("account");
  }
};

// INVALID_ARGUMENT says which option of the RPC is missing or wrong.
absl::StatusOr<MethodAccess> ReadMethodAccess(const google::protobuf::MethodDescriptor& method);

}  // namespace dramatis
