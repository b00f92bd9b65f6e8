// What calls to neighbours go through: channels, and contexts that carry identity, correlation id,
// trace and a deadline a little shorter than the caller's. shared/rpc/neighbour.h makes the calls.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call.h"
#include "shared/call/program_identity.h"
#include "shared/rpc/keepalive.h"
#include "shared/rpc/status_conversion.h"

namespace dramatis {

// Each hop keeps this much of the deadline, so that the layer that noticed reports it.
inline constexpr absl::Duration kHopMargin = absl::Milliseconds(20);
// Largest message of either direction between services.
inline constexpr int kMaxMessageBytes = 16 * 1024 * 1024;

// What a channel is, beside its target.
struct ChannelOptions {
  Keepalive keepalive = {};
  // The program at the other end, as in "persona".
  std::string audience = {};
  // Tells that program for whom this one calls, in place of the caller's credentials; outlives the
  // channel. Null: the form of the environment `local`.
  ProgramSigner* signer = nullptr;
  // Null: without TLS.
  std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr;
};

// A channel to `target` (`host:port`, `dns:///name:port`): round robin over every address, wait for
// reconnects with back-off up to 2 s, keepalive, our message size.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const ChannelOptions& options = {});

// When a neighbour's answer must be there: the earlier of the caller's deadline less kHopMargin and
// now + `timeout`.
absl::Time CallDeadline(const CallContext& call, absl::Duration timeout);

// Says in a client context for whom a call is; the channel makes credentials of that.
void AddIdentity(const Identity& identity, grpc::ClientContext& context);

// Fills a client context: AddIdentity, correlation id, traceparent and CallDeadline.
void PrepareContext(const CallContext& call, absl::Duration timeout, grpc::ClientContext& context);

}  // namespace dramatis
