#include "shared/sql/idempotency.h"

#include <atomic>
#include <thread>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& Schema() {
  constexpr char kPostgres[] = R"(
    create table idempotency_keys (
      user_id text not null, method text not null, key text not null,
      request_hash text not null, response bytea not null, create_time bigint not null,
      primary key (user_id, method, key));
    create table rows_made (id text primary key))";
  static const std::vector<Migration> migrations = {{1, "0001_keys", kPostgres, kPostgres}};
  return migrations;
}

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class IdempotencyTest : public DatabaseTest {
 protected:
  IdempotencyTest() : DatabaseTest(Schema()) {}

  static IdempotencyClaim Claim(const std::string& key, const std::string& hash = "hash") {
    return {"ann", "CreateThing", key, hash};
  }

  // What a use case does: the answer, and whether it was a replay.
  absl::StatusOr<std::pair<std::string, bool>> Create(const IdempotencyClaim& claim,
                                                      const std::string& answer) {
    return db().Write([&](Transaction& tx) -> absl::StatusOr<std::pair<std::string, bool>> {
      DRAMATIS_ASSIGN_OR_RETURN(auto replay, ClaimIdempotencyKey(tx, claim, kNow));
      if (replay.has_value()) return std::pair(*replay, true);
      DRAMATIS_RETURN_IF_ERROR(
          tx.ExecuteText("insert into rows_made (id) values ($1)", {answer}).status());
      DRAMATIS_RETURN_IF_ERROR(RecordIdempotentResponse(tx, claim, answer));
      return std::pair(answer, false);
    });
  }

  int64_t Made() {
    const auto rows = db().Read(
        [](Transaction& tx) { return tx.ExecuteText("select count(*) from rows_made", {}); });
    return rows.ok() ? rows->front().Int64(0) : -1;
  }
};
DRAMATIS_ON_EVERY_ENGINE(IdempotencyTest);

TEST_P(IdempotencyTest, GivesTheFirstAnswerAgain) {
  ASSERT_FALSE(Create(Claim("k"), "answer")->second);

  const auto again = Create(Claim("k"), "another");

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, std::pair(std::string("answer"), true));
  EXPECT_EQ(Made(), 1);
}

TEST_P(IdempotencyTest, RefusesTheKeyForAnotherRequest) {
  ASSERT_TRUE(Create(Claim("k"), "answer").ok());

  const absl::Status status = Create(Claim("k", "other"), "another").status();

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(GetReason(status), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_EQ(Made(), 1);
}

TEST_P(IdempotencyTest, KeepsUsersAndMethodsApart) {
  ASSERT_TRUE(Create(Claim("k"), "1").ok());
  IdempotencyClaim other_user = Claim("k");
  other_user.user_id = "bob";
  IdempotencyClaim other_method = Claim("k");
  other_method.method = "UpdateThing";

  EXPECT_FALSE(Create(other_user, "2")->second);
  EXPECT_FALSE(Create(other_method, "3")->second);
}

TEST_P(IdempotencyTest, TakesCallsWithoutAKeyAsNew) {
  EXPECT_FALSE(Create(Claim(""), "1")->second);
  EXPECT_FALSE(Create(Claim(""), "2")->second);
  EXPECT_EQ(Made(), 2);
}

TEST_P(IdempotencyTest, ForgetsAClaimThatRolledBack) {
  const absl::Status failed = db().Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(ClaimIdempotencyKey(tx, Claim("k"), kNow).status());
    return absl::UnavailableError("the model is away");
  });
  ASSERT_FALSE(failed.ok());

  EXPECT_FALSE(Create(Claim("k"), "answer")->second);
}

TEST_P(IdempotencyTest, MakesOneRowForFiftyCallsWithOneKey) {
  std::atomic<int> first = 0;
  std::atomic<int> replayed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&, i] {
      const auto answer = Create(Claim("k"), "answer " + std::to_string(i));
      ASSERT_TRUE(answer.ok()) << answer.status();
      ++(answer->second ? replayed : first);
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_EQ(first, 1);
  EXPECT_EQ(replayed, 49);
  EXPECT_EQ(Made(), 1);
}

TEST_P(IdempotencyTest, ForgetsOldKeysAndNoOthersHoweverMany) {
  // More than two batches.
  constexpr int kKeys = 2500;
  ASSERT_TRUE(db().Write([&](Transaction& tx) -> absl::Status {
                    for (int i = 0; i < kKeys; ++i) {
                      DRAMATIS_RETURN_IF_ERROR(
                          ClaimIdempotencyKey(tx, Claim("old" + std::to_string(i)), kNow).status());
                    }
                    return ClaimIdempotencyKey(tx, Claim("new"), kNow + absl::Hours(1)).status();
                  })
                  .ok());

  EXPECT_EQ(*ForgetIdempotencyKeys(db(), kNow), 0);
  EXPECT_EQ(*ForgetIdempotencyKeys(db(), kNow + absl::Hours(1)), kKeys);
  EXPECT_TRUE(Create(Claim("new"), "another")->second);
}

TEST_P(IdempotencyTest, WritesOnceAndAnswersTheSameAgain) {
  int runs = 0;
  const auto write = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    ++runs;
    DRAMATIS_RETURN_IF_ERROR(
        tx.ExecuteText("insert into rows_made (id) values ($1)", {"row"}).status());
    return "answer " + std::to_string(runs);
  };
  const auto first = WriteOnce(db(), Claim("k"), kNow, write);
  const auto again = WriteOnce(db(), Claim("k"), kNow, write);
  const auto other = WriteOnce(db(), Claim("k", "other"), kNow, write);

  ASSERT_TRUE(first.ok() && again.ok()) << first.status() << again.status();
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->bytes, "answer 1");
  EXPECT_EQ(GetReason(other.status()), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_EQ(Made(), 1);
}

TEST_P(IdempotencyTest, KeepsAnAnswerThatComesLaterOnce) {
  const auto nothing = [](Transaction&) -> absl::StatusOr<std::string> { return std::string(); };
  const auto record = [&](const std::string& answer) {
    return db().Write([&](Transaction& tx) { return RecordAnswerLater(tx, Claim("k"), answer); });
  };
  ASSERT_TRUE(WriteOnce(db(), Claim("k"), kNow, nothing).ok());
  EXPECT_EQ(WriteOnce(db(), Claim("k"), kNow, nothing)->bytes, "");

  ASSERT_TRUE(record("first").ok());
  ASSERT_TRUE(record("second").ok());

  EXPECT_EQ(WriteOnce(db(), Claim("k"), kNow, nothing)->bytes, "first");
}

TEST(IdempotencyClaimTest, HashesEqualRequestsEqually) {
  CallContext call;
  call.identity.user_id = "ann";
  call.idempotency_key = "k";
  conversation::v1::ChatRequest request;
  request.set_message("hello");
  const IdempotencyClaim first = IdempotencyClaim::For(call, "Chat", request);
  const IdempotencyClaim same = IdempotencyClaim::For(call, "Chat", request);
  request.set_message("hello!");
  const IdempotencyClaim other = IdempotencyClaim::For(call, "Chat", request);

  EXPECT_EQ(first.user_id, "ann");
  EXPECT_EQ(first.key, "k");
  EXPECT_EQ(first.request_hash.size(), 64U);
  EXPECT_EQ(first.request_hash, same.request_hash);
  EXPECT_NE(first.request_hash, other.request_hash);
}

TEST(IdempotencyClaimTest, MarksAReplay) {
  CallContext call;
  MarkReplayed(call);  // nothing to send with: no effect
  std::string sent;
  call.send_header = [&](const std::string& name, const std::string& value) {
    sent = name + ": " + value;
  };

  MarkReplayed(call);

  EXPECT_EQ(sent, "idempotency-replayed: true");
}

}  // namespace
}  // namespace dramatis::sql
