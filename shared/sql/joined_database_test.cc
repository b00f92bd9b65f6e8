#include "shared/sql/joined_database.h"

#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/errors.h"

namespace dramatis::sql {
namespace {

constexpr Statement kInsert = {"insert into things (id) values ($1)"};
constexpr Statement kCount = {"select count(*) from things"};

const std::vector<Migration>& Things() {
  static const std::vector<Migration> migrations = {
      {1, "0001_things", "create table things (id bigint primary key)",
       "create table things (id bigint primary key)"}};
  return migrations;
}

class JoinedDatabaseTest : public DatabaseTest {
 protected:
  JoinedDatabaseTest() : DatabaseTest(Things()) {}

  static absl::Status Insert(Database& db, int id) {
    return db.Write([&](Transaction& tx) { return tx.Execute(kInsert, {id}).status(); });
  }
  static int64_t Count(Database& db) {
    return db.Read([](Transaction& tx) { return tx.Execute(kCount, {}); })->front().Int64(0);
  }
};

TEST_P(JoinedDatabaseTest, WritesEverythingAtOnce) {
  const absl::Status status = db().Write([](Transaction& tx) -> absl::Status {
    JoinedDatabase joined(tx);
    if (absl::Status one = Insert(joined, 1); !one.ok()) return one;
    EXPECT_EQ(Count(joined), 1);
    return Insert(joined, 2);
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Count(db()), 2);
}

TEST_P(JoinedDatabaseTest, OrNothing) {
  const absl::Status status = db().Write([](Transaction& tx) -> absl::Status {
    JoinedDatabase joined(tx);
    if (absl::Status one = Insert(joined, 1); !one.ok()) return one;
    return NotFoundError("the rest");
  });
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(Count(db()), 0);
}

DRAMATIS_ON_EVERY_ENGINE(JoinedDatabaseTest);

}  // namespace
}  // namespace dramatis::sql
