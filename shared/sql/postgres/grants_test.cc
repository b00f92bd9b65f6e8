#include "shared/sql/postgres/grants.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& GrantedThings() {
  static const std::vector<Migration> migrations = {
      {1, "0001_things",
       "create table things (id bigint primary key); create table others (id int)",
       "create table things (id bigint primary key); create table others (id int)"}};
  return migrations;
}

class GrantsTest : public DatabaseTest {
 protected:
  GrantsTest() : DatabaseTest(GrantedThings()) {}

  absl::StatusOr<int> Grant(const std::string& role) {
    absl::StatusOr<int> tables;
    const absl::Status status = db().Write([&](Transaction& tx) -> absl::Status {
      tables = GrantTables(tx, role);
      return tables.status();
    });
    if (!status.ok()) return status;
    return tables;
  }
};

TEST_P(GrantsTest, NamesEveryTableAndMayBeRepeated) {
  // A role that every PostgreSQL has.
  const absl::StatusOr<int> granted = Grant("pg_monitor");
  if (db().engine() == Engine::kSqlite) {
    EXPECT_TRUE(absl::IsInvalidArgument(granted.status()));
    return;
  }
  ASSERT_TRUE(granted.ok()) << granted.status();
  EXPECT_EQ(*Grant("pg_monitor"), *granted);
  EXPECT_GE(*granted, 3);
  const auto privileges = [&](const std::string& table) {
    std::string found;
    const absl::Status read = db().Read([&](Transaction& tx) -> absl::Status {
      const absl::StatusOr<Rows> rows = tx.ExecuteText(
          "select string_agg(privilege_type, ' ' order by privilege_type) from "
          "information_schema.role_table_grants where grantee = 'pg_monitor' and table_name = '" +
              table + "' and table_schema = current_schema()",
          {});
      if (!rows.ok()) return rows.status();
      found = rows->front().Text(0);
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
    return found;
  };
  EXPECT_EQ(privileges("things"), "DELETE INSERT SELECT UPDATE");
  EXPECT_EQ(privileges("others"), "DELETE INSERT SELECT UPDATE");
  EXPECT_EQ(privileges("schema_migrations"), "SELECT");
}

TEST_P(GrantsTest, ARoleIsAPlainName) {
  for (const char* role : {"", "Role", "a b", "a;drop table things", "1a", "\"a\""})
    EXPECT_FALSE(Grant(role).ok()) << role;
  EXPECT_FALSE(Grant("nobody_of_this_name").ok());
}

DRAMATIS_ON_EVERY_ENGINE(GrantsTest);

}  // namespace
}  // namespace dramatis::sql
