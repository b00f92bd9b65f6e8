#include "shared/log/audit.h"

#include "shared/status/errors.h"

namespace dramatis {
namespace {

const char* Outcome(const absl::Status& status) {
  if (status.ok()) return "allowed";
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status) ? "refused" : "failed";
}

}  // namespace

void Audit(Logger& logger,
           const std::string& method,
           const CallContext& call,
           const absl::Status& status) {
  logger.Log(LogLevel::kAudit, "admin call",
             {{"method", method},
              {"outcome", Outcome(status)},
              {"code", absl::StatusCodeToString(status.code())},
              {"reason", GetReason(status)},
              {"user_id", call.identity.user_id},
              {"correlation_id", call.correlation_id}});
}

}  // namespace dramatis
