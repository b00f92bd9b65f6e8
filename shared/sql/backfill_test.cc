#include "shared/sql/backfill.h"

#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& Schema() {
  constexpr char kText[] = R"(
    create table backfills (
      name text not null primary key, first_key text not null, second_key text not null,
      done boolean not null);
    create table things (id bigint primary key, doubled bigint not null))";
  static const std::vector<Migration> migrations = {{1, "0001_things", kText, kText}};
  return migrations;
}

class BackfillTest : public DatabaseTest {
 protected:
  BackfillTest() : DatabaseTest(Schema()) {
    EXPECT_TRUE(db().Write([](Transaction& tx) -> absl::Status {
                      for (int i = 1; i <= 7; ++i) {
                        DRAMATIS_RETURN_IF_ERROR(
                            tx.ExecuteText("insert into things values ($1, 0)", {i}).status());
                      }
                      return absl::OkStatus();
                    })
                    .ok());
  }

  // Two rows at a time.
  Backfill Doubling() {
    return {
        .name = "doubling",
        .step = [this](Transaction& tx,
                       const BackfillKey& after) -> absl::StatusOr<std::optional<BackfillKey>> {
          ++steps_;
          if (steps_ == fails_at_) return UnavailableError("down");
          const int from = after.first.empty() ? 0 : std::stoi(after.first);
          DRAMATIS_ASSIGN_OR_RETURN(
              const Rows rows,
              tx.ExecuteText("select id from things where id > $1 order by id limit 2", {from}));
          for (const Row& row : rows) {
            DRAMATIS_RETURN_IF_ERROR(
                tx.ExecuteText("update things set doubled = 2 * id where id = $1", {row.Int64(0)})
                    .status());
          }
          if (rows.empty()) return std::nullopt;
          return BackfillKey{.first = std::to_string(rows.back().Int64(0)), .second = ""};
        }};
  }
  int64_t Done() {
    return *db().Read([](Transaction& tx) -> absl::StatusOr<int64_t> {
      DRAMATIS_ASSIGN_OR_RETURN(
          const Rows rows,
          tx.ExecuteText("select count(*) from things where doubled = 2 * id", {}));
      return rows.front().Int64(0);
    });
  }

  int steps_ = 0;
  int fails_at_ = 0;
};

TEST_P(BackfillTest, GoesOverEveryRowOnce) {
  ASSERT_TRUE(RunBackfill(db(), Doubling()).ok());
  EXPECT_EQ(Done(), 7);
  EXPECT_EQ(steps_, 5);

  ASSERT_TRUE(RunBackfill(db(), Doubling()).ok());
  EXPECT_EQ(steps_, 5);
}

TEST_P(BackfillTest, GoesOnWhereItWasStopped) {
  ASSERT_TRUE(RunBackfill(db(), Doubling(), [this] { return steps_ == 2; }).ok());
  EXPECT_EQ(Done(), 4);
  fails_at_ = 4;
  EXPECT_FALSE(RunBackfill(db(), Doubling()).ok());
  EXPECT_EQ(Done(), 6);

  ASSERT_TRUE(RunBackfill(db(), Doubling()).ok());
  EXPECT_EQ(Done(), 7);
}

TEST_P(BackfillTest, RunsOnAThread) {
  const std::unique_ptr<Logger> logger = MakeSilentLogger();
  BackfillThread backfills(db(), *logger, {Doubling()});
  backfills.Start();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (Done() < 7 && absl::Now() < deadline)
    absl::SleepFor(absl::Milliseconds(1));
  backfills.Stop();

  EXPECT_EQ(Done(), 7);
}

DRAMATIS_ON_EVERY_ENGINE(BackfillTest);

}  // namespace
}  // namespace dramatis::sql
