#include "shared/sql/database.h"

#include <limits>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& Schema() {
  constexpr char kTables[] = R"(
    create table things (
      id text primary key,
      flag boolean not null,
      number bigint,
      ratio double precision,
      body text,
      bytes bytea,
      create_time bigint);
    create table parts (
      part_id text primary key,
      thing_id text not null references things (id),
      weight bigint not null check (weight > 0));
    create table counters (name text primary key, value bigint not null))";
  static const std::vector<Migration> migrations = {{1, "0001_things", kTables, kTables}};
  return migrations;
}

constexpr Statement kInsert = {R"(
  insert into things (id, flag, number, ratio, body, bytes, create_time)
  values ($1, $2, $3, $4, $5, $6, $7))"};
constexpr Statement kFind = {R"(
  select flag, number, ratio, body, bytes, create_time from things where id = $1)"};
constexpr Statement kInsertPart = {R"(
  insert into parts (part_id, thing_id, weight) values ($1, $2, $3))"};
constexpr Statement kCount = {"select count(*) from things"};

class SqlDatabaseTest : public DatabaseTest {
 protected:
  SqlDatabaseTest() : DatabaseTest(Schema()) {}

  absl::Status Insert(const std::string& id, const std::string& body = "") {
    return db().Write([&](Transaction& tx) { return InsertIn(tx, id, body); });
  }
  static absl::Status InsertIn(Transaction& tx, const std::string& id, const std::string& body) {
    return tx.Execute(kInsert, {id, true, 1, 1.5, body, Bytes{"b"}, absl::UnixEpoch()}).status();
  }
  int64_t Count() {
    const absl::StatusOr<Rows> rows =
        db().Read([](Transaction& tx) { return tx.Execute(kCount, {}); });
    return rows.ok() ? rows->front().Int64(0) : -1;
  }
};
DRAMATIS_ON_EVERY_ENGINE(SqlDatabaseTest);

TEST_P(SqlDatabaseTest, ReadsBackEveryTypeAsItWasWritten) {
  const std::string body = "naïve 😀 'quoted' \"double\" \\ back\n$1 %_ \t end";
  const std::string bytes("\0\x01\xff\\x41", 7);
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  const int64_t number = std::numeric_limits<int64_t>::min();

  ASSERT_TRUE(
      db().Write([&](Transaction& tx) {
            return tx.Execute(kInsert, {"a", true, number, 0.1, body, Bytes{bytes}, time}).status();
          })
          .ok());
  const absl::StatusOr<Rows> rows =
      db().Read([](Transaction& tx) { return tx.Execute(kFind, {"a"}); });

  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 1U);
  const Row& row = rows->front();
  EXPECT_TRUE(row.Bool(0));
  EXPECT_EQ(row.Int64(1), number);
  EXPECT_EQ(row.Double(2), 0.1);
  EXPECT_EQ(row.Text(3), body);
  EXPECT_EQ(row.Blob(4), bytes);
  EXPECT_EQ(row.Time(5), time);
}

TEST_P(SqlDatabaseTest, KeepsNullApartFromZero) {
  ASSERT_TRUE(db().Write([&](Transaction& tx) {
                    return tx
                        .Execute(kInsert, {"a", false, Value(), std::optional<double>(), "",
                                           Bytes{}, std::optional<absl::Time>()})
                        .status();
                  })
                  .ok());
  const absl::StatusOr<Rows> rows =
      db().Read([](Transaction& tx) { return tx.Execute(kFind, {"a"}); });

  ASSERT_TRUE(rows.ok()) << rows.status();
  const Row& row = rows->front();
  EXPECT_FALSE(row.IsNull(0));
  EXPECT_TRUE(row.IsNull(1));
  EXPECT_TRUE(row.IsNull(2));
  EXPECT_FALSE(row.IsNull(3));
  EXPECT_FALSE(row.IsNull(4));
  EXPECT_EQ(row.OptionalTime(5), std::nullopt);
  EXPECT_EQ(row.Int64(1), 0);
}

TEST_P(SqlDatabaseTest, ReadsDoublesExactly) {
  for (const double ratio : {0.1, 1e300, -1e-300, 3.0, 1.0 / 3}) {
    const absl::StatusOr<Rows> rows = db().Read([&](Transaction& tx) {
      return tx.Execute({"select cast($1 as double precision)", "select cast($1 as real)"},
                        {ratio});
    });
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(rows->front().Double(0), ratio);
  }
}

TEST_P(SqlDatabaseTest, ThrowsWhereAColumnIsReadAsAnotherType) {
  ASSERT_TRUE(Insert("a", "text").ok());
  const absl::StatusOr<Rows> rows =
      db().Read([](Transaction& tx) { return tx.Execute(kFind, {"a"}); });

  ASSERT_TRUE(rows.ok());
  EXPECT_THROW(rows->front().Int64(3), std::logic_error);
  EXPECT_THROW(rows->front().Text(1), std::logic_error);
  EXPECT_THROW(rows->front().Text(99), std::out_of_range);
}

TEST_P(SqlDatabaseTest, RefusesTextWithNul) {
  const absl::Status status = Insert("a", std::string("a\0b", 3));

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_EQ(Count(), 0);
}

TEST_P(SqlDatabaseTest, RollsBackOnError) {
  const absl::Status status = db().Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(InsertIn(tx, "a", ""));
    return absl::CancelledError("changed my mind");
  });

  EXPECT_EQ(status, absl::CancelledError("changed my mind"));
  EXPECT_EQ(Count(), 0);
}

TEST_P(SqlDatabaseTest, RollsBackOnException) {
  EXPECT_THROW(db().Write([&](Transaction& tx) -> absl::Status {
                     DRAMATIS_RETURN_IF_ERROR(InsertIn(tx, "a", ""));
                     throw std::logic_error("defect");
                   })
                   .IgnoreError(),
               std::logic_error);

  EXPECT_EQ(Count(), 0);
  EXPECT_TRUE(Insert("a").ok());
}

TEST_P(SqlDatabaseTest, ReturnsWhatTheFunctionReturns) {
  const absl::StatusOr<std::string> text = db().Write([&](Transaction& tx) {
    return InsertIn(tx, "a", "").ok() ? absl::StatusOr<std::string>("done")
                                      : absl::InternalError("");
  });

  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "done");
  EXPECT_EQ(Count(), 1);
}

TEST_P(SqlDatabaseTest, CallsAUniqueViolationAlreadyExists) {
  ASSERT_TRUE(Insert("a").ok());

  EXPECT_EQ(Insert("a").code(), absl::StatusCode::kAlreadyExists);
}

TEST_P(SqlDatabaseTest, CallsBrokenConstraintsFailedPrecondition) {
  ASSERT_TRUE(Insert("a").ok());
  const auto insert_part = [&](const Value& thing, const Value& weight) {
    return db()
        .Write(
            [&](Transaction& tx) { return tx.Execute(kInsertPart, {"p", thing, weight}).status(); })
        .code();
  };

  EXPECT_EQ(insert_part("none", 1), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(insert_part("a", 0), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(insert_part("a", Value()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(insert_part("a", 1), absl::StatusCode::kOk);
}

TEST_P(SqlDatabaseTest, CallsAWrongStatementInternalAndShowsNothingOfIt) {
  const absl::Status status = db().Write([&](Transaction& tx) {
    return tx.ExecuteText("insert into nowhere (secret) values ($1)", {"hunter2"}).status();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("nowhere")));
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("hunter2")));
}

TEST_P(SqlDatabaseTest, RefusesAWrongNumberOfParameters) {
  for (const std::vector<Value>& parameters : {std::vector<Value>{}, {"a", "b"}}) {
    const auto rows = db().Read([&](Transaction& tx) { return tx.Execute(kFind, parameters); });
    EXPECT_EQ(rows.status().code(), absl::StatusCode::kInternal) << rows.status();
  }
}

TEST_P(SqlDatabaseTest, CannotSucceedAfterAFailedStatement) {
  ASSERT_TRUE(Insert("a").ok());

  absl::Status second;
  const absl::Status status = db().Write([&](Transaction& tx) {
    EXPECT_FALSE(InsertIn(tx, "a", "").ok());
    second = InsertIn(tx, "b", "");
    return absl::OkStatus();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Count(), 1);
}

TEST_P(SqlDatabaseTest, ReportsTheErrorThatTheFunctionMakesOfAFailedStatement) {
  ASSERT_TRUE(Insert("a").ok());

  const absl::Status status = db().Write([&](Transaction& tx) {
    EXPECT_FALSE(InsertIn(tx, "a", "").ok());
    return absl::NotFoundError("in the domain's words");
  });

  EXPECT_EQ(status, absl::NotFoundError("in the domain's words"));
}

TEST_P(SqlDatabaseTest, CountsAffectedRows) {
  ASSERT_TRUE(Insert("a").ok());
  ASSERT_TRUE(Insert("b").ok());

  const absl::Status status = db().Write([](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText("update things set number = $1", {7}).status());
    EXPECT_EQ(tx.affected(), 2);
    DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText("delete from things where id = $1", {"none"}).status());
    EXPECT_EQ(tx.affected(), 0);
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.ExecuteText("insert into counters (name, value) values ($1, $2) "
                       "on conflict (name) do update set value = counters.value + 1 "
                       "returning value",
                       {"c", 1}));
    EXPECT_EQ(rows.front().Int64(0), 1);
    EXPECT_EQ(tx.affected(), 1);
    return absl::OkStatus();
  });

  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(SqlDatabaseTest, CannotWriteInARead) {
  for (const bool first : {true, false}) {
    const absl::Status status = db().Read([&](Transaction& tx) -> absl::Status {
      if (!first) DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCount, {}).status());
      return InsertIn(tx, "a", "");
    });
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  }
  EXPECT_EQ(Count(), 0);
}

TEST_P(SqlDatabaseTest, ReadsOneStateThroughoutARead) {
  ASSERT_TRUE(Insert("a").ok());
  int runs = 0;

  // Another writer comes between the first statement and the second.
  const absl::StatusOr<std::pair<int64_t, int64_t>> counts =
      db().Read([&](Transaction& tx) -> absl::StatusOr<std::pair<int64_t, int64_t>> {
        DRAMATIS_ASSIGN_OR_RETURN(const Rows one, tx.Execute(kCount, {}));
        if (++runs == 1) {
          EXPECT_TRUE(Insert("b").ok());
        }
        DRAMATIS_ASSIGN_OR_RETURN(const Rows two, tx.Execute(kCount, {}));
        if (runs == 1) {
          EXPECT_TRUE(Insert("c").ok());
        }
        DRAMATIS_ASSIGN_OR_RETURN(const Rows three, tx.Execute(kCount, {}));
        EXPECT_EQ(two.front().Int64(0), three.front().Int64(0));
        return std::pair(one.front().Int64(0), two.front().Int64(0));
      });

  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->first, counts->second);
}

TEST_P(SqlDatabaseTest, LosesNoUpdateOfManyWriters) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  ASSERT_TRUE(db().Write([](Transaction& tx) {
                    return tx.ExecuteText("insert into counters (name, value) values ('c', 0)", {})
                        .status();
                  })
                  .ok());

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const absl::Status status = db().Write([](Transaction& tx) {
          return tx.ExecuteText("update counters set value = value + 1 where name = $1", {"c"})
              .status();
        });
        EXPECT_TRUE(status.ok()) << status;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  const auto rows =
      db().Read([](Transaction& tx) { return tx.ExecuteText("select value from counters", {}); });
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->front().Int64(0), kThreads * kRounds);
}

TEST_P(SqlDatabaseTest, RunsDeadlockedWritersAgain) {
  // Two writers lock two rows in opposite order; SQLite's one writer never deadlocks.
  for (const char* name : {"x", "y"}) {
    ASSERT_TRUE(db().Write([&](Transaction& tx) {
                      return tx
                          .ExecuteText("insert into counters (name, value) values ($1, 0)", {name})
                          .status();
                    })
                    .ok());
  }
  const auto add_to_both = [&](const char* first, const char* second) {
    return db().Write([&](Transaction& tx) -> absl::Status {
      constexpr const char* kAdd = "update counters set value = value + 1 where name = $1";
      DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText(kAdd, {first}).status());
      std::this_thread::yield();
      return tx.ExecuteText(kAdd, {second}).status();
    });
  };

  constexpr int kRounds = 20;
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i)
      EXPECT_TRUE(add_to_both("y", "x").ok());
  });
  for (int i = 0; i < kRounds; ++i)
    EXPECT_TRUE(add_to_both("x", "y").ok());
  other.join();

  const auto rows = db().Read([](Transaction& tx) {
    return tx.ExecuteText("select cast(sum(value) as bigint) from counters", {});
  });
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->front().Int64(0), 4 * kRounds);
}

TEST_P(SqlDatabaseTest, ReadsWhileAnotherWrites) {
  const absl::Status status = db().Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(InsertIn(tx, "a", ""));
    EXPECT_EQ(Count(), 0);  // on another connection
    return absl::OkStatus();
  });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Count(), 1);
}

TEST_P(SqlDatabaseTest, ServesMoreThreadsThanConnections) {
  ASSERT_TRUE(Insert("a").ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4 * database().options().connections; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round)
        EXPECT_EQ(Count(), 1);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

TEST_P(SqlDatabaseTest, IsUnavailableWhereAnotherProcessKeepsTheLock) {
  DatabaseOptions impatient = database().options();
  impatient.timeout = absl::Milliseconds(100);
  auto other = Database::Open(impatient);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(Insert("a").ok());

  absl::Status blocked;
  const absl::Status status = db().Write([&](Transaction& tx) -> absl::Status {
    constexpr const char* kUpdate = "update things set number = 5 where id = 'a'";
    DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText(kUpdate, {}).status());
    blocked = (*other)->Write(
        [&](Transaction& second) { return second.ExecuteText(kUpdate, {}).status(); });
    return absl::OkStatus();
  });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(blocked.code(), absl::StatusCode::kUnavailable) << blocked;
}

TEST_P(SqlDatabaseTest, IsUnavailableWhereNoConnectionIsFree) {
  DatabaseOptions single = database().options();
  single.connections = 1;
  single.timeout = absl::Milliseconds(50);
  auto other = Database::Open(single);
  ASSERT_TRUE(other.ok());

  absl::Status blocked;
  const auto rows = (*other)->Read([&](Transaction& tx) {
    blocked =
        (*other)->Read([](Transaction& second) { return second.Execute(kCount, {}); }).status();
    return tx.Execute(kCount, {});
  });

  EXPECT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(blocked.code(), absl::StatusCode::kUnavailable) << blocked;
  EXPECT_TRUE((*other)->Ping().ok());
}

TEST_P(SqlDatabaseTest, OrdersTextByCodePoint) {
  for (const char* id : {"b", "B", "a", "_", "ä"})
    ASSERT_TRUE(Insert(id).ok());

  const auto rows = db().Read([](Transaction& tx) {
    return tx.ExecuteText("select id from things where id > $1 order by id", {""});
  });

  ASSERT_TRUE(rows.ok()) << rows.status();
  std::vector<std::string> ids;
  for (const Row& row : *rows)
    ids.push_back(row.Text(0));
  EXPECT_EQ(ids, (std::vector<std::string>{"B", "_", "a", "b", "ä"}));
}

TEST_P(SqlDatabaseTest, Pings) {
  EXPECT_TRUE(db().Ping().ok());
}

}  // namespace
}  // namespace dramatis::sql
