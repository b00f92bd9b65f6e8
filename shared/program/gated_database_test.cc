#include "shared/program/gated_database.h"

#include <string>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

// Says what it was asked.
class FakeDatabase : public sql::Database {
 public:
  absl::StatusOr<std::vector<std::string>> Migrate(const std::vector<sql::Migration>&) override {
    return std::vector<std::string>();
  }
  absl::StatusOr<sql::SchemaState> CheckSchema(const std::vector<sql::Migration>&) override {
    return sql::SchemaState{sql::Engine::kPostgres, 7, {}};
  }
  std::unique_ptr<sql::Notifier> OpenNotifier(const std::string& channel,
                                              const sql::NotificationHandlers&) override {
    opened = channel;
    return nullptr;
  }
  sql::Engine engine() const override { return sql::Engine::kPostgres; }
  absl::Status Ping() override { return UnavailableError("away"); }

  std::string opened;
  int transactions = 0;

 private:
  absl::Status RunTransaction(Mode,
                              const std::function<absl::Status(sql::Transaction&)>&) override {
    ++transactions;
    return absl::OkStatus();
  }
};

TEST(GatedDatabaseTest, RunsNothingBeforeTheSchemaIsThere) {
  FakeDatabase database;
  GatedDatabase gate(database);
  const auto nothing = [](sql::Transaction&) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsUnavailable(gate.Read(nothing)));
  EXPECT_TRUE(absl::IsUnavailable(gate.Write(nothing)));
  EXPECT_EQ(database.transactions, 0);
  gate.Open();
  EXPECT_TRUE(gate.Read(nothing).ok());
  EXPECT_TRUE(gate.Write(nothing).ok());
  EXPECT_EQ(database.transactions, 2);
}

TEST(GatedDatabaseTest, PassesOnEverythingElse) {
  FakeDatabase database;
  GatedDatabase gate(database);
  EXPECT_EQ(gate.engine(), sql::Engine::kPostgres);
  EXPECT_EQ(gate.CheckSchema({})->version, 7);
  EXPECT_TRUE(absl::IsUnavailable(gate.Ping()));
  gate.OpenNotifier("rooms", {});
  EXPECT_EQ(database.opened, "rooms");
}

}  // namespace
}  // namespace dramatis
