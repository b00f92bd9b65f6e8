// What Store promises of turns, leases and keys, on SQLite and PostgreSQL.
#include "services/conversation/model/store.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/store_fixture.h"
#include "shared/sql/idempotency.h"

namespace dramatis::conversation {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

bool Nowhere(const std::string& /*turn_id*/) {
  return false;
}

TEST_P(ConversationStoreTest, BeginsASessionWithItsGreeting) {
  SessionRow row = Conversation("s");
  row.greeting = "Wipe your boots.";
  row.greeting_message_id = "g";
  row.last_sequence = 1;

  const TurnJob job = MustStart(row, "Hello");

  EXPECT_EQ(job.turn.trigger_sequence, 2);
  const std::vector<MessageRow> messages = Messages(row.conversation_id);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].content, "Wipe your boots.");
  EXPECT_EQ(messages[0].author(), ParticipantKind::kPersona);
  EXPECT_EQ(messages[0].sequence, 1);
  EXPECT_EQ(messages[1].content, "Hello");
  EXPECT_EQ(store_.FindSession(row.conversation_id)->value().last_sequence, 2);
}

TEST_P(ConversationStoreTest, ShowsTheGreetingOfASessionThatHasNothingElse) {
  SessionRow row = Conversation("s");
  row.greeting = "Wipe your boots.";
  row.greeting_message_id = "g";
  row.last_sequence = 1;
  const auto made = store_.CreateSession(row, Idempotency{call_, "CreateSession", v1::Session()});

  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->result.last_sequence, 1);
  SessionFilter filter;
  filter.user_id = "alice";
  filter.now = clock_.Now();
  const auto listed = store_.ListSessions(filter);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().message_count, 1);
  EXPECT_EQ(listed->front().preview, "Wipe your boots.");
}

TEST_P(ConversationStoreTest, StartsATurnAllInOne) {
  const SessionRow conversation = Conversation("s1");

  const TurnJob job = MustStart(conversation, "Grüß Gott\n");
  const auto row = turns_.FindTurn(job.turn.turn_id);

  ASSERT_TRUE(row.ok() && row->has_value()) << row.status();
  EXPECT_EQ((*row)->state, TurnState::kRunning);
  EXPECT_EQ((*row)->fence, 1);
  EXPECT_EQ((*row)->attempt, 1);
  EXPECT_EQ((*row)->lease.owner, "me");
  EXPECT_EQ((*row)->lease.address, "here:1");
  EXPECT_EQ((*row)->lease.expires_at, clock_.Now() + kLease);
  EXPECT_EQ((*row)->trigger_sequence, 1);
  EXPECT_EQ((*row)->user_id, "alice");
  EXPECT_EQ(job.conversation.title, "title");
  EXPECT_EQ(job.conversation.active_turn_id, job.turn.turn_id);
  EXPECT_EQ(job.conversation.metadata, conversation.metadata);
  const auto messages = Messages(conversation.conversation_id);
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].content, "Grüß Gott\n");
  EXPECT_EQ(messages[0].participant_id(), "user/alice");
  EXPECT_EQ(Count("participants"), 2);
}

TEST_P(ConversationStoreTest, TellsTheTurnBeforeItIsStored) {
  const SessionRow conversation = Conversation("s");
  NewTurn turn = Turn(conversation);
  std::optional<TurnJob> told;
  bool stored = true;
  turn.on_begun = [&](const TurnJob& job) {
    told = job;
    const auto found = turns_.FindTurn(turn.turn_id);
    stored = !found.ok() || found->has_value();
  };
  const auto started = Start(turn);

  ASSERT_TRUE(started.ok()) << started.status();
  ASSERT_TRUE(told.has_value());
  EXPECT_FALSE(stored);
  EXPECT_EQ(told->turn.trigger_sequence, 1);
  EXPECT_EQ(told->turn.turn_id, started->result.job->turn.turn_id);
  EXPECT_EQ(told->conversation.persona_id, started->result.job->conversation.persona_id);
  EXPECT_EQ(told->message, "Hello");

  // Nothing is told of one that is refused.
  told.reset();
  NewTurn second = Turn(conversation);
  second.on_begun = [&](const TurnJob& job) { told = job; };
  EXPECT_FALSE(Start(second).ok());
  EXPECT_FALSE(told.has_value());
}

TEST_P(ConversationStoreTest, AppendsTheReplyAndFreesTheConversation) {
  const SessionRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  clock_.Advance(absl::Minutes(1));
  const TurnEnd end = Done(job, "Hi there");

  EXPECT_EQ(turns_.EndTurn(end, nullptr)->result, EndResult::kEnded);

  const auto row = **turns_.FindTurn(job.turn.turn_id);
  EXPECT_EQ(row.state, TurnState::kDone);
  EXPECT_EQ(row.text, "Hi there");
  EXPECT_EQ(row.reply_message_id, end.message_id);
  EXPECT_EQ(row.reply_created_at, clock_.Now());
  EXPECT_TRUE(row.reply_retrieval);
  EXPECT_EQ(row.usage, end.usage);
  const auto messages = Messages(conversation.conversation_id);
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1].sequence, 2);
  EXPECT_EQ(messages[1].author(), ParticipantKind::kPersona);
  EXPECT_EQ(messages[1].turn_id, job.turn.turn_id);
  const auto after = **store_.FindSession(conversation.conversation_id);
  EXPECT_EQ(after.active_turn_id, "");
  EXPECT_EQ(after.last_sequence, 2);
  EXPECT_EQ(after.expires_at, clock_.Now() + absl::Hours(1));
  EXPECT_EQ(turns_.EndTurn(end, nullptr)->result, EndResult::kLost);  // once
  EXPECT_THAT(Messages(conversation.conversation_id), SizeIs(2));
}

TEST_P(ConversationStoreTest, NumbersMessagesWithoutGapsUnderSixteenWriters) {
  constexpr int kWriters = 16;
  constexpr int kTurns = 5;
  const SessionRow conversation = Conversation("s1");
  std::atomic<int> started = 0;
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      while (started < kTurns) {
        const auto turn = Start(Turn(conversation));
        if (!turn.ok()) {
          EXPECT_THAT(GetReason(turn.status()), AnyOf("TURN_IN_PROGRESS", "CONFLICT"));
          continue;
        }
        ++started;
        EXPECT_EQ(turns_.EndTurn(Done(*turn->result.job), nullptr)->result, EndResult::kEnded);
      }
    });
  }
  for (std::thread& writer : writers)
    writer.join();

  std::vector<int> sequences;
  for (const MessageRow& message : Messages(conversation.conversation_id)) {
    sequences.push_back(message.sequence);
  }
  std::vector<int> expected(static_cast<size_t>(started) * 2);
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] = static_cast<int>(i) + 1;
  EXPECT_EQ(sequences, expected);
  EXPECT_EQ(Count("turns"), started);
}

TEST_P(ConversationStoreTest, RefusesATurnForItsReason) {
  const SessionRow conversation = Conversation("s1");
  NewTurn turn = Turn(conversation);
  turn.create.reset();
  EXPECT_TRUE(absl::IsNotFound(Start(turn).status()));
  const TurnJob job = MustStart(conversation);

  const absl::Status running = Start(Turn(conversation)).status();
  EXPECT_EQ(GetErrorInfo(running)->metadata().at("turn_id"), job.turn.turn_id);
  ASSERT_TRUE(turns_.EndTurn(Done(job), nullptr).ok());
  turn = Turn(conversation);
  turn.persona_id = "bob";
  EXPECT_EQ(GetReason(Start(turn).status()), "PERSONA_MISMATCH");
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(GetReason(Start(Turn(conversation)).status()), "SESSION_ENDED");
  EXPECT_EQ(Count("messages"), 2);
  EXPECT_EQ(Count("turns"), 1);
}

TEST_P(ConversationStoreTest, OneKeyStartsOneTurn) {
  constexpr int kCalls = 16;
  const SessionRow conversation = Conversation("s1");
  std::vector<std::string> turn_ids(kCalls);
  std::atomic<int> fresh = 0;
  std::vector<std::thread> callers;
  callers.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    callers.emplace_back([&, i] {
      const auto started = Start(Turn(conversation), "key");
      ASSERT_TRUE(started.ok()) << started.status();
      turn_ids[i] = started->result.turn_id;
      if (!started->replayed) ++fresh;
    });
  }
  for (std::thread& caller : callers)
    caller.join();

  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(std::set<std::string>(turn_ids.begin(), turn_ids.end()).size(), 1U);
  EXPECT_EQ(Count("messages"), 1);
  EXPECT_EQ(GetReason(Start(Turn(conversation, "Other"), "key").status()),
            "IDEMPOTENCY_KEY_REUSED");
  ASSERT_TRUE(sql::ForgetIdempotencyKeys(db(), clock_.Now() + absl::Seconds(1)).ok());
  EXPECT_EQ(GetReason(Start(Turn(conversation), "key").status()), "TURN_IN_PROGRESS");
}

TEST_P(ConversationStoreTest, ARefusedTurnLeavesItsKeyFree) {
  const SessionRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  EXPECT_FALSE(Start(Turn(conversation), "key").ok());
  ASSERT_TRUE(turns_.EndTurn(Done(job), nullptr).ok());

  EXPECT_FALSE(Start(Turn(conversation), "key")->replayed);
}

TEST_P(ConversationStoreTest, CountsLiveSessionsExactly) {
  constexpr int kCallers = 8;
  std::atomic<int> made = 0;
  std::atomic<int> next = 0;
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      while (true) {
        const SessionRow row = Conversation("s" + std::to_string(next++));
        const auto created =
            store_.CreateSession(row, Idempotency{call_, "CreateSession", v1::Session()});
        if (created.ok()) {
          ++made;
          continue;
        }
        EXPECT_EQ(GetReason(created.status()), "SESSION_QUOTA_EXCEEDED") << created.status();
        return;
      }
    });
  }
  for (std::thread& caller : callers)
    caller.join();

  EXPECT_EQ(made, kMaxLiveSessions);
  EXPECT_TRUE(
      store_.CreateSession(Conversation("s", "bob"), Idempotency{call_, "", v1::Session()}).ok());
  EXPECT_EQ(GetReason(Start(Turn(Conversation("more"))).status()), "SESSION_QUOTA_EXCEEDED");
  const std::string one = Conversation(Sessions(Any).front()).conversation_id;
  ASSERT_TRUE(store_.EndSession(one, clock_.Now(), NoKey()).ok());
  EXPECT_TRUE(Start(Turn(Conversation("more"))).ok());
}

TEST_P(ConversationStoreTest, EveryWorkersWriteIsUnderTheFence) {
  const SessionRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  clock_.Advance(kLease * 2);
  const auto taken = turns_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10);
  ASSERT_THAT(*taken, SizeIs(1));
  const TurnRow& now_theirs = taken->front().turn;
  EXPECT_EQ(now_theirs.fence, 2);
  EXPECT_EQ(now_theirs.attempt, 2);
  EXPECT_EQ(now_theirs.interruptions, 1);
  EXPECT_EQ(now_theirs.lease.owner, "other");
  EXPECT_EQ(taken->front().message, "Hello");
  EXPECT_EQ(taken->front().conversation.persona_name, "Ada");

  EXPECT_THAT(
      *turns_.Checkpoint({{job.turn.fenced(), 1, "old"},
                          {now_theirs.fenced(), 2, "new"},
                          {job.turn.fenced(), 1, std::nullopt}},
                         clock_.Now() + kLease, clock_.Now()),
      ElementsAre(CheckpointResult::kLost, CheckpointResult::kKept, CheckpointResult::kLost));
  EXPECT_EQ(*turns_.BeginAttempt(job.turn.fenced(), 9, clock_.Now()), CheckpointResult::kLost);
  EXPECT_TRUE(turns_.ReleaseTurn(job.turn.fenced(), "old", clock_.Now()).ok());
  EXPECT_EQ(turns_.EndTurn(Done(job), nullptr)->result, EndResult::kLost);

  const TurnRow row = **turns_.FindTurn(job.turn.turn_id);
  EXPECT_EQ(row.text, "new");
  EXPECT_EQ(row.state, TurnState::kRunning);
  EXPECT_EQ(row.lease.expires_at, clock_.Now() + kLease);
  EXPECT_THAT(Messages(conversation.conversation_id), SizeIs(1));
  EXPECT_EQ(turns_.EndTurn(Done(taken->front()), nullptr)->result, EndResult::kEnded);
}

TEST_P(ConversationStoreTest, TakesOverOnlyWhatIsNobodys) {
  const TurnJob one = MustStart(Conversation("s1"));
  const TurnJob two = MustStart(Conversation("s2"));
  const TurnJob ended = MustStart(Conversation("s3"));
  ASSERT_TRUE(turns_.EndTurn(Done(ended), nullptr).ok());

  EXPECT_THAT(*turns_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10), IsEmpty());
  const auto here = [&](const std::string& turn_id) { return turn_id == one.turn.turn_id; };
  const auto any = turns_.TakeOver(Other(), clock_.Now(), true, here, 10);
  ASSERT_THAT(*any, SizeIs(1));
  EXPECT_EQ(any->front().turn.turn_id, two.turn.turn_id);
  ASSERT_TRUE(turns_.ReleaseTurn(one.turn.fenced(), "so far", clock_.Now()).ok());
  const auto released = turns_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10);
  ASSERT_THAT(*released, SizeIs(1));
  EXPECT_EQ(released->front().turn.turn_id, one.turn.turn_id);
  EXPECT_EQ(released->front().turn.interruptions, 0);
  EXPECT_EQ(released->front().turn.text, "");
}

TEST_P(ConversationStoreTest, TwoTakersNeverGetTheSameTurn) {
  constexpr int kTurns = 20;
  for (int i = 0; i < kTurns; ++i)
    MustStart(Conversation("s" + std::to_string(i)));
  clock_.Advance(kLease * 2);
  absl::Mutex mutex;
  std::vector<std::string> taken;
  std::vector<std::thread> takers;
  for (int i = 0; i < 4; ++i) {
    takers.emplace_back([&] {
      while (true) {
        const auto jobs = turns_.TakeOver(Other(), clock_.Now(), false, Nowhere, 3);
        ASSERT_TRUE(jobs.ok()) << jobs.status();
        if (jobs->empty()) {
          // Others may have been quicker; there is an end when nothing is left.
          const absl::MutexLock lock(&mutex);
          if (taken.size() >= kTurns) return;
          continue;
        }
        const absl::MutexLock lock(&mutex);
        for (const TurnJob& job : *jobs)
          taken.push_back(job.turn.turn_id);
      }
    });
  }
  for (std::thread& taker : takers)
    taker.join();

  EXPECT_EQ(taken.size(), kTurns);
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(), kTurns);
}

TEST_P(ConversationStoreTest, ACancelIsSeenByWhoeverHoldsTheTurn) {
  const TurnJob job = MustStart(Conversation("s1"));
  EXPECT_THAT(
      *turns_.Checkpoint({{job.turn.fenced(), 1, "so far"}}, clock_.Now() + kLease, clock_.Now()),
      ElementsAre(CheckpointResult::kKept));
  ASSERT_TRUE(turns_.RequestCancel(job.turn, clock_.Now(), NoKey()).ok());
  EXPECT_THAT(*turns_.Checkpoint({{job.turn.fenced(), 1, std::nullopt}}, clock_.Now() + kLease,
                                 clock_.Now()),
              ElementsAre(CheckpointResult::kCancelRequested));

  clock_.Advance(kLease * 2);
  const auto taken = turns_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10);

  ASSERT_THAT(*taken, SizeIs(1));
  EXPECT_TRUE(taken->front().turn.cancel_requested);
  EXPECT_EQ(taken->front().turn.text, "so far");
  EXPECT_EQ(taken->front().turn.attempt, 1);
}

TEST_P(ConversationStoreTest, RetriesOnlyATurnThatFailed) {
  const SessionRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  const auto retry = [&](const std::string& key = "") {
    CallContext call = call_;
    call.idempotency_key = key;
    v1::RetryTurnRequest request;
    request.set_turn_id(job.turn.turn_id);
    return turns_.RetryTurn(
        job.turn, Other(), clock_.Now(), nullptr,
        [](const TurnRow& row) { return "attempt " + std::to_string(row.attempt); },
        {call, "RetryTurn", request});
  };
  EXPECT_EQ(GetReason(retry().status()), "TURN_IN_PROGRESS");
  ASSERT_EQ(turns_.EndTurn(Failed(job), nullptr)->result, EndResult::kEnded);
  const TurnRow failed = **turns_.FindTurn(job.turn.turn_id);
  EXPECT_EQ(failed.text, "par");
  EXPECT_EQ(GetReason(ParseError(failed.error)), "UNAVAILABLE");

  const auto retried = retry("key");
  const auto replay = retry("key");

  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(retried->result.answer, "attempt 2");
  EXPECT_EQ(retried->result.job->turn.fence, 2);
  EXPECT_EQ(retried->result.job->turn.text, "");
  EXPECT_EQ(retried->result.job->message, "Hello");
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(replay->result.answer, "attempt 2");
  ASSERT_EQ(turns_.EndTurn(Done(*retried->result.job), nullptr)->result, EndResult::kEnded);
  EXPECT_EQ(GetReason(retry().status()), "TURN_NOT_FAILED");
  EXPECT_EQ((**store_.FindSession(conversation.conversation_id)).active_turn_id, "");
}

DRAMATIS_ON_EVERY_ENGINE(ConversationStoreTest);

}  // namespace
}  // namespace dramatis::conversation
