// One RPC under way, without its message types: who calls, whether they may, and at the end its one
// log record and its metrics. For the call adapter (shared/rpc/service_adapter.h) and
// local_call.h only. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dramatis/options/v1/options.pb.h"

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "shared/call/answer_headers.h"
#include "shared/call/authenticator.h"
#include "shared/call/call.h"
#include "shared/call/call_metadata.h"
#include "shared/call/method_rules.h"
#include "shared/call/program_identity.h"
#include "shared/executor/executor.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/log/log_scope.h"
#include "shared/metrics/metrics.h"
#include "shared/page/page_key.h"
#include "shared/time/clock.h"

namespace dramatis {

// What an adapter's calls share; outlives them.
struct CallParts {
  Executor& executor;
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
  // Whether a call that a client makes may begin, asked before it waits for anything; may be null.
  // Cheap.
  std::function<absl::Status()> gate = nullptr;
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
  // A call with metadata: Identify finds out who calls, Admit checks the rest.
  CallRecord(CallParts& parts,
             const MethodFacts& method,
             const CallMetadata& metadata,
             absl::Time deadline = absl::InfiniteFuture());

  // Finds out who calls, then runs `then`: before this returns, or on another thread where the
  // issuer's keys have to be fetched first. Before Admit, once.
  template <class Then>
  void Identify(Then then) {
    if (IdentifyNow()) return then();
    IdentifyLater(std::move(then));
  }
  // Whether the caller may call this at all. Cheap.
  absl::Status Admit() const;
  // Runs the call, `run`, on the service's executor. OVERLOADED where there is more to do than is
  // done, at once, unless it is part of work that this deployment has begun; or what
  // MethodFacts::gate says. Cheap.
  absl::Status Post(std::function<void()> run) const;
  // Before the handler runs: whether there is time left, and the field rules.
  absl::Status CheckRequest(const google::protobuf::Message& request) const;
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

 protected:
  CallParts& parts_;
  const MethodFacts& method_;
  const int64_t start_nanos_;
  CallContext call_;

 private:
  // False where it takes a while.
  bool IdentifyNow();
  // Whom another program calls for.
  // In `local` names stand for themselves, unsigned, and so does what a program says besides of the
  // same caller: which scopes and key it came with. Gives nobody more.
  void Narrow(SignIn& sign_in) const;
  SignIn IdentifyByProgram(ProgramVerifier& verifier) const;
  void IdentifyLater(std::function<void()> then);
  void Take(SignIn sign_in);
  // Whether it is part of a client's call, or of a turn, that has begun.
  bool IsPart() const;
  void Log(const absl::Status& status, absl::Duration duration) const;

  std::vector<std::string> authorizations_;   // until Identify has read them
  std::vector<std::string> identity_tokens_;  // the same; of other programs
  bool identified_ = false;
  const bool within_;  // the process: a neighbour calls
  absl::Status identity_status_;
  std::string_view refusal_;  // why nobody calls; of a closed list
  absl::Status metadata_status_;
  std::shared_ptr<AnswerHeaders> headers_;  // null where nobody reads them
};

}  // namespace dramatis
