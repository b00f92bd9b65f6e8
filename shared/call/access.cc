#include "shared/call/access.h"

#include "shared/status/errors.h"

namespace dramatis {

absl::Status CheckAccess(const Identity& identity, options::v1::Access access) {
  switch (access) {
    case options::v1::ACCESS_ADMIN:
      if (identity.IsAdmin()) return absl::OkStatus();
      return PermissionError("only an admin may do this");
    case options::v1::ACCESS_INTERNAL:
      if (identity.IsAdmin() || identity.role == AccessRole::kService) return absl::OkStatus();
      return PermissionError("only services of this deployment may do this");
    default:
      return absl::OkStatus();  // owners are told apart where the resource is read
  }
}

}  // namespace dramatis
