// What only PostgreSQL can do to us: go away, hang, cut a connection at the worst moment.
#include <string>

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/sql/testing/test_gate.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& Schema() {
  static const std::vector<Migration> migrations = {
      {1, "0001_marks", "create table marks (id text primary key)", ""}};
  return migrations;
}

constexpr Statement kInsert = {"insert into marks (id) values ($1)"};
constexpr Statement kCount = {"select count(*) from marks"};
constexpr Statement kBackend = {"select pg_backend_pid()"};

class PostgresTest : public DatabaseTest {
 protected:
  PostgresTest() : DatabaseTest(Schema()) {}

  absl::StatusOr<int64_t> Count(Database& database) {
    return database.Read([](Transaction& tx) -> absl::StatusOr<int64_t> {
      DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kCount, {}));
      return rows.front().Int64(0);
    });
  }
  absl::Status Insert(Database& database, const std::string& id) {
    return database.Write([&](Transaction& tx) { return tx.Execute(kInsert, {id}).status(); });
  }

  // Ends the server's side of the connection that `tx` runs on, and waits until it is gone.
  void KillBackendOf(Transaction& tx) {
    const absl::StatusOr<Rows> backend = tx.Execute(kBackend, {});
    ASSERT_TRUE(backend.ok()) << backend.status();
    Kill(backend->front().Int64(0));
  }
  void Kill(int64_t backend) {
    ASSERT_TRUE(db().Write([&](Transaction& tx) {
                      return tx
                          .ExecuteText("select pg_terminate_backend(cast($1 as integer), 5000)",
                                       {backend})
                          .status();
                    })
                    .ok());
  }

  // Another replica, whose connections go through `gate`.
  std::unique_ptr<Database> Through(const TestGate& gate, absl::Duration timeout) {
    DatabaseOptions options = database().options();
    const auto [host, port] = Target();
    options.url = absl::StrReplaceAll(
        options.url, {{absl::StrCat(host, ":", port), absl::StrCat("127.0.0.1:", gate.port())}});
    EXPECT_NE(options.url, database().options().url);
    options.timeout = timeout;
    return *Database::Open(options);
  }
  std::pair<std::string, int> Target() {
    pqxx::connection connection(database().options().url);
    return {connection.hostname(), std::stoi(connection.port())};
  }
};

std::vector<Engine> PostgresOnly() {
  std::vector<Engine> engines = TestEngines();
  std::erase(engines, Engine::kSqlite);
  return engines;
}
INSTANTIATE_TEST_SUITE_P(, PostgresTest, testing::ValuesIn(PostgresOnly()), EngineName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresTest);

TEST_P(PostgresTest, RunsAgainWhereTheConnectionIsCutBeforeTheCommit) {
  int runs = 0;

  const auto other = *Database::Open(database().options());
  const absl::Status status = other->Write([&](Transaction& tx) -> absl::Status {
    if (++runs == 1) {
      DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsert, {"lost"}).status());
      KillBackendOf(tx);
    }
    return tx.Execute(kInsert, {"kept"}).status();
  });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(*Count(db()), 1);
}

TEST_P(PostgresTest, RunsNotAgainWhereTheCommitIsInDoubt) {
  int runs = 0;

  const auto other = *Database::Open(database().options());
  const absl::Status status = other->Write([&](Transaction& tx) -> absl::Status {
    ++runs;
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsert, {"x"}).status());
    KillBackendOf(tx);
    return absl::OkStatus();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(other->Ping().ok());
}

TEST_P(PostgresTest, ReplacesConnectionsThatWereCutWhileIdle) {
  const auto other = *Database::Open(database().options());
  // Several connections at once, all idle afterwards.
  std::vector<int64_t> backends;
  const std::function<absl::Status(int)> nest = [&](int depth) -> absl::Status {
    return other->Read([&](Transaction& tx) -> absl::Status {
      DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kBackend, {}));
      backends.push_back(rows.front().Int64(0));
      return depth == 0 ? absl::OkStatus() : nest(depth - 1);
    });
  };
  ASSERT_TRUE(nest(4).ok());
  for (const int64_t backend : backends)
    Kill(backend);

  EXPECT_TRUE(Insert(*other, "a").ok());
  EXPECT_EQ(*Count(*other), 1);
}

TEST_P(PostgresTest, IsUnavailableWhileTheServerIsAwayAndWorksAfterwards) {
  const auto [host, port] = Target();
  TestGate gate(host, port);
  const auto other = Through(gate, absl::Seconds(5));
  ASSERT_TRUE(Insert(*other, "before").ok());

  gate.Close();
  for (const absl::Status& status :
       {Insert(*other, "during"), Count(*other).status(), other->Ping()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(GetReason(status), "UNAVAILABLE");
    EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("127.0.0.1")));
  }

  gate.Open();
  EXPECT_TRUE(Insert(*other, "after").ok());
  EXPECT_EQ(*Count(*other), 2);
}

TEST_P(PostgresTest, IsUnavailableWhereTheServerHangs) {
  const auto [host, port] = Target();
  TestGate gate(host, port);
  const auto other = Through(gate, absl::Milliseconds(200));
  ASSERT_TRUE(other->Ping().ok());

  gate.Stall();
  const absl::Time before = absl::Now();
  const absl::Status status = Insert(*other, "during");

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  // Two connections, each given up in its time: the statement's and the connecting one's.
  EXPECT_LT(absl::Now() - before, absl::Seconds(10));

  gate.Cut();
  gate.Open();
  EXPECT_TRUE(Insert(*other, "after").ok());
}

TEST_P(PostgresTest, IsUnavailableWhereThereIsNoServer) {
  DatabaseOptions options = database().options();
  options.url = "postgresql://nobody@127.0.0.1:1/none";

  const auto nowhere = Database::Open(options);  // need not be up

  ASSERT_TRUE(nowhere.ok());
  for (const absl::Status& status : {(*nowhere)->Ping(), (*nowhere)->Migrate(Schema()).status(),
                                     (*nowhere)->CheckSchema(Schema()).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  }
}

TEST_P(PostgresTest, GivesUpAStatementThatTakesTooLong) {
  DatabaseOptions options = database().options();
  options.timeout = absl::Milliseconds(100);
  const auto other = *Database::Open(options);

  const absl::Status status = other->Read(
      [](Transaction& tx) { return tx.ExecuteText("select pg_sleep(30)", {}).status(); });

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(other->Ping().ok());
}

TEST_P(PostgresTest, ReadsWithoutATransactionOnlyWhereOneStatementIsAll) {
  const auto isolations = [&](int statements) {
    std::vector<std::string> seen;
    const absl::Status status = db().Read([&](Transaction& tx) -> absl::Status {
      seen.clear();
      for (int i = 0; i < statements; ++i) {
        DRAMATIS_ASSIGN_OR_RETURN(
            const Rows rows, tx.ExecuteText("select current_setting('transaction_isolation')", {}));
        seen.push_back(rows.front().Text(0));
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return seen;
  };

  EXPECT_THAT(isolations(1), testing::ElementsAre("read committed"));
  // What the first statement gave alone differs from what it gives inside: all runs again.
  EXPECT_THAT(isolations(3),
              testing::ElementsAre("repeatable read", "repeatable read", "repeatable read"));
}

TEST_P(PostgresTest, WaitsForTheDiskOnlyWhereItShall) {
  const auto setting = [](Transaction& tx) -> absl::StatusOr<std::string> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.ExecuteText("select current_setting('synchronous_commit')", {}));
    return rows.front().Text(0);
  };
  EXPECT_EQ(*db().WriteSoon(setting), "off");
  EXPECT_EQ(*db().Write(setting), "on");
}

TEST_P(PostgresTest, MigratesWithoutTheRightToMakeSchemas) {
  const std::string role = absl::StrCat(database().options().schema, "_role");
  const std::string schema = database().options().schema;
  ASSERT_TRUE(
      db().Write([&](Transaction& tx) -> absl::Status {
            for (const std::string& sql :
                 {absl::StrCat("create role ", role, " login"),
                  absl::StrCat("grant all on schema ", schema, " to ", role),
                  absl::StrCat("grant all on all tables in schema ", schema, " to ", role)}) {
              DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText(sql, {}).status());
            }
            return absl::OkStatus();
          })
          .ok());
  DatabaseOptions options = database().options();
  pqxx::connection connection(options.url);
  options.url = absl::StrReplaceAll(
      options.url, {{absl::StrCat(connection.username(), "@"), absl::StrCat(role, "@")}});
  std::vector<Migration> more = Schema();
  more.push_back({2, "0002_more", "create table more (id text)", ""});

  const absl::Status status = (*Database::Open(options))->Migrate(more).status();

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(db().Write([&](Transaction& tx) -> absl::Status {
                    DRAMATIS_RETURN_IF_ERROR(
                        tx.ExecuteText(absl::StrCat("drop owned by ", role), {}).status());
                    return tx.ExecuteText(absl::StrCat("drop role ", role), {}).status();
                  })
                  .ok());
}

TEST_P(PostgresTest, GoesOnAfterAMigrationChangedTheTypeOfAColumn) {
  // Prepared plans of another replica no longer fit: its connection is replaced.
  const auto other = *Database::Open(database().options());
  const auto first = [&] {
    return other->Read([](Transaction& tx) { return tx.ExecuteText("select id from marks", {}); });
  };
  ASSERT_TRUE(first().ok());
  ASSERT_TRUE(db().Write([](Transaction& tx) {
                    return tx.ExecuteText("alter table marks alter column id type varchar(100)", {})
                        .status();
                  })
                  .ok());

  EXPECT_TRUE(first().ok()) << first().status();
}

}  // namespace
}  // namespace dramatis::sql
