#include "services/inference/sql/ledger.h"

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "embedded/inference_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/sql/forget_user.h"
#include "services/inference/sql/store.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNoon =
    absl::FromCivil(absl::CivilSecond(2026, 3, 31, 12, 0, 30), absl::UTCTimeZone());

class LedgerStoreTest : public sql::DatabaseTest {
 protected:
  LedgerStoreTest() : DatabaseTest(embedded::inference_migrations()) {
    EXPECT_TRUE(ledger_.RenewHolder("process", kNoon + absl::Hours(1)).ok());
  }

  ReservationAsk Ask(const std::string& id, int64_t micros, absl::Time now = kNoon) const {
    return {.payer = {.user_id = "ann", .key_id = key_, .key_monthly_micros = key_limit_},
            .reservation_id = id,
            .micros = micros,
            .tokens = 100,
            .holder = "process",
            .now = now};
  }
  // Why it is not reserved.
  std::optional<Refused> Reserve(const std::string& id, int64_t micros, absl::Time now = kNoon) {
    const auto refused = ledger_.Reserve(Ask(id, micros, now), limits_);
    EXPECT_TRUE(refused.ok()) << refused.status();
    return refused.value_or(std::nullopt);
  }
  static UsageRow Used(const std::string& turn, int64_t micros, absl::Time now = kNoon) {
    UsageRow row;
    row.user_id = "ann";
    row.turn_key = turn;
    row.model = "openai/m";
    row.input_tokens = 30;
    row.output_tokens = 20;
    row.cost_micros = micros;
    row.finish_reason = "stop";
    row.create_time = now;
    return row;
  }
  void Settle(const UsageRow& row, const std::string& id) {
    const absl::Status settled =
        ledger_.Settle(row, id, limits_.deployment_monthly_micros.has_value(), begun_);
    EXPECT_TRUE(settled.ok()) << settled;
  }
  Account Found(absl::Time now = kNoon) { return ledger_.FindAccount("ann", now).value(); }
  // `account=spent+reserved`, all there are.
  std::vector<std::string> Accounts() {
    static constexpr sql::Statement kSelect = {
        "select user_id, account, spent_micros, reserved_micros from accounts "
        "order by user_id, account"};
    const auto rows = db().Read([](sql::Transaction& tx) { return tx.Execute(kSelect, {}); });
    std::vector<std::string> texts;
    for (const sql::Row& row : rows.value()) {
      texts.push_back(
          absl::StrCat(row.Text(0), "/", row.Text(1), "=", row.Int64(2), "+", row.Int64(3)));
    }
    return texts;
  }

  void FreeAbandoned(absl::Time now) {
    const std::vector<ReservationName> abandoned = ledger_.FindAbandoned(now, 1000).value();
    for (const ReservationName& name : abandoned)
      ASSERT_TRUE(ledger_.Release(name, now).ok());
  }

  SqlLedgerStore ledger_{db()};
  DefaultLimits limits_;
  std::string key_;
  std::optional<int64_t> key_limit_;
  absl::Time begun_ = kNoon;  // of what is settled
};

TEST_P(LedgerStoreTest, ReservesWhatTheBudgetAllowsAndNoMore) {
  limits_.user.monthly_micros = 300;
  EXPECT_EQ(Reserve("1", 100), std::nullopt);
  EXPECT_EQ(Reserve("2", 200), std::nullopt);
  EXPECT_EQ(Reserve("3", 1), Refused::kUserBudget);
  EXPECT_EQ(Found().reserved_micros, 300);

  // What was too much reserved is there again.
  Settle(Used("t:1", 40), "1");
  EXPECT_EQ(Reserve("3", 60), std::nullopt);
  EXPECT_EQ(Reserve("4", 1), Refused::kUserBudget);
  EXPECT_THAT(Accounts(), ElementsAre("ann/=40+260"));
}

TEST_P(LedgerStoreTest, ABudgetForThreeMakesThreeCallsOfAHundredAtOnce) {
  limits_.user.monthly_micros = 3 * 70;
  // Another replica, where the engine has any.
  std::unique_ptr<sql::Database> other;
  if (GetParam() == sql::Engine::kPostgres) other = *sql::Database::Open(database().options());
  SqlLedgerStore other_store(other == nullptr ? db() : *other);
  std::atomic<int> made = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&, i] {
      LedgerStore& store = i % 2 == 0 ? ledger_ : other_store;
      const auto answer = store.Reserve(Ask(absl::StrCat(i), 70), limits_);
      ASSERT_TRUE(answer.ok()) << answer.status();
      ++(answer->has_value() ? refused : made);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(made, 3);
  EXPECT_EQ(refused, 97);
  EXPECT_EQ(Found().reserved_micros, 210);
}

TEST_P(LedgerStoreTest, CountsAnAttemptOnceHoweverOftenItIsSettled) {
  ASSERT_EQ(Reserve("1", 100), std::nullopt);
  Settle(Used("t:1", 40), "1");
  Settle(Used("t:1", 40), "1");
  Settle(Used("t:1", 99), "");
  EXPECT_THAT(Accounts(), ElementsAre("ann/=40+0"));
}

TEST_P(LedgerStoreTest, CountsWhatIsSettledAfterItWasFreed) {
  ASSERT_EQ(Reserve("1", 100), std::nullopt);
  ASSERT_TRUE(ledger_.Release({"ann", "1"}, kNoon).ok());
  ASSERT_TRUE(ledger_.Release({"ann", "1"}, kNoon).ok());
  EXPECT_THAT(Accounts(), ElementsAre("ann/=0+0"));
  Settle(Used("t:1", 40), "1");
  EXPECT_THAT(Accounts(), ElementsAre("ann/=40+0"));
}

TEST_P(LedgerStoreTest, BeginsAnewWithTheMonth) {
  limits_.user.monthly_micros = 100;
  ASSERT_EQ(Reserve("1", 60), std::nullopt);
  Settle(Used("t:1", 60), "1");
  ASSERT_EQ(Reserve("2", 40), std::nullopt);
  ASSERT_EQ(Reserve("3", 1), Refused::kUserBudget);

  const absl::Time april = NextMonth(kNoon);
  EXPECT_EQ(absl::FormatTime(april, absl::UTCTimeZone()), "2026-04-01T00:00:00+00:00");
  EXPECT_EQ(Found(april).spent_micros, 0);
  // What is reserved since March still is.
  EXPECT_EQ(Reserve("3", 61, april), Refused::kUserBudget);
  EXPECT_EQ(Reserve("3", 60, april), std::nullopt);
  Settle(Used("t:2", 30, april), "2");
  EXPECT_THAT(Accounts(), ElementsAre("ann/=30+60"));
}

TEST_P(LedgerStoreTest, LimitsTheTokensOfAMinute) {
  limits_.user.tokens_per_minute = 250;
  EXPECT_EQ(Reserve("1", 0), std::nullopt);
  EXPECT_EQ(Reserve("2", 0), std::nullopt);
  EXPECT_EQ(Reserve("3", 0), Refused::kUserTokens);
  // The first one took 50 of the 100 it might have taken.
  Settle(Used("t:1", 0), "1");
  EXPECT_EQ(Reserve("3", 0), std::nullopt);
  EXPECT_EQ(Reserve("4", 0), Refused::kUserTokens);
  EXPECT_EQ(Reserve("4", 0, kNoon + absl::Seconds(30)), std::nullopt);
}

TEST_P(LedgerStoreTest, LetsOneCallOfAMinuteThroughHoweverLargeUnlessNoneIsAllowed) {
  limits_.user.tokens_per_minute = 10;
  EXPECT_EQ(Reserve("1", 0), std::nullopt);
  EXPECT_EQ(Reserve("2", 0), Refused::kUserTokens);
  limits_.user.tokens_per_minute = 0;
  EXPECT_EQ(Reserve("3", 0, kNoon + absl::Minutes(1)), Refused::kUserTokens);
}

TEST_P(LedgerStoreTest, TakesTheLimitsThatAnAdminSet) {
  limits_.user.monthly_micros = 100;
  const Limits set = {.monthly_micros = 200, .tokens_per_minute = std::nullopt};
  ASSERT_TRUE(ledger_.SetLimits("ann", set, 0, kNoon).ok());
  EXPECT_EQ(Found().limits, set);
  EXPECT_EQ(Found().version, 1);
  EXPECT_TRUE(absl::IsAborted(ledger_.SetLimits("ann", {}, 0, kNoon)));

  EXPECT_EQ(Reserve("1", 200), std::nullopt);
  EXPECT_EQ(Reserve("2", 1), Refused::kUserBudget);
  ASSERT_TRUE(ledger_.SetLimits("ann", {}, 1, kNoon).ok());
  EXPECT_EQ(Found().limits, Limits());
}

TEST_P(LedgerStoreTest, LimitsAKeyAndTheDeploymentToo) {
  limits_.deployment_monthly_micros = 100;
  key_ = "k1";
  key_limit_ = 50;
  EXPECT_EQ(Reserve("1", 50), std::nullopt);
  EXPECT_EQ(Reserve("2", 1), Refused::kKeyBudget);
  key_ = "k2";
  key_limit_ = std::nullopt;
  EXPECT_EQ(Reserve("3", 51), Refused::kDeploymentBudget);
  EXPECT_EQ(Reserve("3", 50), std::nullopt);
  // What is refused leaves no trace.
  EXPECT_THAT(Accounts(),
              ElementsAre("/deployment=0+100", "ann/=0+100", "ann/key:k1=0+50", "ann/key:k2=0+50"));
  UsageRow row = Used("t:1", 20);
  row.key_id = "k1";
  Settle(row, "1");
  ASSERT_TRUE(ledger_.Release({"ann", "3"}, kNoon).ok());
  EXPECT_THAT(Accounts(),
              ElementsAre("/deployment=20+0", "ann/=20+0", "ann/key:k1=20+0", "ann/key:k2=0+0"));
}

TEST_P(LedgerStoreTest, KnowsWhatWasSpentBeforeThereWereAccounts) {
  // Without a reservation nothing opens an account but the cost of the row.
  static constexpr sql::Statement kInsert = {
      "insert into usage (user_id, turn_key, persona_id, model, input_tokens, output_tokens, "
      "cached_tokens, cost_micros, estimated, finish_reason, create_time) "
      "values ('ann', $1, '', 'm', 0, 0, 0, $2, false, 'stop', $3)"};
  const auto insert = [&](const char* turn, int64_t micros, absl::Time time) {
    const auto written = db().Write(
        [&](sql::Transaction& tx) { return tx.Execute(kInsert, {turn, micros, time}).status(); });
    ASSERT_TRUE(written.ok()) << written;
  };
  insert("t:1", 70, kNoon);
  insert("t:2", 1000, kNoon - absl::Hours(24 * 40));
  EXPECT_EQ(Found().spent_micros, 70);

  limits_.user.monthly_micros = 100;
  limits_.deployment_monthly_micros = 100;
  EXPECT_EQ(Reserve("1", 31), Refused::kUserBudget);
  Settle(Used("t:3", 5), "");
  EXPECT_EQ(Reserve("1", 25), std::nullopt);
  EXPECT_THAT(Accounts(), ElementsAre("/deployment=75+25", "ann/=75+25"));
}

TEST_P(LedgerStoreTest, RaisesAReservation) {
  limits_.user.monthly_micros = 100;
  ASSERT_EQ(Reserve("1", 40), std::nullopt);
  ReservationAsk more = Ask("1", 90);
  more.replaces = true;
  EXPECT_EQ(ledger_.Reserve(more, limits_).value(), std::nullopt);
  EXPECT_EQ(Found().reserved_micros, 90);
  more.micros = 101;
  EXPECT_EQ(ledger_.Reserve(more, limits_).value(), Refused::kUserBudget);
  EXPECT_EQ(Found().reserved_micros, 90);  // the smaller one is still there
}

TEST_P(LedgerStoreTest, FindsWhatProcessesHoldWhoseLeaseHasExpired) {
  ASSERT_EQ(Reserve("1", 40), std::nullopt);
  ReservationAsk lost = Ask("2", 40);
  lost.holder = "never heard of";
  ASSERT_EQ(ledger_.Reserve(lost, limits_).value(), std::nullopt);

  EXPECT_THAT(ledger_.FindAbandoned(kNoon, 10).value(), ElementsAre(ReservationName{"ann", "2"}));
  EXPECT_EQ(ledger_.FindAbandoned(kNoon + absl::Hours(2), 10)->size(), 2U);
  EXPECT_EQ(ledger_.FindAbandoned(kNoon + absl::Hours(2), 1)->size(), 1U);
  ASSERT_TRUE(ledger_.RenewHolder("process", kNoon + absl::Hours(3)).ok());
  ASSERT_TRUE(ledger_.Release({"ann", "2"}, kNoon).ok());
  EXPECT_THAT(ledger_.FindAbandoned(kNoon + absl::Hours(2), 10).value(), IsEmpty());
}

class ForgottenTest : public LedgerStoreTest {
 protected:
  // As of the database's clock on PostgreSQL: the calls of this test begin now.
  ForgottenTest() { begun_ = now_; }
  void Forget() {
    const absl::Status forgotten = db().Write(
        [&](sql::Transaction& tx) { return ForgetUser(tx, "ann", now_ + absl::Minutes(1)); });
    ASSERT_TRUE(forgotten.ok()) << forgotten;
  }
  // Rows of the table that name the user.
  int64_t Rows(const std::string& table) {
    const auto rows = db().Read([&](sql::Transaction& tx) {
      return tx.ExecuteText("select count(*) from " + table + " where user_id = 'ann'", {});
    });
    return rows.value().at(0).Int64(0);
  }

  // Minutes before the deletion, whichever clock says when that is.
  const absl::Time now_ = absl::Now() - absl::Minutes(5);
};

TEST_P(ForgottenTest, LeavesNoRowOfWhatIsSettledLater) {
  key_ = "k1";
  ASSERT_EQ(Reserve("1", 40, now_), std::nullopt);
  ASSERT_EQ(Reserve("2", 40, now_), std::nullopt);
  Forget();
  Settle(Used("t:1", 0, now_), "1");
  ASSERT_TRUE(ledger_.Release({"ann", "2"}, now_).ok());
  Settle(Used("t:3", 5, now_), "");  // freed before, since its process counted as dead
  Settle(Used("t:4", 0, now_), "");  // reserved nothing
  EXPECT_EQ(Rows("usage"), 0);
  EXPECT_EQ(Rows("reservations"), 0);
  EXPECT_EQ(Rows("accounts"), 0);
}

TEST_P(ForgottenTest, RenewsNoBudgetUntilTheMonthIsOver) {
  limits_.user.monthly_micros = 100;
  ASSERT_EQ(Reserve("1", 80, now_), std::nullopt);
  Forget();
  Settle(Used("t:1", 80, now_), "1");
  EXPECT_EQ(Rows("usage"), 0);
  EXPECT_EQ(Found(now_).spent_micros, 80);
  EXPECT_EQ(Reserve("2", 30, now_), Refused::kUserBudget);

  ASSERT_TRUE(ledger_.RenewHolder("process", now_).ok());
  EXPECT_EQ(Rows("accounts"), 1);
  ASSERT_TRUE(ledger_.RenewHolder("process", now_ + absl::Hours(24 * 33)).ok());
  EXPECT_EQ(Rows("accounts"), 0);
}

TEST_P(ForgottenTest, BeginsAnewForWhoComesBack) {
  ASSERT_EQ(Reserve("0", 40, now_), std::nullopt);
  Settle(Used("t:0", 40, now_), "0");
  Forget();
  begun_ = absl::Now() + absl::Minutes(10);
  ASSERT_EQ(Reserve("1", 40, begun_), std::nullopt);
  Settle(Used("t:1", 40, begun_), "1");
  EXPECT_EQ(Rows("usage"), 1);
  ASSERT_TRUE(ledger_.RenewHolder("process", begun_ + absl::Hours(24 * 33)).ok());
  EXPECT_EQ(Rows("accounts"), 1);
}

// Processes reserve, settle, settle twice since they did not hear of the first time, die, and come
// back late; others free what they held. Whatever the order: in the end nothing is reserved, and
// what was spent is the sum of what providers reported and a process wrote down.
TEST_P(LedgerStoreTest, EndsEvenWhateverProcessesDie) {
  constexpr int kCases = 100;
  constexpr int kSteps = 40;
  for (int seed = 0; seed < kCases; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int below) { return static_cast<int>(random() % below); };
    const std::string user = absl::StrCat("user", seed);
    struct Call {
      std::string id;
      std::string holder;
      UsageRow row;
    };
    std::vector<Call> running;
    std::vector<Call> late;  // of processes that count as dead and are not
    std::set<std::string> dead;
    std::map<std::string, int64_t> reported;  // by turn key
    absl::Time now = kNoon;
    int made = 0;
    const auto settle = [&](const Call& call) {
      const int times = 1 + pick(2);
      for (int i = 0; i < times; ++i)
        ASSERT_TRUE(ledger_.Settle(call.row, call.id, false, now).ok());
      reported.emplace(call.row.turn_key, call.row.cost_micros);
    };
    for (int step = 0; step < kSteps; ++step) {
      now += absl::Seconds(pick(40));
      const std::string holder = absl::StrCat(seed, "-", pick(3), "-", dead.size());
      switch (pick(6)) {
        case 0:
        case 1: {
          ASSERT_TRUE(ledger_.RenewHolder(holder, now + absl::Seconds(30)).ok());
          Call call = {absl::StrCat(seed, ":", ++made), holder,
                       Used(absl::StrCat("t:", made), pick(100), now)};
          call.row.user_id = user;
          ReservationAsk ask = Ask(call.id, 100, now);
          ask.payer.user_id = user;
          ask.holder = holder;
          ASSERT_EQ(ledger_.Reserve(ask, limits_).value(), std::nullopt);
          running.push_back(call);
          break;
        }
        case 2:
        case 3:
          if (running.empty()) break;
          settle(running.back());
          running.pop_back();
          break;
        case 4: {  // a process dies: of its calls some are only late
          dead.insert(holder);
          std::erase_if(running, [&](const Call& call) {
            if (call.holder != holder) return false;
            if (pick(2) == 0) late.push_back(call);
            return true;
          });
          break;
        }
        default:
          FreeAbandoned(now);
          if (!late.empty() && pick(2) == 0) {
            settle(late.back());
            late.pop_back();
          }
      }
    }
    for (const Call& call : running)
      settle(call);
    FreeAbandoned(now + absl::Hours(1));
    int64_t sum = 0;
    for (const auto& [turn, micros] : reported)
      sum += micros;
    const Account account = ledger_.FindAccount(user, kNoon).value();
    EXPECT_EQ(account.reserved_micros, 0) << "seed " << seed;
    EXPECT_EQ(account.spent_micros, sum) << "seed " << seed;
  }
}

DRAMATIS_ON_EVERY_ENGINE(LedgerStoreTest);
DRAMATIS_ON_EVERY_ENGINE(ForgottenTest);

}  // namespace
}  // namespace dramatis::inference
