// The audit log: one record for each call of an RPC that is for admins, or about an account (the
// scope `account`: keys, exports and the like; its message is "account call"), allowed or refused.
// Its level is `audit`, which no DRAMATIS_LOG_LEVEL leaves out and by which operators filter.
//
//   Audit(logger, "dramatis.admin.v1.AdminService/SetupDatabase", call, status);
//   {"time":...,"level":"audit","service":"dramatis-persona","message":"admin call",
//    "method":"dramatis.admin.v1.AdminService/SetupDatabase","outcome":"allowed","code":"OK",
//    "reason":"","user_id":"root","correlation_id":"...","trace_id":"..."}
//
// and one for each refused sign-in: credentials that name nobody, with the reason of a closed list.
//
//   {"time":...,"level":"audit","service":"dramatis","message":"sign-in refused",
//    "method":"dramatis.persona.v1.PersonaService/ListPersonas","outcome":"refused",
//    "reason":"expired","correlation_id":"..."}
//
// Of a crowd of them the gateway writes the first hundred a second and how many more there were
// (gateway/calls/refusal_records.h).
//
// Never what was asked or answered, nor credentials. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "shared/call/call.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"

namespace dramatis {

// `outcome` is `allowed`, `refused` (no such identity, or one that may not) or `failed`. The user
// is empty where the credentials named nobody.
void Audit(Logger& logger,
           const std::string& method,
           const CallContext& call,
           const absl::Status& status,
           bool for_admins = true);

// Where refused sign-ins of this reason are counted (dramatis_sign_in_failures_total).
Metrics::Series RefusedSignInsOf(Metrics& metrics, std::string_view reason);
// The record of one, where credentials were sent at all, with the ids of the LogScope that it is
// called in.
void AuditRefusedSignIn(Logger& logger, const std::string& method, std::string_view reason);
// Both.
void CountRefusedSignIn(Metrics& metrics,
                        Logger& logger,
                        const std::string& method,
                        std::string_view reason);

}  // namespace dramatis
