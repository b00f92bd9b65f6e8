#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class QueueStoreTest : public ConversationStoreTest {
 protected:
  NewTurn Waiting(const std::string& message) {
    NewTurn turn = Turn(session_, message);
    turn.create = std::nullopt;
    turn.enqueue = true;
    turn.payer_key = "key1";
    turn.correlation_id = "c-" + message;
    return turn;
  }
  // Its turn's id.
  std::string Queue(const std::string& message) {
    const auto queued = Start(Waiting(message));
    EXPECT_TRUE(queued.ok()) << queued.status();
    EXPECT_FALSE(queued->result.job.has_value());
    EXPECT_EQ(queued->result.session_id, "s");
    return queued->result.turn_id;
  }
  EndedTurn End(const TurnEnd& end) {
    const auto ended = turns_.EndTurn(end, nullptr);
    EXPECT_TRUE(ended.ok()) << ended.status();
    return *ended;
  }
  TurnRow Find(const std::string& turn_id) {
    const auto row = turns_.FindTurn(turn_id);
    EXPECT_TRUE(row.ok() && row->has_value()) << row.status();
    return **row;
  }
  std::vector<std::string> Said() {
    std::vector<std::string> said;
    for (const MessageRow& row : Messages(session_.conversation_id))
      said.push_back(absl::StrCat(row.sequence, " ", row.content));
    return said;
  }
  void Cancel(const std::string& turn_id) {
    const auto asked = turns_.RequestCancel(Find(turn_id), clock_.Now(), NoKey());
    EXPECT_TRUE(asked.ok()) << asked.status();
  }

  SessionRow session_ = Conversation("s");
};

TEST_P(QueueStoreTest, WhatWaitsIsSaidInItsOrderWhenTheTurnBeforeItHasEnded) {
  const TurnJob first = MustStart(session_, "First");
  const std::string second = Queue("Second");
  const std::string third = Queue("Third");
  EXPECT_THAT(Said(), ElementsAre("1 First"));
  EXPECT_EQ(Find(second).state, TurnState::kPending);
  EXPECT_EQ(GetReason(Start(Turn(session_, "Now")).status()), "TURN_IN_PROGRESS");

  const EndedTurn ended = End(Done(first, "One"));
  ASSERT_TRUE(ended.next.has_value());
  EXPECT_EQ(ended.next->turn.turn_id, second);
  EXPECT_EQ(ended.next->turn.state, TurnState::kRunning);
  EXPECT_EQ(ended.next->turn.lease.owner, "me");
  EXPECT_EQ(ended.next->turn.lease.address, "here:1");
  EXPECT_EQ(ended.next->turn.payer_key, "key1");
  EXPECT_EQ(ended.next->turn.attempt, 1);
  EXPECT_EQ(ended.next->message, "Second");
  EXPECT_EQ(ended.next->correlation_id, "c-Second");
  EXPECT_EQ(ended.next->conversation.last_sequence, 3);
  EXPECT_THAT(Said(), ElementsAre("1 First", "2 One", "3 Second"));
  EXPECT_EQ(GetReason(Start(Turn(session_, "Now")).status()), "TURN_IN_PROGRESS");

  // Also after one that failed.
  const EndedTurn failed = End(Failed(*ended.next));
  ASSERT_TRUE(failed.next.has_value());
  EXPECT_EQ(failed.next->turn.turn_id, third);
  EXPECT_FALSE(End(Done(*failed.next, "Three")).next.has_value());
  EXPECT_THAT(Said(), ElementsAre("1 First", "2 One", "3 Second", "4 Third", "5 Three"));
  EXPECT_TRUE(Start(Turn(session_, "Now")).ok());
}

TEST_P(QueueStoreTest, ATurnBeginsAtOnceWhereNoneRuns) {
  MustStart(Conversation("other"));
  NewTurn turn = Waiting("First");
  turn.create = session_;
  const auto started = Start(turn);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_TRUE(started->result.job.has_value());
}

TEST_P(QueueStoreTest, TheEleventhIsRefused) {
  const TurnJob running = MustStart(session_, "First");
  for (int i = 0; i < kMostQueued; ++i)
    Queue(absl::StrCat(i));
  const absl::Status refused = Start(Waiting("Eleventh")).status();
  EXPECT_EQ(GetReason(refused), "TURN_IN_PROGRESS");
  EXPECT_EQ(GetFact(refused, "turn_id"), running.turn.turn_id);
  End(Done(running));
  Queue("Eleventh");
}

TEST_P(QueueStoreTest, AKeyThatWasUsedWaitsOnce) {
  MustStart(session_, "First");
  const NewTurn turn = Waiting("Second");
  const auto first = Start(turn, "key");
  NewTurn repeated = Waiting("Second");
  const auto again = Start(repeated, "key");
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->result.turn_id, first->result.turn_id);
  EXPECT_EQ(Count("queued_messages"), 1);
}

TEST_P(QueueStoreTest, OneThatIsCancelledIsNeverSaid) {
  const TurnJob first = MustStart(session_, "First");
  const std::string second = Queue("Second");
  const std::string third = Queue("Third");
  Cancel(second);
  EXPECT_EQ(Find(second).state, TurnState::kCancelled);
  EXPECT_EQ(Find(second).finish_reason, "cancelled");
  const EndedTurn ended = End(Done(first, "One"));
  ASSERT_TRUE(ended.next.has_value());
  EXPECT_EQ(ended.next->turn.turn_id, third);
  // One that has begun is asked to stop, as any.
  Cancel(third);
  EXPECT_EQ(Find(third).state, TurnState::kRunning);
  EXPECT_TRUE(Find(third).cancel_requested);
  EXPECT_THAT(Said(), ElementsAre("1 First", "2 One", "3 Third"));
}

TEST_P(QueueStoreTest, ASessionThatEndsFailsWhatWaits) {
  const TurnJob first = MustStart(session_, "First");
  const std::string second = Queue("Second");
  ASSERT_TRUE(store_.EndSession(session_.conversation_id, clock_.Now(), NoKey()).ok());
  EXPECT_EQ(Find(second).state, TurnState::kFailed);
  EXPECT_EQ(GetReason(ParseError(Find(second).error)), "SESSION_ENDED");
  EXPECT_FALSE(End(Done(first)).next.has_value());
  EXPECT_EQ(Count("queued_messages"), 0);
}

TEST_P(QueueStoreTest, ASessionThatHasExpiredFailsWhatWaits) {
  const TurnJob first = MustStart(session_, "First");
  const std::string second = Queue("Second");
  clock_.Advance(absl::Hours(2));
  EXPECT_FALSE(End(Failed(first)).next.has_value());
  EXPECT_EQ(Find(second).state, TurnState::kFailed);
  EXPECT_EQ(Count("queued_messages"), 0);
}

TEST_P(QueueStoreTest, NobodyTakesOverWhatWaits) {
  const TurnJob first = MustStart(session_, "First");
  const std::string second = Queue("Second");
  const auto taken = turns_.TakeOver(
      Other(), clock_.Now(), /*any_lease=*/true, [](const std::string&) { return false; }, 10);
  ASSERT_TRUE(taken.ok());
  ASSERT_THAT(*taken, SizeIs(1));
  EXPECT_EQ(taken->front().turn.turn_id, first.turn.turn_id);
  // Its end is that of whoever has it now, and so is the lease of the next one.
  EXPECT_EQ(End(Done(first)).result, EndResult::kLost);
  const EndedTurn ended = End(Done(taken->front()));
  ASSERT_TRUE(ended.next.has_value());
  EXPECT_EQ(ended.next->turn.turn_id, second);
  EXPECT_EQ(ended.next->turn.lease.owner, "other");
}

DRAMATIS_ON_EVERY_ENGINE(QueueStoreTest);

}  // namespace
}  // namespace dramatis::conversation
