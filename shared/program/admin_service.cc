#include "shared/program/admin_service.h"

#include <utility>

namespace dramatis {
namespace {

// The gateway asks once for each service of the program.
constexpr int kThreads = 4;
constexpr int kQueue = 64;

MethodTable& Filled(MethodTable& rpc, DatabaseAdmin& admin) {
  rpc.Unary("GetDatabaseStatus", &DatabaseAdmin::GetStatus, admin);
  rpc.Unary("SetupDatabase", &DatabaseAdmin::Setup, admin);
  rpc.Unary("SeedDatabase", &DatabaseAdmin::Seed, admin);
  rpc.Unary("ExportUser", &DatabaseAdmin::ExportUser, admin);
  rpc.Unary("ImportUser", &DatabaseAdmin::ImportUser, admin);
  rpc.Unary("ForgetUser", &DatabaseAdmin::ForgetUser, admin);
  return rpc;
}

}  // namespace

AdminServer::AdminServer(const CommonConfig& config,
                         const Clock& clock,
                         Logger& logger,
                         Metrics& metrics,
                         std::vector<DatabaseAdmin::Part> parts)
    : admin_(config, clock, logger, std::move(parts)),
      executor_(kThreads, kQueue),
      rpc_(kAdminService, executor_, clock, logger, metrics),
      grpc_(Filled(rpc_, admin_)) {}

}  // namespace dramatis
