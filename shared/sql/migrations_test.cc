#include "shared/sql/migrations.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Migration Step(int number, const std::string& name, const std::string& sql) {
  return {number, name, sql, sql};
}

const Migration kFirst = Step(1, "0001_first", R"(
  create table one (id text primary key);  -- a comment; with a semicolon
  insert into one (id) values ('a;b'))");
const Migration kSecond = Step(2, "0002_second", "create table two (id text primary key)");

class MigrationsTest : public DatabaseTest {
 protected:
  MigrationsTest() : DatabaseTest({}) {}

  absl::StatusOr<Rows> Query(const std::string& sql) {
    return db().Read([&](Transaction& tx) { return tx.ExecuteText(sql, {}); });
  }
};
DRAMATIS_ON_EVERY_ENGINE(MigrationsTest);

TEST_P(MigrationsTest, AppliesEachOnceInOrder) {
  EXPECT_THAT(*db().Migrate({kFirst}), testing::ElementsAre(kFirst.name));
  EXPECT_THAT(*db().Migrate({kFirst, kSecond}), testing::ElementsAre(kSecond.name));
  EXPECT_THAT(*db().Migrate({kFirst, kSecond}), testing::IsEmpty());

  const auto applied = Query("select name from schema_migrations order by number");
  ASSERT_TRUE(applied.ok()) << applied.status();
  ASSERT_EQ(applied->size(), 2U);
  EXPECT_EQ((*applied)[1].Text(0), "0002_second");
  EXPECT_TRUE(Query("select id from two").ok());
  EXPECT_EQ(Query("select id from one")->front().Text(0), "a;b");
}

TEST_P(MigrationsTest, SaysWhatIsPendingWithoutChangingAnything) {
  const auto before = db().CheckSchema({kFirst, kSecond});
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->version, 0);
  EXPECT_THAT(before->pending, ElementsAre("0001_first", "0002_second"));
  EXPECT_FALSE(Query("select id from one").ok());

  ASSERT_TRUE(db().Migrate({kFirst}).ok());
  const auto after = db().CheckSchema({kFirst, kSecond});
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->engine, GetParam());
  EXPECT_EQ(after->version, 1);
  EXPECT_THAT(after->pending, ElementsAre("0002_second"));
}

TEST_P(MigrationsTest, ChecksADatabaseThatWasNeverMigrated) {
  TestDatabase fresh(GetParam());

  const auto state = fresh->CheckSchema({kFirst});

  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_THAT(state->pending, ElementsAre("0001_first"));
}

TEST_P(MigrationsTest, RefusesASchemaThatIsAhead) {
  ASSERT_TRUE(db().Migrate({kFirst, kSecond}).ok());

  for (const absl::Status& status :
       {db().Migrate({kFirst}).status(), db().CheckSchema({kFirst}).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("0002_second"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("migrate"));
  }
}

TEST_P(MigrationsTest, RefusesAMigrationThatWasAltered) {
  ASSERT_TRUE(db().Migrate({kFirst}).ok());
  const Migration altered = Step(1, "0001_first", "create table other (id text)");

  for (const absl::Status& status :
       {db().Migrate({altered, kSecond}).status(), db().CheckSchema({altered}).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("0001_first"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("migrate"));
  }
  EXPECT_FALSE(Query("select id from two").ok());
}

TEST_P(MigrationsTest, RefusesAMigrationPutInBetween) {
  ASSERT_TRUE(db().Migrate({kFirst, Step(3, "0003_third", "create table three (id text)")}).ok());

  const absl::Status status =
      db().Migrate({kFirst, kSecond, Step(3, "0003_third", "create table three (id text)")})
          .status();

  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
}

TEST_P(MigrationsTest, UndoesAMigrationThatFailsHalfWay) {
  const Migration broken =
      Step(1, "0001_broken", "create table half (id text); insert into nowhere values (1)");

  EXPECT_FALSE(db().Migrate({broken}).ok());

  EXPECT_FALSE(Query("select id from half").ok());
  EXPECT_THAT(db().CheckSchema({broken})->pending, ElementsAre("0001_broken"));
  EXPECT_TRUE(db().Migrate({kFirst}).ok());
}

TEST_P(MigrationsTest, MigratesOnceWhereManyProcessesStartAtOnce) {
  TestDatabase fresh(GetParam());
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto replica = Database::Open(fresh.options());
      ASSERT_TRUE(replica.ok());
      const absl::Status status = (*replica)->Migrate({kFirst, kSecond}).status();
      EXPECT_TRUE(status.ok()) << status;
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_THAT(fresh->CheckSchema({kFirst, kSecond})->pending, IsEmpty());
}

TEST_P(MigrationsTest, TakesTheTextOfTheEngine) {
  const Migration twin{1, "0001_twin", "create table big_only (id text)",
                       "create table lite_only (id text)"};

  ASSERT_TRUE(db().Migrate({twin}).ok());

  const bool sqlite = GetParam() == Engine::kSqlite;
  EXPECT_EQ(Query("select id from lite_only").ok(), sqlite);
  EXPECT_EQ(Query("select id from big_only").ok(), !sqlite);
}

}  // namespace
}  // namespace dramatis::sql
