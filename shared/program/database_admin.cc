#include "shared/program/database_admin.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "shared/sql/catalogue/row_counts.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::admin::v1;

constexpr char kProduction[] = "production";

absl::Status DisabledError(const std::string& message) {
  return Error(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_ADMIN_DISABLED, message);
}

// A schema that does not fit, in the words of who compared it.
absl::Status SchemaError(const absl::Status& status) {
  if (!absl::IsFailedPrecondition(status)) return status;
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_SCHEMA_MISMATCH,
               std::string(status.message()));
}

v1::DatabaseEngine EngineOf(const sql::Database& database) {
  return database.engine() == sql::Engine::kSqlite ? v1::DATABASE_ENGINE_SQLITE
                                                   : v1::DATABASE_ENGINE_POSTGRESQL;
}

// Ends a transaction that was only to show what it would do.
absl::Status RollBack() {
  return absl::CancelledError("rolled back");
}

}  // namespace

DatabaseAdmin::DatabaseAdmin(const CommonConfig& config,
                             const Clock& clock,
                             Logger& logger,
                             std::vector<Part> parts)
    : config_(config), clock_(clock), logger_(logger), parts_(std::move(parts)) {}

absl::StatusOr<const DatabaseAdmin::Part*> DatabaseAdmin::Find(const std::string& service) const {
  for (const Part& part : parts_) {
    if (part.factory.name == service) return &part;
  }
  return NotFoundError("service");
}

absl::Status DatabaseAdmin::CheckMayChange() const {
  if (config_.admin_mutations) return absl::OkStatus();
  return DisabledError("this deployment does not let admins change databases");
}

absl::StatusOr<v1::DatabaseStatus> DatabaseAdmin::GetStatus(
    const v1::GetDatabaseStatusRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Part* const part, Find(request.service()));
  v1::DatabaseStatus status;
  status.set_status(part->serving() ? v1::SERVING_STATUS_SERVING : v1::SERVING_STATUS_NOT_SERVING);
  status.set_engine(EngineOf(part->database));
  const absl::Status read = Read(*part, status);
  if (read.ok()) {
    status.set_connected(true);
  } else if (absl::IsFailedPrecondition(read)) {
    status.set_connected(true);
    status.set_problem(std::string(read.message()));
  } else {
    // The cause is for the log: it may name hosts and files.
    logger_.Warning("the database cannot be read",
                    {{"module", request.service()}, {"error", OperatorMessage(read)}});
    status.set_problem("the database cannot be read just now");
  }
  return status;
}

absl::Status DatabaseAdmin::Read(const Part& part, v1::DatabaseStatus& status) const {
  DRAMATIS_ASSIGN_OR_RETURN(const sql::SchemaState schema,
                            part.database.CheckSchema(part.factory.migrations()));
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<sql::TableRows> tables,
      part.database.Read([](sql::Transaction& tx) { return sql::CountRows(tx); }));
  status.set_schema_version(schema.version);
  status.mutable_pending()->Assign(schema.pending.begin(), schema.pending.end());
  for (const sql::TableRows& rows : tables) {
    v1::DatabaseStatus::Table& table = *status.add_tables();
    table.set_name(rows.table);
    table.set_row_count(static_cast<double>(rows.rows));
    table.set_estimated(rows.estimated);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::SetupDatabaseResponse> DatabaseAdmin::Setup(
    const CallContext& call, const v1::SetupDatabaseRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Part* const part, Find(request.service()));
  DRAMATIS_RETURN_IF_ERROR(CheckMayChange());
  const std::vector<sql::Migration>& migrations = part->factory.migrations();
  v1::SetupDatabaseResponse response;
  const absl::StatusOr<sql::SchemaState> before = part->database.CheckSchema(migrations);
  if (!before.ok()) return SchemaError(before.status());
  if (!before->pending.empty()) {
    const auto migrated = part->database.Migrate(migrations);
    if (!migrated.ok()) return SchemaError(migrated.status());
    response.mutable_applied()->Assign(migrated->begin(), migrated->end());
    logger_.Info("migrated",
                 {{"module", request.service()}, {"applied", static_cast<int>(migrated->size())}});
  }
  response.set_schema_version(migrations.empty() ? 0 : migrations.back().number);
  if (call.idempotency_key.empty()) return response;
  // The table of keys is there from now on; what was done may be done again without harm.
  const auto claim = sql::IdempotencyClaim::For(call, "SetupDatabase", request);
  return sql::MakeOnce<v1::SetupDatabaseResponse>(
      part->database, call, claim, clock_.Now(),
      [&](sql::Transaction&) -> absl::StatusOr<v1::SetupDatabaseResponse> { return response; });
}

absl::StatusOr<v1::SeedDatabaseResponse> DatabaseAdmin::Seed(
    const CallContext& call, const v1::SeedDatabaseRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Part* const part, Find(request.service()));
  DRAMATIS_RETURN_IF_ERROR(CheckMayChange());
  if (config_.environment == kProduction) {
    return DisabledError("sample data have no place in production");
  }
  if (request.confirm() != config_.environment) {
    return FieldErrors({{"confirm", "must be the environment of this deployment"}});
  }
  if (part->factory.sample.write == nullptr) return v1::SeedDatabaseResponse();
  absl::StatusOr<v1::SeedDatabaseResponse> response = TrySeed(call, *part, request);
  if (absl::IsAlreadyExists(response.status()) && GetReason(response.status()).empty()) {
    // Another call has seeded meanwhile: the second look sees it.
    response = TrySeed(call, *part, request);
  }
  return response;
}

absl::StatusOr<v1::SeedDatabaseResponse> DatabaseAdmin::TrySeed(
    const CallContext& call, const Part& part, const v1::SeedDatabaseRequest& request) {
  v1::SeedDatabaseRequest claimed = request;
  claimed.clear_validate_only();
  const auto claim = sql::IdempotencyClaim::For(call, "SeedDatabase", claimed);
  const sql::SampleData& sample = part.factory.sample;
  v1::SeedDatabaseResponse response;
  absl::StatusOr<v1::SeedDatabaseResponse> answer = sql::MakeOnce<v1::SeedDatabaseResponse>(
      part.database, call, claim, clock_.Now(),
      [&](sql::Transaction& tx) -> absl::StatusOr<v1::SeedDatabaseResponse> {
        response.Clear();
        DRAMATIS_ASSIGN_OR_RETURN(const sql::SampleState state, sample.state(tx));
        if (state == sql::SampleState::kOccupied) {
          return DisabledError("the store is not empty: sample data are for new deployments");
        }
        response.set_seeded(state == sql::SampleState::kEmpty);
        if (request.validate_only()) return RollBack();
        if (response.seeded()) {
          DRAMATIS_ASSIGN_OR_RETURN(const auto created, sample.write(tx, clock_.Now()));
          response.mutable_created()->insert(created.begin(), created.end());
        }
        return response;
      });
  if (request.validate_only() && absl::IsCancelled(answer.status())) return response;
  return answer;
}

absl::StatusOr<v1::ExportUserResponse> DatabaseAdmin::ExportUser(
    const v1::ExportUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Part* const part, Find(request.service()));
  const auto& export_user = part->module.export_user;
  if (export_user == nullptr) return NotFoundError("service");
  DRAMATIS_ASSIGN_OR_RETURN(UserPage page, part->database.Read([&](sql::Transaction& tx) {
    return export_user(tx, request.user_id(), request.after());
  }));
  v1::ExportUserResponse response;
  for (std::string& line : page.lines)
    response.add_lines(std::move(line));
  response.set_next(page.next);
  return response;
}

absl::StatusOr<v1::ImportUserResponse> DatabaseAdmin::ImportUser(
    const v1::ImportUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Part* const part, Find(request.service()));
  const auto& import_user = part->module.import_user;
  if (import_user == nullptr) return NotFoundError("service");
  const ImportingUser user = {
      .user_id = request.user_id(), .admin = request.as_admin(), .now = clock_.Now()};
  const std::vector<std::string> lines(request.lines().begin(), request.lines().end());
  DRAMATIS_ASSIGN_OR_RETURN(
      const UserImport import,
      part->database.Write([&](sql::Transaction& tx) { return import_user(tx, user, lines); }));
  v1::ImportUserResponse response;
  response.mutable_counts()->insert(import.counts.begin(), import.counts.end());
  for (const UserImport::LeftOut& left : import.left_out) {
    v1::ImportUserResponse::LeftOut& told = *response.add_left_out();
    told.set_item(left.item);
    told.set_reason(left.reason);
  }
  return response;
}

absl::StatusOr<google::protobuf::Empty> DatabaseAdmin::ForgetUser(
    const v1::ForgetUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Part* const part, Find(request.service()));
  const auto forget = part->factory.forget_user;
  if (forget == nullptr) return NotFoundError("service");
  DRAMATIS_RETURN_IF_ERROR(part->database.Write(
      [&](sql::Transaction& tx) { return forget(tx, request.user_id(), clock_.Now()); }));
  return google::protobuf::Empty();
}

}  // namespace dramatis
