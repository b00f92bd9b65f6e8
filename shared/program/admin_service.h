// AdminService on gRPC, beside a program's modules. No rules here: the adapter checks the call,
// DatabaseAdmin does the work.
#pragma once

#include <vector>

#include "dramatis/admin/v1/admin.grpc.pb.h"

#include "shared/executor/executor.h"
#include "shared/metrics/metrics.h"
#include "shared/program/database_admin.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis {

class AdminServiceServer : public admin::v1::AdminService::CallbackService {
 public:
  // References outlive the service.
  AdminServiceServer(const CommonConfig& config,
                     const Clock& clock,
                     Logger& logger,
                     Metrics& metrics,
                     std::vector<DatabaseAdmin::Part> parts);
  // What still runs uses the databases.
  ~AdminServiceServer() override { executor_.Stop(); }

  grpc::ServerUnaryReactor* GetDatabaseStatus(grpc::CallbackServerContext* context,
                                              const admin::v1::GetDatabaseStatusRequest* request,
                                              admin::v1::DatabaseStatus* response) override;
  grpc::ServerUnaryReactor* SetupDatabase(grpc::CallbackServerContext* context,
                                          const admin::v1::SetupDatabaseRequest* request,
                                          admin::v1::SetupDatabaseResponse* response) override;
  grpc::ServerUnaryReactor* SeedDatabase(grpc::CallbackServerContext* context,
                                         const admin::v1::SeedDatabaseRequest* request,
                                         admin::v1::SeedDatabaseResponse* response) override;
  grpc::ServerUnaryReactor* ExportUser(grpc::CallbackServerContext* context,
                                       const admin::v1::ExportUserRequest* request,
                                       admin::v1::ExportUserResponse* response) override;
  grpc::ServerUnaryReactor* ImportUser(grpc::CallbackServerContext* context,
                                       const admin::v1::ImportUserRequest* request,
                                       admin::v1::ImportUserResponse* response) override;
  grpc::ServerUnaryReactor* ForgetUser(grpc::CallbackServerContext* context,
                                       const admin::v1::ForgetUserRequest* request,
                                       google::protobuf::Empty* response) override;

 private:
  DatabaseAdmin admin_;
  // Its own: an operator is answered also while the modules are busy.
  Executor executor_;
  ServiceAdapter rpc_;
};

}  // namespace dramatis
