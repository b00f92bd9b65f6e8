#include "shared/rpc/channel.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "grpcpp/support/client_interceptor.h"
#include "shared/call/process_identity.h"

namespace dramatis {

namespace {

// Makes of "for whom" a signed token, and lets nothing else pass that names a caller.
class SigningInterceptor : public grpc::experimental::Interceptor {
 public:
  SigningInterceptor(ProgramSigner& signer, const std::string& audience)
      : signer_(signer), audience_(audience) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      std::multimap<std::string, std::string>& metadata = *methods->GetSendInitialMetadata();
      metadata.erase("authorization");
      if (const auto identity = metadata.find(kIdentityEntry); identity != metadata.end()) {
        identity->second = signer_.TokenFor(audience_, identity->second);
        if (identity->second.empty()) metadata.erase(identity);
      }
    }
    methods->Proceed();
  }

 private:
  ProgramSigner& signer_;
  const std::string& audience_;
};

class SigningFactory : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  SigningFactory(ProgramSigner& signer, std::string audience)
      : signer_(signer), audience_(std::move(audience)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new SigningInterceptor(signer_, audience_);
  }

 private:
  ProgramSigner& signer_;
  const std::string audience_;
};

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 5000);
  SetKeepalive(options.keepalive,
               [&](const char* name, int value) { arguments.SetInt(name, value); });
  // Neighbours are on our own network, whatever http_proxy says of the way out.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (options.credentials != nullptr && !options.audience.empty()) {
    arguments.SetSslTargetNameOverride(options.audience);  // see grpc_tls.h
  }
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> factories;
  if (options.signer != nullptr) {
    factories.push_back(std::make_unique<SigningFactory>(*options.signer, options.audience));
  }
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      target,
      options.credentials == nullptr ? grpc::InsecureChannelCredentials() : options.credentials,
      arguments, std::move(factories));
}

absl::Time CallDeadline(const CallContext& call, absl::Duration timeout) {
  return std::min(call.deadline - kHopMargin, absl::Now() + timeout);
}

void AddIdentity(const Identity& identity, grpc::ClientContext& context) {
  // The first is for services of this process, and what a signed token is made of; the second for
  // other programs in the environment `local`.
  context.AddMetadata(kIdentityEntry, FormatProcessIdentity(identity));
  const std::string authorization = FormatAuthorization(identity);
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
}

void PrepareContext(const CallContext& call, absl::Duration timeout, grpc::ClientContext& context) {
  AddIdentity(call.identity, context);
  if (!call.correlation_id.empty()) context.AddMetadata("x-correlation-id", call.correlation_id);
  if (!call.traceparent.empty()) context.AddMetadata("traceparent", call.traceparent);
  const absl::Time deadline = CallDeadline(call, timeout);
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
}

}  // namespace dramatis
