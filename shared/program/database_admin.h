// What admins do with the databases of a program's services: look, migrate, seed; and what
// conversation has done for a user who leaves: forget.
//
//   absl::StatusOr<v1::DatabaseStatus> status = admin.GetStatus(request);
//
// The caller may call it: the steps of the call have checked. Calls block. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "dramatis/admin/v1/admin.pb.h"
#include "google/protobuf/empty.pb.h"

#include "absl/status/statusor.h"
#include "shared/call/call.h"
#include "shared/config/environment.h"
#include "shared/log/log.h"
#include "shared/rpc/module.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis {

class DatabaseAdmin {
 public:
  // One service of the program; references outlive the object.
  struct Part {
    const ModuleFactory& factory;
    const ConfiguredModule& module;
    sql::Database& database;
    // Whether the service takes calls just now.
    std::function<bool()> serving;
  };
  DatabaseAdmin(const CommonConfig& config,
                const Clock& clock,
                Logger& logger,
                std::vector<Part> parts);

  // A database that cannot be read is `connected: false`. NOT_FOUND.
  absl::StatusOr<admin::v1::DatabaseStatus> GetStatus(
      const admin::v1::GetDatabaseStatusRequest& request);
  // NOT_FOUND, ADMIN_DISABLED, SCHEMA_MISMATCH, UNAVAILABLE.
  absl::StatusOr<admin::v1::SetupDatabaseResponse> Setup(
      const CallContext& call, const admin::v1::SetupDatabaseRequest& request);
  // NOT_FOUND, ADMIN_DISABLED, INVALID_ARGUMENT for another environment, UNAVAILABLE.
  absl::StatusOr<admin::v1::SeedDatabaseResponse> Seed(
      const CallContext& call, const admin::v1::SeedDatabaseRequest& request);
  // NOT_FOUND, UNAVAILABLE.
  absl::StatusOr<admin::v1::ExportUserResponse> ExportUser(
      const admin::v1::ExportUserRequest& request);
  absl::StatusOr<admin::v1::ImportUserResponse> ImportUser(
      const admin::v1::ImportUserRequest& request);
  absl::StatusOr<google::protobuf::Empty> ForgetUser(const admin::v1::ForgetUserRequest& request);

 private:
  absl::StatusOr<const Part*> Find(const std::string& service) const;
  absl::Status CheckMayChange() const;
  // Fills in what is read from the database.
  absl::Status Read(const Part& part, admin::v1::DatabaseStatus& status) const;
  // One transaction; with `validate_only` one that is rolled back.
  absl::StatusOr<admin::v1::SeedDatabaseResponse> TrySeed(
      const CallContext& call, const Part& part, const admin::v1::SeedDatabaseRequest& request);

  const CommonConfig& config_;
  const Clock& clock_;
  Logger& logger_;
  const std::vector<Part> parts_;
};

}  // namespace dramatis
