#include "shared/program/database_admin.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/program/gated_database.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::admin::v1;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr sql::Statement kCount = {"select count(*) from things"};
constexpr sql::Statement kInsert = {"insert into things (name) values ($1)"};

const std::vector<sql::Migration>& Migrations() {
  static const std::string things = "create table things (name text not null primary key)";
  static const std::string keys =
      "create table idempotency_keys (user_id text not null, method text not null, key text not "
      "null, request_hash text not null, response blob not null, create_time bigint not null, "
      "primary key (user_id, method, key))";
  static const std::vector<sql::Migration> migrations = {{1, "0001_things", things, things},
                                                         {2, "0002_keys", keys, keys}};
  return migrations;
}

absl::StatusOr<int64_t> CountThings(sql::Transaction& tx) {
  const absl::StatusOr<sql::Rows> rows = tx.Execute(kCount, {});
  if (!rows.ok()) return rows.status();
  return rows->front().Int64(0);
}

// Two things are the sample, any other number of them is somebody else's.
absl::StatusOr<sql::SampleState> State(sql::Transaction& tx) {
  const absl::StatusOr<int64_t> count = CountThings(tx);
  if (!count.ok()) return count.status();
  if (*count == 0) return sql::SampleState::kEmpty;
  return *count == 2 ? sql::SampleState::kSeeded : sql::SampleState::kOccupied;
}

absl::StatusOr<std::map<std::string, int>> WriteSample(sql::Transaction& tx, absl::Time) {
  for (const char* name : {"one", "two"}) {
    if (const absl::Status status = tx.Execute(kInsert, {name}).status(); !status.ok()) {
      return status;
    }
  }
  return std::map<std::string, int>{{"things", 2}};
}

class DatabaseAdminTest : public testing::Test {
 protected:
  ~DatabaseAdminTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  v1::DatabaseStatus Status() {
    v1::GetDatabaseStatusRequest request;
    request.set_service("things");
    return admin_.GetStatus(request).value();
  }
  absl::StatusOr<v1::SetupDatabaseResponse> RunSetup(const CallContext& call = {}) {
    v1::SetupDatabaseRequest request;
    request.set_service("things");
    return admin_.Setup(call, request);
  }
  absl::StatusOr<v1::SeedDatabaseResponse> Seed(const CallContext& call = {},
                                                bool validate_only = false,
                                                const std::string& confirm = "local") {
    v1::SeedDatabaseRequest request;
    request.set_service("things");
    request.set_confirm(confirm);
    request.set_validate_only(validate_only);
    return admin_.Seed(call, request);
  }
  void Insert(const std::string& name) {
    ASSERT_TRUE(
        database_->Write([&](sql::Transaction& tx) { return tx.Execute(kInsert, {name}).status(); })
            .ok());
  }
  int64_t Things() { return database_->Read(CountThings).value(); }
  CallContext KeyedCall() {
    CallContext call;
    call.identity = {.user_id = "root", .role = AccessRole::kAdmin};
    call.idempotency_key = "key";
    call.send_header = [this](const std::string& name, const std::string&) { header_ = name; };
    return call;
  }

  static std::string MakeFolder() {
    std::string pattern = testing::TempDir() + "/dramatis-admin-XXXXXX";
    return mkdtemp(pattern.data());
  }

  const std::string folder_ = MakeFolder();
  std::unique_ptr<sql::Database> database_ =
      sql::Database::Open({.url = folder_ + "/things.db", .schema = "things"}).value();
  ModuleFactory factory_ = {.name = "things",
                            .migrations = Migrations,
                            .configure = nullptr,
                            .sample = {.state = State, .write = WriteSample}};
  ConfiguredModule module_;
  CommonConfig config_;
  FakeClock clock_;
  RecordingLogger logger_;
  bool serving_ = true;
  std::string header_;
  DatabaseAdmin admin_{
      config_, clock_, logger_, {{factory_, module_, *database_, [this] { return serving_; }}}};
};

TEST_F(DatabaseAdminTest, TellsWhatIsPending) {
  serving_ = false;
  const v1::DatabaseStatus status = Status();
  EXPECT_EQ(status.status(), v1::SERVING_STATUS_NOT_SERVING);
  EXPECT_EQ(status.engine(), v1::DATABASE_ENGINE_SQLITE);
  EXPECT_TRUE(status.connected());
  EXPECT_EQ(status.schema_version(), 0);
  EXPECT_THAT(status.pending(), ElementsAre("0001_things", "0002_keys"));
  EXPECT_EQ(status.tables_size(), 0);
}

TEST_F(DatabaseAdminTest, CountsRows) {
  ASSERT_TRUE(RunSetup().ok());
  Insert("thing");
  const v1::DatabaseStatus status = Status();
  EXPECT_EQ(status.status(), v1::SERVING_STATUS_SERVING);
  EXPECT_EQ(status.schema_version(), 2);
  ASSERT_EQ(status.tables_size(), 2);
  EXPECT_EQ(status.tables(1).name(), "things");
  EXPECT_EQ(status.tables(1).row_count(), 1);
  EXPECT_FALSE(status.tables(1).estimated());
}

TEST_F(DatabaseAdminTest, TellsThatADatabaseCannotBeReadWithoutTheCause) {
  ASSERT_TRUE(RunSetup().ok());
  GatedDatabase closed(*database_);
  DatabaseAdmin admin(config_, clock_, logger_,
                      {{factory_, module_, closed, [] { return false; }}});
  v1::GetDatabaseStatusRequest request;
  request.set_service("things");

  const v1::DatabaseStatus status = admin.GetStatus(request).value();

  EXPECT_FALSE(status.connected());
  EXPECT_FALSE(status.has_schema_version());
  EXPECT_EQ(status.problem(), "the database cannot be read just now");
  EXPECT_THAT(logger_.records().back().fields["error"], HasSubstr("waits for its database"));
}

TEST_F(DatabaseAdminTest, TellsThatTheSchemaIsAhead) {
  std::vector<sql::Migration> ahead = Migrations();
  ahead.push_back({3, "0003_later", "create table later (id int)", "create table later (id int)"});
  ASSERT_TRUE(database_->Migrate(ahead).ok());

  const v1::DatabaseStatus status = Status();
  EXPECT_TRUE(status.connected());
  EXPECT_THAT(status.problem(), HasSubstr("0003_later"));
  EXPECT_EQ(GetReason(RunSetup().status()), "SCHEMA_MISMATCH");
}

TEST_F(DatabaseAdminTest, KnowsTheServicesOfItsProgramOnly) {
  v1::GetDatabaseStatusRequest request;
  request.set_service("others");
  EXPECT_TRUE(absl::IsNotFound(admin_.GetStatus(request).status()));
}

TEST_F(DatabaseAdminTest, MigratesOnce) {
  EXPECT_THAT(RunSetup()->applied(), ElementsAre("0001_things", "0002_keys"));
  const v1::SetupDatabaseResponse again = RunSetup().value();
  EXPECT_THAT(again.applied(), ElementsAre());
  EXPECT_EQ(again.schema_version(), 2);
}

TEST_F(DatabaseAdminTest, AnswersARepeatedSetupAsBefore) {
  const v1::SetupDatabaseResponse first = RunSetup(KeyedCall()).value();
  EXPECT_EQ(header_, "");
  EXPECT_EQ(RunSetup(KeyedCall())->SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(header_, "idempotency-replayed");
}

TEST_F(DatabaseAdminTest, SeedsAnEmptyStore) {
  ASSERT_TRUE(RunSetup().ok());
  const v1::SeedDatabaseResponse response = Seed().value();
  EXPECT_TRUE(response.seeded());
  EXPECT_EQ(response.created().at("things"), 2);
  EXPECT_EQ(Things(), 2);
}

TEST_F(DatabaseAdminTest, SeedsOnce) {
  ASSERT_TRUE(RunSetup().ok());
  ASSERT_TRUE(Seed()->seeded());
  EXPECT_FALSE(Seed()->seeded());
  EXPECT_EQ(Things(), 2);
}

TEST_F(DatabaseAdminTest, AnswersARepeatedSeedingAsBefore) {
  ASSERT_TRUE(RunSetup().ok());
  EXPECT_TRUE(Seed(KeyedCall(), /*validate_only=*/true)->seeded());
  const v1::SeedDatabaseResponse first = Seed(KeyedCall()).value();
  EXPECT_EQ(header_, "");
  for (const bool validate_only : {true, false}) {
    EXPECT_EQ(Seed(KeyedCall(), validate_only)->SerializeAsString(), first.SerializeAsString());
    EXPECT_EQ(header_, "idempotency-replayed");
  }
}

TEST_F(DatabaseAdminTest, OnlySaysWhatItWouldSeed) {
  ASSERT_TRUE(RunSetup().ok());
  EXPECT_TRUE(Seed({}, /*validate_only=*/true)->seeded());
  EXPECT_EQ(Things(), 0);
}

TEST_F(DatabaseAdminTest, SeedsNoStoreThatIsInUse) {
  ASSERT_TRUE(RunSetup().ok());
  Insert("mine");
  for (const bool validate_only : {true, false}) {
    const absl::Status status = Seed({}, validate_only).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status));
    EXPECT_EQ(GetReason(status), "ADMIN_DISABLED");
  }
  EXPECT_EQ(Things(), 1);
}

TEST_F(DatabaseAdminTest, SeedsNothingWhereThereIsNoSample) {
  ASSERT_TRUE(RunSetup().ok());
  factory_.sample = {};
  EXPECT_FALSE(Seed()->seeded());
}

TEST_F(DatabaseAdminTest, WantsTheEnvironmentConfirmed) {
  ASSERT_TRUE(RunSetup().ok());
  const absl::Status status = Seed({}, false, "staging").status();
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "confirm");
  EXPECT_EQ(Things(), 0);
}

TEST_F(DatabaseAdminTest, SeedsNothingInProduction) {
  config_.environment = "production";
  ASSERT_TRUE(RunSetup().ok());
  EXPECT_EQ(GetReason(Seed({}, false, "production").status()), "ADMIN_DISABLED");
  EXPECT_EQ(Things(), 0);
}

TEST_F(DatabaseAdminTest, ChangesNothingWhereThatIsNotAllowed) {
  config_.admin_mutations = false;
  EXPECT_EQ(GetReason(RunSetup().status()), "ADMIN_DISABLED");
  EXPECT_EQ(GetReason(Seed().status()), "ADMIN_DISABLED");
  EXPECT_EQ(Status().schema_version(), 0);
}

}  // namespace
}  // namespace dramatis
