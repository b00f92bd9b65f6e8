// What processes tell each other through PostgreSQL, and how they get over its absence.
#include "shared/sql/notifier.h"

#include <map>
#include <set>
#include <string>

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/database.h"
#include "shared/sql/testing/test_database.h"
#include "shared/sql/testing/test_gate.h"

namespace dramatis::sql {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(20);

// One process: what it heard, and how often it may have missed something.
class Ear {
 public:
  NotificationHandlers handlers() {
    return {.on_item =
                [this](const std::string& item) {
                  const absl::MutexLock lock(&mutex_);
                  ++heard_[item];
                },
            .on_gap =
                [this] {
                  const absl::MutexLock lock(&mutex_);
                  ++gaps_;
                }};
  }
  bool AwaitGaps(int gaps) {
    const absl::MutexLock lock(&mutex_);
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return gaps_ >= gaps; };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), kSoon);
  }
  bool AwaitItem(const std::string& item) {
    const absl::MutexLock lock(&mutex_);
    const auto there = [&]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return heard_.contains(item); };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), kSoon);
  }
  std::map<std::string, int> heard() const {
    const absl::MutexLock lock(&mutex_);
    return heard_;
  }
  int gaps() const {
    const absl::MutexLock lock(&mutex_);
    return gaps_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, int> heard_ ABSL_GUARDED_BY(mutex_);
  int gaps_ ABSL_GUARDED_BY(mutex_) = 0;
};

class NotifierTest : public DatabaseTest {
 protected:
  NotifierTest() : DatabaseTest({}) {}

  // Another process, reached through `gate`.
  std::unique_ptr<Database> Through(const TestGate& gate) {
    DatabaseOptions options = database().options();
    const auto [host, port] = Target();
    options.url = absl::StrReplaceAll(
        options.url, {{absl::StrCat(host, ":", port), absl::StrCat("127.0.0.1:", gate.port())}});
    options.timeout = absl::Milliseconds(200);
    return *Database::Open(options);
  }
  std::pair<std::string, int> Target() {
    pqxx::connection connection(database().options().url);
    return {connection.hostname(), std::stoi(connection.port())};
  }

  Ear here_;
  Ear there_;
};

std::vector<Engine> PostgresOnly() {
  std::vector<Engine> engines = TestEngines();
  std::erase(engines, Engine::kSqlite);
  return engines;
}
INSTANTIATE_TEST_SUITE_P(, NotifierTest, testing::ValuesIn(PostgresOnly()), EngineName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NotifierTest);

TEST(SqliteNotifierTest, IsNotNeededWhereThereIsOneProcess) {
  TestDatabase database(Engine::kSqlite);
  EXPECT_EQ(database->OpenNotifier("rooms", {}), nullptr);
}

TEST_P(NotifierTest, TellsTheOthersAndNotItself) {
  const auto here = db().OpenNotifier("rooms", here_.handlers());
  const auto there = db().OpenNotifier("rooms", there_.handlers());
  ASSERT_TRUE(here_.AwaitGaps(1));
  ASSERT_TRUE(there_.AwaitGaps(1));

  here->Notify("it's \\ one");
  there->Notify("two");

  EXPECT_TRUE(there_.AwaitItem("it's \\ one"));
  EXPECT_TRUE(here_.AwaitItem("two"));
  EXPECT_THAT(here_.heard(), testing::ElementsAre(testing::Pair("two", 1)));
  EXPECT_EQ(here_.gaps(), 1);
}

TEST_P(NotifierTest, KeepsChannelsAndSchemasApart) {
  TestDatabase other(Engine::kPostgres);
  Ear elsewhere;
  const auto here = db().OpenNotifier("rooms", here_.handlers());
  const auto there = db().OpenNotifier("lists", there_.handlers());
  const auto away = other->OpenNotifier("rooms", elsewhere.handlers());
  Ear same;
  const auto last = db().OpenNotifier("rooms", same.handlers());
  for (Ear* ear : {&here_, &there_, &elsewhere, &same})
    ASSERT_TRUE(ear->AwaitGaps(1));

  here->Notify("x");

  EXPECT_TRUE(same.AwaitItem("x"));
  EXPECT_THAT(there_.heard(), testing::IsEmpty());
  EXPECT_THAT(elsewhere.heard(), testing::IsEmpty());
}

TEST_P(NotifierTest, TellsMuchInFewTransactions) {
  const auto here = db().OpenNotifier("rooms", here_.handlers());
  const auto there = db().OpenNotifier("rooms", there_.handlers());
  ASSERT_TRUE(here_.AwaitGaps(1));
  ASSERT_TRUE(there_.AwaitGaps(1));
  pqxx::connection counter(database().options().url);
  const auto transactions = [&] {
    pqxx::nontransaction work(counter);
    return work.exec("select pg_current_xact_id()::text::bigint")[0][0].as<int64_t>();
  };
  const int64_t before = transactions();

  // More than one payload can take.
  for (int i = 0; i < 3000; ++i)
    here->Notify(absl::StrCat("01890a5d-ac96-774b-bcce-", i + 100000));
  here->Notify("last");

  ASSERT_TRUE(there_.AwaitItem("last"));
  const absl::Time deadline = absl::Now() + kSoon;
  while (there_.heard().size() < 3001 && absl::Now() < deadline)
    absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(there_.heard().size(), 3001U);
  EXPECT_LT(transactions() - before, 300);
}

TEST_P(NotifierTest, TellsNothingThatDoesNotFit) {
  const auto here = db().OpenNotifier("rooms", here_.handlers());
  const auto there = db().OpenNotifier("rooms", there_.handlers());
  ASSERT_TRUE(there_.AwaitGaps(1));

  here->Notify(std::string(1001, 'x'));
  here->Notify("two\nlines");
  here->Notify("");
  here->Notify(std::string(1000, 'y'));

  EXPECT_TRUE(there_.AwaitItem(std::string(1000, 'y')));
  EXPECT_EQ(there_.heard().size(), 1U);
}

TEST_P(NotifierTest, SaysThatSomethingMayBeMissedWhereItsConnectionWasCut) {
  const auto [host, port] = Target();
  TestGate gate(host, port);
  const auto database = Through(gate);
  const auto there = database->OpenNotifier("rooms", there_.handlers());
  const auto here = db().OpenNotifier("rooms", here_.handlers());
  ASSERT_TRUE(there_.AwaitGaps(1));

  for (int cut = 1; cut <= 3; ++cut) {
    gate.Cut();
    ASSERT_TRUE(there_.AwaitGaps(1 + cut));
    here->Notify(absl::StrCat("after ", cut));
    EXPECT_TRUE(there_.AwaitItem(absl::StrCat("after ", cut)));
  }
}

TEST_P(NotifierTest, TellsAfterwardsWhatHappenedWhileTheServerWasAway) {
  const auto [host, port] = Target();
  TestGate gate(host, port);
  const auto database = Through(gate);
  const auto here = database->OpenNotifier("rooms", here_.handlers());
  const auto there = db().OpenNotifier("rooms", there_.handlers());
  ASSERT_TRUE(here_.AwaitGaps(1));
  ASSERT_TRUE(there_.AwaitGaps(1));

  gate.Close();
  here->Notify("during");
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_THAT(there_.heard(), testing::IsEmpty());
  gate.Open();

  EXPECT_TRUE(there_.AwaitItem("during"));
}

TEST_P(NotifierTest, NoticesAServerThatHangs) {
  const auto [host, port] = Target();
  TestGate gate(host, port);
  const auto database = Through(gate);
  const auto there = database->OpenNotifier("rooms", there_.handlers());
  ASSERT_TRUE(there_.AwaitGaps(1));
  const int before = gate.accepted();

  gate.Stall();
  const absl::Time deadline = absl::Now() + kSoon;
  while (gate.accepted() == before && absl::Now() < deadline)
    absl::SleepFor(absl::Milliseconds(10));
  EXPECT_GT(gate.accepted(), before);
  gate.Cut();
  gate.Open();

  EXPECT_TRUE(there_.AwaitGaps(2));
}

TEST_P(NotifierTest, EndsWhileTheServerIsAway) {
  const auto [host, port] = Target();
  TestGate gate(host, port);
  gate.Close();
  const auto database = Through(gate);
  auto there = database->OpenNotifier("rooms", there_.handlers());
  there->Notify("x");

  const absl::Time before = absl::Now();
  there.reset();

  EXPECT_LT(absl::Now() - before, absl::Seconds(10));
  EXPECT_EQ(there_.gaps(), 0);
}

}  // namespace
}  // namespace dramatis::sql
