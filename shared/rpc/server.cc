#include "shared/rpc/server.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "shared/call/process_identity.h"
#include "shared/config/listen_problem.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/reflection.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

void SetLimits(const Keepalive& keepalive, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  grpc::ResourceQuota quota("dramatis");
  quota.Resize(size_t{512} * 1024 * 1024);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 * 1024);
  // Otherwise two processes share a port and each gets some of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetKeepalive(keepalive,
               [&](const char* name, int value) { builder.AddChannelArgument(name, value); });
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Clients come back and find replicas that were started meanwhile; calls under way go on.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 10 * 60'000);
}

// `host:port` with the port that was picked.
std::string WithPort(const std::string& address, int port) {
  return absl::StrCat(address.substr(0, address.rfind(':') + 1), port);
}

// Says of every call of a channel that it comes from this process.
class MarkingInterceptor : public grpc::experimental::Interceptor {
 public:
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace(kMarkEntry, ProcessMark());
    }
    methods->Proceed();
  }
};

class MarkingFactory : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new MarkingInterceptor();
  }
};

// The errno with which `address` cannot be bound, which gRPC does not tell; 0 where it can.
int BindError(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) return 0;
  const auto release = absl::MakeCleanup([found] { freeaddrinfo(found); });
  const int socket_file = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_file < 0) return errno;
  const int on = 1;
  setsockopt(socket_file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int bound = bind(socket_file, found->ai_addr, found->ai_addrlen);
  const int error = bound == 0 ? 0 : errno;
  close(socket_file);
  return error;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const std::string& address,
    const std::vector<grpc::Service*>& services,
    const Keepalive& keepalive,
    const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  // Ours stands in its place.
  grpc::EnableDefaultHealthCheckService(false);
  std::unique_ptr<RpcServer> server(new RpcServer());
  grpc::ServerBuilder builder;
  SetLimits(keepalive, builder);
  int port = 0;
  if (!address.empty()) {
    builder.AddListeningPort(
        address, credentials == nullptr ? grpc::InsecureServerCredentials() : credentials, &port);
  }
  for (grpc::Service* service : services)
    builder.RegisterService(service);
  builder.RegisterService(&server->health_);
  const std::vector<std::string>* names = nullptr;
  builder.SetOption(MakeReflectionOption(&names));
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || (!address.empty() && port == 0)) {
    return UnavailableError(ListenProblem("DRAMATIS_GRPC_ADDRESS", address, BindError(address)));
  }
  if (!address.empty()) server->address_ = WithPort(address, port);
  server->SetServing("", false);
  for (const std::string& name : *names)
    server->SetServing(name, false);
  return server;
}

RpcServer::~RpcServer() {
  if (server_ != nullptr) Drain(absl::InfinitePast());
}

void RpcServer::SetServing(const std::string& service, bool serving) {
  health_.Set(service, serving);
}

void RpcServer::StopServing() {
  health_.Stop();
}

void RpcServer::Drain(absl::Time deadline) {
  StopServing();
  // gRPC takes a time before the epoch for one that never comes.
  server_->Shutdown(absl::ToChronoTime(std::max(deadline, absl::UnixEpoch())));
}

std::shared_ptr<grpc::Channel> RpcServer::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<MarkingFactory>());
  return server_->experimental().InProcessChannelWithInterceptors(arguments, std::move(factories));
}

}  // namespace dramatis
