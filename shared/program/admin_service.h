// AdminService, beside a program's modules. Its RPCs stand in admin_service.cc, a line each;
// DatabaseAdmin does the work.
#pragma once

#include <vector>

#include "shared/executor/executor.h"
#include "shared/methods/method_table.h"
#include "shared/metrics/metrics.h"
#include "shared/program/database_admin.h"
#include "shared/rpc/grpc_wire.h"

namespace dramatis {

inline constexpr char kAdminService[] = "dramatis.admin.v1.AdminService";

class AdminServer {
 public:
  // References outlive the service.
  AdminServer(const CommonConfig& config,
              const Clock& clock,
              Logger& logger,
              Metrics& metrics,
              std::vector<DatabaseAdmin::Part> parts);
  // What still runs uses the databases.
  ~AdminServer() { executor_.Stop(); }

  grpc::Service& service() { return grpc_; }

 private:
  DatabaseAdmin admin_;
  // Its own: an operator is answered also while the modules are busy.
  Executor executor_;
  MethodTable rpc_;
  GrpcService grpc_;
};

}  // namespace dramatis
