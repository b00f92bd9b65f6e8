// One RPC under way, without its message types: who calls, whether they may, and at the end its one
// log record and its metrics. Part of shared/methods/server_call.h. One thread at a time, but for
// the headers (CallContext::send_header), which any thread may add.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dramatis/options/v1/options.pb.h"

#include "absl/status/status.h"
#include "shared/call/answer_headers.h"
#include "shared/call/authenticator.h"
#include "shared/call/call.h"
#include "shared/call/call_metadata.h"
#include "shared/call/method_rules.h"
#include "shared/call/program_identity.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/log/log_scope.h"
#include "shared/metrics/metrics.h"
#include "shared/page/page_key.h"
#include "shared/time/clock.h"

namespace dramatis {

// What a service's calls share; outlives them.
struct CallParts {
  const Clock& clock;
  Logger& logger;
  Metrics& metrics;
  UuidV7Source ids;
  PageKey page_key{};
};

// What is known of an RPC before any call.
struct MethodFacts {
  std::string name;  // "dramatis.persona.v1.PersonaService/GetPersona"
  MethodAccess access;
  Metrics::Series answered;  // its calls that end well
  Metrics::Series duration;
};

// RESOURCE_EXHAUSTED, OVERLOADED, to be tried again after a second.
absl::Status OverloadedError();
// Logs what a handler threw and makes it INTERNAL. Call it inside a catch (...).
absl::Status ThrownError();

// Runs `function`; what it throws becomes INTERNAL.
template <class Function>
auto Guarded(Function function) -> decltype(function()) {
  try {
    return function();
  } catch (...) {
    return ThrownError();
  }
}

class CallRecord {
 public:
  // A neighbour's call from within the process. Of `call` it takes what would cross a call over
  // gRPC: identity, ids and deadline.
  CallRecord(CallParts& parts, const MethodFacts& method, const CallContext& call);
  // A call with metadata: who calls is still to be found out.
  CallRecord(CallParts& parts,
             const MethodFacts& method,
             const CallMetadata& metadata,
             absl::Time deadline = absl::InfiniteFuture());

  // Finds out who calls; false where it takes a while. Once.
  bool IdentifyNow();
  // Where it takes a while: `then` runs on another thread, when the issuer's keys are there.
  void IdentifyLater(std::function<void()> then);
  // Why nobody calls; of a call that was identified.
  const absl::Status& identity_status() const { return identity_status_; }
  // INVALID_ARGUMENT for what the caller sent beside the request, as CallMetadata::Read.
  const absl::Status& metadata_status() const { return metadata_status_; }
  // Whether it is part of a client's call, or of a turn, that has begun.
  bool IsPart() const;
  // Runs a part of the call: what it logs carries the call's ids, what it throws becomes INTERNAL.
  template <class Function>
  auto Guarded(Function function) const -> decltype(function()) {
    const LogScope scope(call_);
    return dramatis::Guarded(std::move(function));
  }
  // Counts and logs the call, in the audit log too where it is for admins.
  void End(const absl::Status& status) const;
  // The headers of the answer, once.
  HeaderList TakeHeaders() const;

  // CANCELLED, or DEADLINE_EXCEEDED where that is why the caller stopped waiting.
  absl::Status CancelledError() const;

  const CallContext& call() const { return call_; }
  CallParts& parts() const { return parts_; }

 private:
  // In `local` names stand for themselves, unsigned, and so does what a program says besides of the
  // same caller: which scopes and key it came with. Gives nobody more.
  void Narrow(SignIn& sign_in) const;
  // Whom another program calls for.
  SignIn IdentifyByProgram(ProgramVerifier& verifier) const;
  void Take(SignIn sign_in);
  void Log(const absl::Status& status, absl::Duration duration) const;

  CallParts& parts_;
  const MethodFacts& method_;
  const int64_t start_nanos_;
  CallContext call_;
  std::vector<std::string> authorizations_;   // until they are read
  std::vector<std::string> identity_tokens_;  // the same; of other programs
  bool identified_ = false;
  const bool within_;  // the process: a neighbour calls
  absl::Status identity_status_;
  std::string_view refusal_;  // why nobody calls; of a closed list
  absl::Status metadata_status_;
  std::shared_ptr<AnswerHeaders> headers_;  // null where nobody reads them
};

}  // namespace dramatis
