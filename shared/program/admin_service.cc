#include "shared/program/admin_service.h"

#include <utility>

namespace dramatis {
namespace {

namespace v1 = ::dramatis::admin::v1;

// The gateway asks once for each service of the program.
constexpr int kThreads = 4;
constexpr int kQueue = 64;

}  // namespace

AdminServiceServer::AdminServiceServer(const CommonConfig& config,
                                       const Clock& clock,
                                       Logger& logger,
                                       Metrics& metrics,
                                       std::vector<DatabaseAdmin::Part> parts)
    : admin_(config, clock, logger, std::move(parts)),
      executor_(kThreads, kQueue),
      rpc_(v1::AdminService::service_full_name(), executor_, clock, logger, metrics) {}

grpc::ServerUnaryReactor* AdminServiceServer::GetDatabaseStatus(
    grpc::CallbackServerContext* context,
    const v1::GetDatabaseStatusRequest* request,
    v1::DatabaseStatus* response) {
  return rpc_.Unary("GetDatabaseStatus", context, request, response,
                    [this](const CallContext&, const v1::GetDatabaseStatusRequest& request) {
                      return admin_.GetStatus(request);
                    });
}

grpc::ServerUnaryReactor* AdminServiceServer::SetupDatabase(grpc::CallbackServerContext* context,
                                                            const v1::SetupDatabaseRequest* request,
                                                            v1::SetupDatabaseResponse* response) {
  return rpc_.Unary("SetupDatabase", context, request, response,
                    [this](const CallContext& call, const v1::SetupDatabaseRequest& request) {
                      return admin_.Setup(call, request);
                    });
}

grpc::ServerUnaryReactor* AdminServiceServer::SeedDatabase(grpc::CallbackServerContext* context,
                                                           const v1::SeedDatabaseRequest* request,
                                                           v1::SeedDatabaseResponse* response) {
  return rpc_.Unary("SeedDatabase", context, request, response,
                    [this](const CallContext& call, const v1::SeedDatabaseRequest& request) {
                      return admin_.Seed(call, request);
                    });
}

grpc::ServerUnaryReactor* AdminServiceServer::ExportUser(grpc::CallbackServerContext* context,
                                                         const v1::ExportUserRequest* request,
                                                         v1::ExportUserResponse* response) {
  return rpc_.Unary("ExportUser", context, request, response,
                    [this](const CallContext&, const v1::ExportUserRequest& request) {
                      return admin_.ExportUser(request);
                    });
}

grpc::ServerUnaryReactor* AdminServiceServer::ImportUser(grpc::CallbackServerContext* context,
                                                         const v1::ImportUserRequest* request,
                                                         v1::ImportUserResponse* response) {
  return rpc_.Unary("ImportUser", context, request, response,
                    [this](const CallContext&, const v1::ImportUserRequest& request) {
                      return admin_.ImportUser(request);
                    });
}

grpc::ServerUnaryReactor* AdminServiceServer::ForgetUser(grpc::CallbackServerContext* context,
                                                         const v1::ForgetUserRequest* request,
                                                         google::protobuf::Empty* response) {
  return rpc_.Unary("ForgetUser", context, request, response,
                    [this](const CallContext&, const v1::ForgetUserRequest& request) {
                      return admin_.ForgetUser(request);
                    });
}

}  // namespace dramatis
