#include "shared/log/audit.h"

#include "shared/call/authenticator.h"
#include "shared/log/log_scope.h"
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
           const absl::Status& status,
           bool for_admins) {
  const LogScope scope(call);
  logger.Log(LogLevel::kAudit, for_admins ? "admin call" : "account call",
             {{"method", method},
              {"outcome", Outcome(status)},
              {"code", absl::StatusCodeToString(status.code())},
              {"reason", GetReason(status)},
              {"user_id", call.identity.user_id}});
}

Metrics::Series RefusedSignInsOf(Metrics& metrics, std::string_view reason) {
  return metrics.CounterOf("dramatis_sign_in_failures_total", {{"reason", std::string(reason)}});
}

void CountRefusedSignIn(Metrics& metrics,
                        Logger& logger,
                        const std::string& method,
                        std::string_view reason) {
  RefusedSignInsOf(metrics, reason)(1);
  AuditRefusedSignIn(logger, method, reason);
}

void AuditRefusedSignIn(Logger& logger, const std::string& method, std::string_view reason) {
  if (reason == kNoCredentials) return;
  logger.Log(LogLevel::kAudit, "sign-in refused",
             {{"method", method}, {"outcome", "refused"}, {"reason", std::string(reason)}});
}

}  // namespace dramatis
