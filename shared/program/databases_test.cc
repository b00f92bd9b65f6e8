#include "shared/program/databases.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using testing::HasSubstr;

// A database server whose schema is in a given state.
class FakeServer : public sql::Database {
 public:
  explicit FakeServer(absl::StatusOr<sql::SchemaState> state) : state_(std::move(state)) {}
  absl::StatusOr<std::vector<std::string>> Migrate(const std::vector<sql::Migration>&) override {
    ADD_FAILURE() << "a server's schema is only changed by `migrate`";
    return std::vector<std::string>();
  }
  absl::StatusOr<sql::SchemaState> CheckSchema(const std::vector<sql::Migration>&) override {
    return state_;
  }
  sql::Engine engine() const override { return sql::Engine::kPostgres; }
  absl::Status Ping() override { return absl::OkStatus(); }

 protected:
  absl::Status RunTransaction(Mode,
                              const std::function<absl::Status(sql::Transaction&)>&) override {
    return absl::OkStatus();
  }

 private:
  const absl::StatusOr<sql::SchemaState> state_;
};

const std::vector<sql::Migration>& Migrations() {
  static const std::vector<sql::Migration> migrations = {
      {1, "0001_things", "create table things (thing_id text not null primary key)",
       "create table things (thing_id text not null primary key)"}};
  return migrations;
}

const ModuleFactory kModule = {.name = "persona", .migrations = Migrations, .configure = nullptr};

absl::Status PrepareServer(absl::StatusOr<sql::SchemaState> state, bool admin_mutations = false) {
  FakeServer server(std::move(state));
  return PrepareSchema(server, kModule, "dramatis-persona", admin_mutations);
}

TEST(PrepareSchemaTest, TakesAServersSchemaThatIsUpToDate) {
  EXPECT_TRUE(PrepareServer(sql::SchemaState{sql::Engine::kPostgres, 1, {}}).ok());
}

TEST(PrepareSchemaTest, SaysWhichCommandMendsAServersSchema) {
  const absl::Status status =
      PrepareServer(sql::SchemaState{sql::Engine::kPostgres, 1, {"0002_more", "0003_even_more"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0002_more, 0003_even_more"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("`dramatis-persona migrate`"));
}

TEST(PrepareSchemaTest, WaitsForAnAdminWhoMayMendIt) {
  const sql::SchemaState state = {sql::Engine::kPostgres, 1, {"0002_more"}};
  const absl::Status status = PrepareServer(state, /*admin_mutations=*/true);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("`dramatis-persona migrate`"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("POST /api/admin/setup-database"));
}

TEST(PrepareSchemaTest, WaitsForNobodyWhereTheSchemaIsAhead) {
  EXPECT_EQ(PrepareServer(absl::FailedPreconditionError("ahead"), true).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(PrepareSchemaTest, PassesOnThatTheServerIsAway) {
  EXPECT_EQ(PrepareServer(UnavailableError("away")).code(), absl::StatusCode::kUnavailable);
}

TEST(OpenModuleDatabaseTest, AnEmbeddedDatabaseIsMadeInItsFolderAndMigratesItself) {
  std::string folder = testing::TempDir() + "/dramatis-databases-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  CommonConfig config;
  config.data_dir = folder + "/data";
  {
    absl::StatusOr<ModuleDatabase> opened = OpenModuleDatabase(config, kModule);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ASSERT_TRUE(PrepareSchema(*opened->database, kModule, "dramatis-persona", false).ok());
    EXPECT_EQ(opened->database->CheckSchema(Migrations())->version, 1);
    EXPECT_TRUE(std::filesystem::exists(folder + "/data/persona.db"));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace dramatis
