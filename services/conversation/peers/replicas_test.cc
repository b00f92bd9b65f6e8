// What crashes, shutdowns and other replicas do to turns: real modules behind real servers.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sql/turn_store.h"
#include "services/conversation/testing/nobody_listens.h"
#include "services/conversation/testing/replica.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

using testing::SizeIs;

constexpr char kAlice[] = "Bearer local:alice";
constexpr char kShortLease[] = "600ms";

v1::ChatRequest Hello() {
  v1::ChatRequest request;
  request.set_message("Hello");
  request.set_session_id("demo");
  return request;
}

v1::StreamTurnRequest StreamFrom(const std::string& turn_id, const std::string& cursor) {
  v1::StreamTurnRequest request;
  request.set_turn_id(turn_id);
  request.set_cursor(cursor);
  return request;
}

class TurnSurvivalTest : public sql::DatabaseTest {
 protected:
  TurnSurvivalTest() : DatabaseTest(embedded::conversation_migrations()) {
    neighbours_.inference.SetScript({.deltas = {}, .open = true, .status = absl::OkStatus()});
  }
  std::vector<v1::Message> History(Replica& replica) {
    v1::GetChatHistoryRequest request;
    request.set_session_id("demo");
    v1::GetChatHistoryResponse response;
    auto context = TestContext(kAlice);
    EXPECT_TRUE(replica.stub().GetChatHistory(context.get(), request, &response).ok());
    return {response.messages().begin(), response.messages().end()};
  }
  absl::StatusOr<v1::Turn> Cancel(Replica& replica, const std::string& turn_id) {
    v1::CancelTurnRequest request;
    request.set_turn_id(turn_id);
    v1::Turn turn;
    auto context = TestContext(kAlice);
    const grpc::Status status = replica.stub().CancelTurn(context.get(), request, &turn);
    if (!status.ok()) return FromGrpc(status);
    return turn;
  }
  // What the turn's row says.
  TurnRow Row(const std::string& turn_id) {
    NobodyListens feed;
    return **SqlTurnStore(db(), feed).FindTurn(turn_id);
  }

  Neighbours neighbours_;
};

TEST_P(TurnSurvivalTest, ATurnGoesOnAfterACrash) {
  auto crashed = std::make_unique<Replica>(db(), neighbours_, kShortLease);
  auto stream = std::make_unique<ChatStream>(*crashed, Hello(), kAlice);
  const std::string turn_id = stream->Next().start().turn_id();
  neighbours_.inference.Say("lost ");
  const std::string cursor = stream->Until(5).cursor();
  crashed.reset();
  neighbours_.inference.SetScript({.deltas = {"found"}, .open = false, .status = {}});

  Replica restarted(db(), neighbours_, kShortLease);
  ChatStream resumed(restarted, StreamFrom(turn_id, cursor), kAlice);
  resumed.set_text("lost ");
  const v1::ChatEvent done = resumed.Rest();

  EXPECT_EQ(resumed.text(), "found");
  EXPECT_EQ(done.done().response(), "found");
  const auto messages = History(restarted);
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1].content(), "found");
  EXPECT_EQ(Row(turn_id).attempt, 2);
}

TEST_P(TurnSurvivalTest, ADrainHandsATurnOver) {
  auto ending = std::make_unique<Replica>(db(), neighbours_);
  ChatStream stream(*ending, Hello(), kAlice);
  const std::string turn_id = stream.Next().start().turn_id();
  neighbours_.inference.Say("so far");
  stream.Until(6);

  ending->module().Drain(absl::Now() + absl::Milliseconds(100));
  stream.Rest();
  const TurnRow row = Row(turn_id);
  neighbours_.inference.SetScript({.deltas = {"again"}, .open = false, .status = {}});
  ending.reset();
  Replica next(db(), neighbours_);
  ChatStream resumed(next, StreamFrom(turn_id, ""), kAlice);

  EXPECT_EQ(stream.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(row.state, TurnState::kPending);
  EXPECT_EQ(row.text, "so far");
  EXPECT_EQ(resumed.Rest().done().response(), "again");
  EXPECT_EQ(Row(turn_id).interruptions, 0);
}

TEST_P(TurnSurvivalTest, ADrainLetsTurnsEnd) {
  Replica ending(db(), neighbours_);
  ChatStream stream(ending, Hello(), kAlice);
  stream.Next();
  neighbours_.inference.Say("all of it");
  neighbours_.inference.End();

  ending.module().Drain(absl::Now() + absl::Seconds(10));

  EXPECT_EQ(stream.Rest().done().response(), "all of it");
  auto context = TestContext(kAlice);
  v1::ChatResponse response;
  EXPECT_EQ(ending.stub().Chat(context.get(), Hello(), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_P(TurnSurvivalTest, ATurnThatKeepsBeingInterruptedIsGivenUp) {
  std::string turn_id;
  for (int crash = 0; crash < 5; ++crash) {
    Replica replica(db(), neighbours_, kShortLease);
    if (crash == 0) {
      ChatStream stream(replica, Hello(), kAlice);
      turn_id = stream.Next().start().turn_id();
      stream.context().TryCancel();
    }
    while (neighbours_.inference.requests().size() < static_cast<size_t>(crash) + 1) {
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  Replica last(db(), neighbours_, kShortLease);
  ChatStream follow(last, StreamFrom(turn_id, ""), kAlice);
  follow.Rest();

  EXPECT_EQ(GetReason(follow.status()), "TURN_ABANDONED");
  EXPECT_EQ(Row(turn_id).state, TurnState::kFailed);
  EXPECT_THAT(neighbours_.inference.requests(), SizeIs(5));
}

DRAMATIS_ON_EVERY_ENGINE(TurnSurvivalTest);

// On PostgreSQL only: SQLite's file is one process's.
class ReplicasTest : public TurnSurvivalTest {
 protected:
  Replica one_{db(), neighbours_, kShortLease};
  Replica other_{db(), neighbours_, kShortLease};
};

TEST_P(ReplicasTest, FollowAStreamThatRunsElsewhere) {
  ChatStream stream(one_, Hello(), kAlice);
  const std::string turn_id = stream.Next().start().turn_id();
  neighbours_.inference.Say("Grüß ");
  const std::string cursor = stream.Until(7).cursor();

  ChatStream resumed(other_, StreamFrom(turn_id, cursor), kAlice);
  ChatStream whole(other_, StreamFrom(turn_id, ""), kAlice);
  resumed.set_text("Grüß ");
  neighbours_.inference.Say("Gott");
  resumed.Until(11);
  const TurnRow row = Row(turn_id);
  neighbours_.inference.End();
  const v1::ChatEvent done = stream.Rest();

  EXPECT_EQ(row.lease.address, one_.address());
  EXPECT_EQ(resumed.Rest().done().ShortDebugString(), done.done().ShortDebugString());
  EXPECT_EQ(resumed.text(), "Grüß Gott");
  EXPECT_EQ(whole.Rest().done().ShortDebugString(), done.done().ShortDebugString());
  EXPECT_EQ(whole.text(), "Grüß Gott");
}

TEST_P(ReplicasTest, AReplayedKeyFollowsTheTurnOfAnotherReplica) {
  ChatStream stream(one_, Hello(), kAlice, "key-1");
  stream.Next();
  ChatStream replay(other_, Hello(), kAlice, "key-1");
  neighbours_.inference.Say("once");
  neighbours_.inference.End();

  EXPECT_EQ(replay.Rest().done().ShortDebugString(), stream.Rest().done().ShortDebugString());
  EXPECT_THAT(neighbours_.inference.requests(), SizeIs(1));
}

TEST_P(ReplicasTest, CancelATurnThatRunsElsewhere) {
  ChatStream stream(one_, Hello(), kAlice);
  const std::string turn_id = stream.Next().start().turn_id();
  neighbours_.inference.Say("so far");
  stream.Until(6);

  const auto cancelled = Cancel(other_, turn_id);

  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::TURN_STATE_CANCELLED);
  EXPECT_EQ(cancelled->text(), "so far");
  EXPECT_EQ(stream.Rest().done().finish_reason(), "cancelled");
}

TEST_P(ReplicasTest, TakeOverTheTurnOfOneThatCrashed) {
  auto crashed = std::make_unique<Replica>(db(), neighbours_, kShortLease);
  auto stream = std::make_unique<ChatStream>(*crashed, Hello(), kAlice);
  const std::string turn_id = stream->Next().start().turn_id();
  neighbours_.inference.Say("lost");
  stream->Until(4);
  ChatStream follow(other_, StreamFrom(turn_id, ""), kAlice);
  follow.Until(4);

  crashed.reset();
  neighbours_.inference.SetScript({.deltas = {"found"}, .open = false, .status = {}});

  EXPECT_EQ(follow.Rest().done().response(), "found");
  EXPECT_EQ(follow.text(), "found");
  EXPECT_THAT(History(one_), SizeIs(2));
}

std::vector<sql::Engine> PostgresOnly() {
  std::vector<sql::Engine> engines;
  for (const sql::Engine engine : sql::TestEngines()) {
    if (engine == sql::Engine::kPostgres) engines.push_back(engine);
  }
  return engines;
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ReplicasTest);
INSTANTIATE_TEST_SUITE_P(, ReplicasTest, testing::ValuesIn(PostgresOnly()), sql::EngineName);

}  // namespace
}  // namespace dramatis::conversation
