#include "shared/call/call_record.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "shared/call/process_identity.h"
#include "shared/log/audit.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

LogLevel LevelOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return LogLevel::kDebug;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return LogLevel::kError;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return LogLevel::kWarning;
    default:
      return LogLevel::kInfo;
  }
}

}  // namespace

CallRecord::CallRecord(CallParts& parts, const MethodFacts& method, const CallContext& call)
    : parts_(parts),
      method_(method),
      start_nanos_(absl::GetCurrentTimeNanos()),
      identified_(true),
      within_(true) {
  call_.identity = call.identity;
  call_.correlation_id = call.correlation_id;
  call_.traceparent = call.traceparent;
  call_.deadline = call.deadline;
  call_.page_key = &parts.page_key;
}

CallRecord::CallRecord(CallParts& parts,
                       const MethodFacts& method,
                       const CallMetadata& metadata,
                       absl::Time deadline)
    : parts_(parts),
      method_(method),
      start_nanos_(absl::GetCurrentTimeNanos()),
      within_(false),
      headers_(std::make_shared<AnswerHeaders>()) {
  metadata_status_ = metadata.Read(parts_.ids, call_);
  if (std::optional<Identity> identity = metadata.process_identity()) {
    call_.identity = *std::move(identity);
    identified_ = true;
  } else {
    authorizations_ = metadata.authorizations();
    identity_tokens_ = metadata.identity_tokens();
  }
  call_.deadline = deadline;
  call_.page_key = &parts.page_key;
  call_.send_header = [headers = headers_](const std::string& name, const std::string& value) {
    headers->Add(name, value);
  };
}

HeaderList CallRecord::TakeHeaders() const {
  if (headers_ == nullptr) return {};
  return headers_->Take();
}

bool CallRecord::IdentifyNow() {
  if (identified_) return true;
  ProgramVerifier* const verifier = ProcessProgramVerifier();
  if (verifier != nullptr && !identity_tokens_.empty()) {
    Take(IdentifyByProgram(*verifier));
    return true;
  }
  std::optional<SignIn> sign_in = ProcessAuthenticator().Authenticate(authorizations_);
  if (!sign_in.has_value()) return false;
  if (verifier == nullptr && &ProcessAuthenticator() == &LocalForm()) Narrow(*sign_in);
  Take(*std::move(sign_in));
  return true;
}

void CallRecord::Narrow(SignIn& sign_in) const {
  if (!sign_in.identity.ok() || identity_tokens_.size() != 1) return;
  const std::optional<Identity> said = ParseProcessIdentity(identity_tokens_.front());
  if (!said.has_value() || said->user_id != sign_in.identity->user_id ||
      said->role != sign_in.identity->role) {
    return;
  }
  sign_in.identity->scopes = said->scopes;
  sign_in.identity->key = said->key;
}

SignIn CallRecord::IdentifyByProgram(ProgramVerifier& verifier) const {
  // Two could mean either.
  if (identity_tokens_.size() > 1 || !authorizations_.empty()) {
    return {UnauthenticatedError(), "several"};
  }
  return verifier.Verify(identity_tokens_.front());
}

void CallRecord::IdentifyLater(std::function<void()> then) {
  ProcessAuthenticator().AuthenticateLater(authorizations_,
                                           [this, then = std::move(then)](SignIn sign_in) {
                                             Take(std::move(sign_in));
                                             then();
                                           });
}

void CallRecord::Take(SignIn sign_in) {
  identified_ = true;
  authorizations_ = {};
  identity_tokens_ = {};
  if (sign_in.identity.ok()) {
    call_.identity = *std::move(sign_in.identity);
    return;
  }
  refusal_ = sign_in.refusal;
  // Whoever is nobody may do what everybody may.
  if (refusal_ == kNoCredentials && method_.access.access == options::v1::ACCESS_PUBLIC) return;
  identity_status_ = std::move(sign_in.identity).status();
  const LogScope scope(call_);
  CountRefusedSignIn(parts_.metrics, parts_.logger, method_.name, refusal_);
}

bool CallRecord::IsPart() const {
  constexpr std::string_view kGateway = "gateway";  // brings what clients begin
  const Identity& caller = call_.identity;
  return within_ || caller.role == AccessRole::kService ||
         (!caller.caller.empty() && caller.caller != kGateway);
}

void CallRecord::End(const absl::Status& status) const {
  const absl::Duration duration = absl::Nanoseconds(absl::GetCurrentTimeNanos() - start_nanos_);
  method_.duration(absl::ToDoubleSeconds(duration));
  if (status.ok()) {
    method_.answered(1);
  } else {
    parts_.metrics.Count(
        "dramatis_rpc_requests_total",
        {{"method", method_.name}, {"code", absl::StatusCodeToString(status.code())}});
  }
  const LogScope scope(call_);
  if (parts_.logger.Enabled(LevelOf(status.code()))) Log(status, duration);
  if (method_.access.audited()) {
    Audit(parts_.logger, method_.name, call_, status,
          method_.access.access == options::v1::ACCESS_ADMIN);
  }
}

void CallRecord::Log(const absl::Status& status, absl::Duration duration) const {
  parts_.logger.Log(LevelOf(status.code()), status.ok() ? "call answered" : "call failed",
                    {{"method", method_.name},
                     {"code", absl::StatusCodeToString(status.code())},
                     {"reason", GetReason(status)},
                     {"error", std::string(status.message())},
                     {"cause", GetCause(status)},
                     {"duration_ms", absl::ToDoubleMilliseconds(duration)},
                     {"sign_in", std::string(refusal_)},
                     {"user_id", call_.identity.user_id}});
}

absl::Status CallRecord::CancelledError() const {
  if (parts_.clock.Now() >= call_.deadline) {
    return Error(absl::StatusCode::kDeadlineExceeded, errors::v1::ERROR_REASON_TIMEOUT,
                 "the answer did not come in time");
  }
  return Error(absl::StatusCode::kCancelled, errors::v1::ERROR_REASON_CANCELLED,
               "the caller went away");
}

absl::Status OverloadedError() {
  // Made once: a crowd gets it.
  static const auto& error = *new absl::Status(
      WithRetryAfter(Error(absl::StatusCode::kResourceExhausted,
                           errors::v1::ERROR_REASON_OVERLOADED, "too much work at once"),
                     absl::Seconds(1)));
  return error;
}

absl::Status ThrownError() {
  try {
    throw;
  } catch (const std::exception& thrown) {
    return InternalError(absl::StrCat("the handler threw: ", thrown.what()));
  } catch (...) {
    return InternalError("the handler threw something that is no exception");
  }
}

}  // namespace dramatis
