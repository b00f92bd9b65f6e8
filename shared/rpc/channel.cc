#include "shared/rpc/channel.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "shared/call/process_identity.h"

namespace dramatis {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, const Keepalive& keepalive) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 5000);
  SetKeepalive(keepalive, [&](const char* name, int value) { arguments.SetInt(name, value); });
  // Neighbours are on our own network, whatever http_proxy says of the way out.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

absl::Time CallDeadline(const CallContext& call, absl::Duration timeout) {
  return std::min(call.deadline - kHopMargin, absl::Now() + timeout);
}

void PrepareContext(const CallContext& call, absl::Duration timeout, grpc::ClientContext& context) {
  // The first is for services of this process, the second for others, in the environment `local`.
  context.AddMetadata(kIdentityEntry, FormatProcessIdentity(call.identity));
  const std::string authorization = FormatAuthorization(call.identity);
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  if (!call.correlation_id.empty()) context.AddMetadata("x-correlation-id", call.correlation_id);
  if (!call.traceparent.empty()) context.AddMetadata("traceparent", call.traceparent);
  const absl::Time deadline = CallDeadline(call, timeout);
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
}

}  // namespace dramatis
