// What a caller sends beside its request: gRPC metadata, or what the gateway makes of HTTP headers.
//
//   absl::Status status = CallMetadata(received).Read(ids, call);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"

namespace dramatis {

// Names in lower case, and their values.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

class CallMetadata {
 public:
  CallMetadata() = default;
  explicit CallMetadata(const HeaderList& entries) {
    for (const auto& [name, value] : entries)
      Add(name, value);
  }

  // One entry as received, its name in lower case. Names that are not ours are left.
  void Add(std::string_view name, std::string_view value);

  // Fills the caller's part of `call` but who calls, ids also where it fails: INVALID_ARGUMENT for
  // a malformed Idempotency-Key. A correlation id or traceparent that is missing or malformed is
  // replaced by one of `ids`.
  absl::Status Read(IdSource& ids, CallContext& call) const;
  // What the caller's Authenticator is to read.
  const std::vector<std::string>& authorizations() const { return authorizations_; }
  // Says for whom the call is, in this process: the gateway has found out who calls.
  void SetCaller(Identity caller) { caller_ = std::move(caller); }
  // For whom a service or the gateway of this very process calls (process_identity.h).
  std::optional<Identity> process_identity() const;
  // What another program says of it (program_identity.h), one entry each; to be verified.
  const std::vector<std::string>& identity_tokens() const { return identity_tokens_; }

 private:
  std::vector<std::string> authorizations_;
  std::optional<Identity> caller_;
  bool from_this_process_ = false;
  std::vector<std::string> identity_tokens_;  // the first: also the form of process_identity.h
  std::string correlation_id_;
  std::string traceparent_;
  std::string idempotency_key_;
  bool has_idempotency_key_ = false;
  std::string if_match_;
};

// A traceparent for work that nobody has given one: a new trace, not sampled.
std::string NewTraceparent(IdSource& ids);
// The same for work that has a new id of its own, a UUID: the trace has its digits.
std::string TraceparentOf(std::string_view id);
// The trace id of a traceparent; empty for an empty one.
std::string TraceId(const std::string& traceparent);
// Whether it is a `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header).
bool IsTraceparent(std::string_view text);
// Whether every character is one of ASCII's printable ones.
bool IsPrintableAscii(std::string_view text);

}  // namespace dramatis
