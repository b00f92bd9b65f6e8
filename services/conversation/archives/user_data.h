// What the neighbours keep of users, as the work on imports and exports needs it.
#pragma once

#include <string>
#include <vector>

#include "dramatis/admin/v1/admin.pb.h"

#include "absl/status/statusor.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// Calls block. Thread-safe.
class UserDataPeer {
 public:
  virtual ~UserDataPeer() = default;
  // The services that keep something of users, but for this one, in the order in which what they
  // have may be taken over: whom others name comes first.
  virtual std::vector<std::string> services() const = 0;
  // AdminService.ExportUser of one of them.
  virtual absl::StatusOr<admin::v1::ExportUserResponse> Export(
      const CallContext& call, const admin::v1::ExportUserRequest& request) = 0;
  // AdminService.ImportUser of one of them.
  virtual absl::StatusOr<admin::v1::ImportUserResponse> Import(
      const CallContext& call, const admin::v1::ImportUserRequest& request) = 0;
};

}  // namespace dramatis::conversation
