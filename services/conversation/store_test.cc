// What Store promises, on SQLite and PostgreSQL.
#include "services/conversation/store.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "embedded/conversation_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sql_store.h"
#include "services/conversation/turn_error.h"
#include "shared/ids/ids.h"
#include "shared/sql/testing.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

bool Nowhere(const std::string& /*turn_id*/) {
  return false;
}

void Any(ConversationFilter& /*filter*/) {}
auto Containing(const std::string& q) {
  return [q](ConversationFilter& filter) { filter.q = q; };
}
auto Being(SessionStatus status) {
  return [status](ConversationFilter& filter) { filter.status = status; };
}
auto Updated(absl::Time from, absl::Time to) {
  return [from, to](ConversationFilter& filter) {
    filter.from = from;
    filter.to = to;
  };
}

class ConversationStoreTest : public sql::DatabaseTest {
 protected:
  ConversationStoreTest() : DatabaseTest(embedded::conversation_migrations()), store_(db()) {
    call_.identity.user_id = "alice";
  }

  ConversationRow Conversation(const std::string& session_id, const std::string& user = "alice") {
    ConversationRow row;
    row.conversation_id = NameId(user + session_id);
    row.user_id = user;
    row.session_id = session_id;
    row.persona_id = "ada";
    row.persona_name = "Ada";
    row.metadata = std::string("\x00\xff", 2);
    row.created_at = row.last_activity_at = clock_.Now();
    row.ttl = absl::Hours(1);
    row.expires_at = clock_.Now() + row.ttl;
    row.hold_expires_at = HoldUntil(row);
    return row;
  }
  NewTurn Turn(const ConversationRow& conversation, const std::string& message = "Hello") {
    return {.conversation_id = conversation.conversation_id,
            .turn_id = ids_.NewId(),
            .message_id = ids_.NewId(),
            .message = message,
            .title = "title",
            .persona_id = "",
            .lease = {.owner = "me", .address = "here:1", .expires_at = clock_.Now() + kLease},
            .now = clock_.Now(),
            .create = conversation};
  }
  absl::StatusOr<Idempotent<StartedTurn>> Start(const NewTurn& turn, const std::string& key = "") {
    CallContext call = call_;
    call.idempotency_key = key;
    v1::ChatRequest request;
    request.set_message(turn.message);
    return store_.StartTurn(turn, {call, "Chat", request});
  }
  TurnJob MustStart(const ConversationRow& conversation, const std::string& message = "Hello") {
    auto started = Start(Turn(conversation, message));
    EXPECT_TRUE(started.ok()) << started.status();
    return *started->result.job;
  }
  TurnEnd Done(const TurnJob& job, const std::string& text = "Hi") {
    TurnEnd end;
    end.turn = job.turn.fenced();
    end.text = text;
    end.message_id = ids_.NewId();
    end.persona_id = "ada";
    end.finish_reason = "stop";
    end.model = "fake/model";
    end.retrieval = true;
    end.usage = std::string("\x08\x03", 2);
    end.now = clock_.Now();
    return end;
  }
  TurnEnd Failed(const TurnJob& job) {
    TurnEnd end;
    end.turn = job.turn.fenced();
    end.state = TurnState::kFailed;
    end.text = "par";
    end.error = SerializeError(UnavailableError("broken"));
    end.now = clock_.Now();
    return end;
  }
  Lease Other() {
    return {.owner = "other", .address = "there:1", .expires_at = clock_.Now() + kLease};
  }
  std::vector<MessageRow> Messages(const std::string& conversation_id) {
    return *store_.ListMessages({.conversation_id = conversation_id,
                                 .descending = false,
                                 .beyond_sequence = 0,
                                 .limit = 1000});
  }
  // The sessions listed under a filter that `change` makes.
  std::vector<std::string> Sessions(const std::function<void(ConversationFilter&)>& change) {
    ConversationFilter filter;
    change(filter);
    filter.user_id = "alice";
    filter.now = clock_.Now();
    const auto rows = store_.ListConversations(filter);
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<std::string> sessions;
    for (const auto& row : *rows)
      sessions.push_back(row.session_id);
    return sessions;
  }
  int64_t Count(const std::string& table) {
    return *db().Read([&](sql::Transaction& tx) -> absl::StatusOr<int64_t> {
      const auto rows = tx.ExecuteText("select count(*) from " + table, {});
      return rows->front().Int64(0);
    });
  }

  static constexpr absl::Duration kLease = absl::Seconds(15);
  SqlStore store_;
  FakeClock clock_;
  UuidV7Source ids_{clock_};
  CallContext call_;
};

TEST_P(ConversationStoreTest, StartsATurnAllInOne) {
  const ConversationRow conversation = Conversation("s1");

  const TurnJob job = MustStart(conversation, "Grüß Gott\n");
  const auto row = store_.FindTurn(job.turn.turn_id);

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
  EXPECT_EQ(messages[0].participant_id, "user/alice");
  EXPECT_EQ(Count("participants"), 2);
}

TEST_P(ConversationStoreTest, AppendsTheReplyAndFreesTheConversation) {
  const ConversationRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  clock_.Advance(absl::Minutes(1));
  const TurnEnd end = Done(job, "Hi there");

  EXPECT_EQ(*store_.EndTurn(end), EndResult::kEnded);

  const auto row = **store_.FindTurn(job.turn.turn_id);
  EXPECT_EQ(row.state, TurnState::kDone);
  EXPECT_EQ(row.text, "Hi there");
  EXPECT_EQ(row.reply_message_id, end.message_id);
  EXPECT_EQ(row.reply_created_at, clock_.Now());
  EXPECT_TRUE(row.reply_retrieval);
  EXPECT_EQ(row.usage, end.usage);
  const auto messages = Messages(conversation.conversation_id);
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1].sequence, 2);
  EXPECT_EQ(messages[1].author, ParticipantKind::kPersona);
  EXPECT_EQ(messages[1].turn_id, job.turn.turn_id);
  const auto after = **store_.FindConversation(conversation.conversation_id);
  EXPECT_EQ(after.active_turn_id, "");
  EXPECT_EQ(after.last_sequence, 2);
  EXPECT_EQ(after.expires_at, clock_.Now() + absl::Hours(1));
  EXPECT_EQ(*store_.EndTurn(end), EndResult::kLost);  // once
  EXPECT_THAT(Messages(conversation.conversation_id), SizeIs(2));
}

TEST_P(ConversationStoreTest, NumbersMessagesWithoutGapsUnderSixteenWriters) {
  constexpr int kWriters = 16;
  constexpr int kTurns = 5;
  const ConversationRow conversation = Conversation("s1");
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
        EXPECT_EQ(*store_.EndTurn(Done(*turn->result.job)), EndResult::kEnded);
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
  const ConversationRow conversation = Conversation("s1");
  NewTurn turn = Turn(conversation);
  turn.create.reset();
  EXPECT_TRUE(absl::IsNotFound(Start(turn).status()));
  const TurnJob job = MustStart(conversation);

  const absl::Status running = Start(Turn(conversation)).status();
  EXPECT_EQ(GetErrorInfo(running)->metadata().at("turn_id"), job.turn.turn_id);
  ASSERT_TRUE(store_.EndTurn(Done(job)).ok());
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
  const ConversationRow conversation = Conversation("s1");
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
  ASSERT_TRUE(store_.ForgetIdempotencyKeys(clock_.Now() + absl::Seconds(1)).ok());
  EXPECT_EQ(GetReason(Start(Turn(conversation), "key").status()), "TURN_IN_PROGRESS");
}

TEST_P(ConversationStoreTest, ARefusedTurnLeavesItsKeyFree) {
  const ConversationRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  EXPECT_FALSE(Start(Turn(conversation), "key").ok());
  ASSERT_TRUE(store_.EndTurn(Done(job)).ok());

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
        const ConversationRow row = Conversation("s" + std::to_string(next++));
        const auto created =
            store_.CreateConversation(row, {call_, "CreateSession", v1::Session()});
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
  EXPECT_TRUE(store_.CreateConversation(Conversation("s", "bob"), {call_, "", v1::Session()}).ok());
  EXPECT_EQ(GetReason(Start(Turn(Conversation("more"))).status()), "SESSION_QUOTA_EXCEEDED");
  const std::string one = Conversation(Sessions(Any).front()).conversation_id;
  ASSERT_TRUE(store_.EndConversation(one, clock_.Now()).ok());
  EXPECT_TRUE(Start(Turn(Conversation("more"))).ok());
}

TEST_P(ConversationStoreTest, EveryWorkersWriteIsUnderTheFence) {
  const ConversationRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  clock_.Advance(kLease * 2);
  const auto taken = store_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10);
  ASSERT_THAT(*taken, SizeIs(1));
  const TurnRow& now_theirs = taken->front().turn;
  EXPECT_EQ(now_theirs.fence, 2);
  EXPECT_EQ(now_theirs.attempt, 2);
  EXPECT_EQ(now_theirs.interruptions, 1);
  EXPECT_EQ(now_theirs.lease.owner, "other");
  EXPECT_EQ(taken->front().message, "Hello");
  EXPECT_EQ(taken->front().conversation.persona_name, "Ada");

  EXPECT_THAT(
      *store_.Checkpoint({{job.turn.fenced(), 1, "old"},
                          {now_theirs.fenced(), 2, "new"},
                          {job.turn.fenced(), 1, std::nullopt}},
                         clock_.Now() + kLease, clock_.Now()),
      ElementsAre(CheckpointResult::kLost, CheckpointResult::kKept, CheckpointResult::kLost));
  EXPECT_EQ(*store_.BeginAttempt(job.turn.fenced(), 9, clock_.Now()), CheckpointResult::kLost);
  EXPECT_TRUE(store_.ReleaseTurn(job.turn.fenced(), "old", clock_.Now()).ok());
  EXPECT_EQ(*store_.EndTurn(Done(job)), EndResult::kLost);

  const TurnRow row = **store_.FindTurn(job.turn.turn_id);
  EXPECT_EQ(row.text, "new");
  EXPECT_EQ(row.state, TurnState::kRunning);
  EXPECT_EQ(row.lease.expires_at, clock_.Now() + kLease);
  EXPECT_THAT(Messages(conversation.conversation_id), SizeIs(1));
  EXPECT_EQ(*store_.EndTurn(Done(taken->front())), EndResult::kEnded);
}

TEST_P(ConversationStoreTest, TakesOverOnlyWhatIsNobodys) {
  const TurnJob one = MustStart(Conversation("s1"));
  const TurnJob two = MustStart(Conversation("s2"));
  const TurnJob ended = MustStart(Conversation("s3"));
  ASSERT_TRUE(store_.EndTurn(Done(ended)).ok());

  EXPECT_THAT(*store_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10), IsEmpty());
  const auto here = [&](const std::string& turn_id) { return turn_id == one.turn.turn_id; };
  const auto any = store_.TakeOver(Other(), clock_.Now(), true, here, 10);
  ASSERT_THAT(*any, SizeIs(1));
  EXPECT_EQ(any->front().turn.turn_id, two.turn.turn_id);
  ASSERT_TRUE(store_.ReleaseTurn(one.turn.fenced(), "so far", clock_.Now()).ok());
  const auto released = store_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10);
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
        const auto jobs = store_.TakeOver(Other(), clock_.Now(), false, Nowhere, 3);
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
      *store_.Checkpoint({{job.turn.fenced(), 1, "so far"}}, clock_.Now() + kLease, clock_.Now()),
      ElementsAre(CheckpointResult::kKept));
  ASSERT_TRUE(store_.RequestCancel(job.turn, clock_.Now()).ok());
  EXPECT_THAT(*store_.Checkpoint({{job.turn.fenced(), 1, std::nullopt}}, clock_.Now() + kLease,
                                 clock_.Now()),
              ElementsAre(CheckpointResult::kCancelRequested));

  clock_.Advance(kLease * 2);
  const auto taken = store_.TakeOver(Other(), clock_.Now(), false, Nowhere, 10);

  ASSERT_THAT(*taken, SizeIs(1));
  EXPECT_TRUE(taken->front().turn.cancel_requested);
  EXPECT_EQ(taken->front().turn.text, "so far");
  EXPECT_EQ(taken->front().turn.attempt, 1);
}

TEST_P(ConversationStoreTest, RetriesOnlyATurnThatFailed) {
  const ConversationRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  const auto retry = [&](const std::string& key = "") {
    CallContext call = call_;
    call.idempotency_key = key;
    v1::RetryTurnRequest request;
    request.set_turn_id(job.turn.turn_id);
    return store_.RetryTurn(
        job.turn, Other(), clock_.Now(),
        [](const TurnRow& row) { return "attempt " + std::to_string(row.attempt); },
        {call, "RetryTurn", request});
  };
  EXPECT_EQ(GetReason(retry().status()), "TURN_IN_PROGRESS");
  ASSERT_EQ(*store_.EndTurn(Failed(job)), EndResult::kEnded);
  const TurnRow failed = **store_.FindTurn(job.turn.turn_id);
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
  ASSERT_EQ(*store_.EndTurn(Done(*retried->result.job)), EndResult::kEnded);
  EXPECT_EQ(GetReason(retry().status()), "TURN_NOT_FAILED");
  EXPECT_EQ((**store_.FindConversation(conversation.conversation_id)).active_turn_id, "");
}

TEST_P(ConversationStoreTest, ReadsMessagesFromBothEnds) {
  const ConversationRow conversation = Conversation("s1");
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(store_.EndTurn(Done(MustStart(conversation))).ok());
  const auto read = [&](bool descending, int beyond, int limit) {
    std::vector<int> sequences;
    const auto rows =
        store_.ListMessages({conversation.conversation_id, descending, beyond, limit});
    for (const MessageRow& m : *rows) {
      sequences.push_back(m.sequence);
    }
    return sequences;
  };

  EXPECT_THAT(read(false, 0, 4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read(false, 4, 4), ElementsAre(5, 6));
  EXPECT_THAT(read(true, 0, 4), ElementsAre(6, 5, 4, 3));
  EXPECT_THAT(read(true, 3, 4), ElementsAre(2, 1));
}

TEST_P(ConversationStoreTest, ListsByUpdateWithFiltersInsideTheQuery) {
  const absl::Time begin = clock_.Now();
  for (const char* session : {"a", "b", "c", "d"}) {
    clock_.Advance(absl::Minutes(1));
    NewTurn turn = Turn(Conversation(session), std::string("Says 100% ") + session);
    turn.title = std::string("Title_") + session;
    ASSERT_TRUE(store_.EndTurn(Done(*Start(turn)->result.job, "Ende ÄB")).ok());
  }
  ASSERT_TRUE(store_.EndConversation(Conversation("b").conversation_id, clock_.Now()).ok());
  ASSERT_TRUE(Start(Turn(Conversation("x", "bob"))).ok());

  EXPECT_THAT(Sessions(Any), SizeIs(4));
  EXPECT_THAT(Sessions(Containing("title_A")), ElementsAre("a"));
  EXPECT_THAT(Sessions(Containing("100%")), IsEmpty());  // the newest message is the reply
  EXPECT_THAT(Sessions(Containing("ende Äb")), SizeIs(4));
  EXPECT_THAT(Sessions(Containing("ende äb")), IsEmpty());  // ASCII only, on both engines
  EXPECT_THAT(Sessions(Containing("titlexa")), IsEmpty());  // `_` is itself
  EXPECT_THAT(Sessions(Being(SessionStatus::kEnded)), ElementsAre("b"));
  EXPECT_THAT(Sessions(Being(SessionStatus::kActive)), ElementsAre("d", "c", "a"));
  EXPECT_THAT(Sessions(Updated(begin + absl::Minutes(3), begin + absl::Minutes(4))),
              ElementsAre("c"));
  clock_.Advance(absl::Hours(1) - absl::Seconds(30));
  EXPECT_THAT(Sessions(Being(SessionStatus::kExpired)), ElementsAre("c", "a"));
}

TEST_P(ConversationStoreTest, PagesNeitherRepeatNorHide) {
  for (int i = 0; i < 7; ++i) {
    if (i % 3 == 0) clock_.Advance(absl::Seconds(1));  // several of one instant
    MustStart(Conversation("s" + std::to_string(i)));
  }
  std::set<std::string> seen;
  ConversationFilter filter;
  filter.user_id = "alice";
  filter.now = clock_.Now();
  filter.limit = 2;
  for (int page = 0; page < 10; ++page) {
    const auto rows = *store_.ListConversations(filter);
    if (rows.empty()) break;
    for (const auto& row : rows)
      EXPECT_TRUE(seen.insert(row.session_id).second) << row.session_id;
    filter.after = {{rows.back().updated_at, rows.back().conversation_id}};
    clock_.Advance(absl::Seconds(1));
    MustStart(Conversation("new" + std::to_string(page)));
  }

  EXPECT_THAT(seen, SizeIs(7));
}

TEST_P(ConversationStoreTest, DeletesEverythingOfAConversation) {
  const ConversationRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  EXPECT_EQ(GetReason(store_.DeleteConversation(conversation.conversation_id).status()),
            "TURN_IN_PROGRESS");
  ASSERT_TRUE(store_.EndTurn(Done(job)).ok());

  const auto deleted = store_.DeleteConversation(conversation.conversation_id);

  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->persona_id, "ada");
  for (const char* table :
       {"conversations", "participants", "messages", "turns", "user_conversations"}) {
    EXPECT_EQ(Count(table), 0) << table;
  }
  EXPECT_EQ(GetReason(store_.DeleteConversation(conversation.conversation_id).status()),
            "NOT_FOUND");
  EXPECT_EQ(MustStart(conversation).turn.trigger_sequence, 1);
}

TEST_P(ConversationStoreTest, EndsAConversationOnce) {
  const ConversationRow conversation = Conversation("s1");
  MustStart(conversation);
  const absl::Time first = clock_.Now();
  EXPECT_EQ((**store_.EndConversation(conversation.conversation_id, first)).ended_at, first);
  clock_.Advance(absl::Minutes(1));

  EXPECT_EQ((**store_.EndConversation(conversation.conversation_id, clock_.Now())).ended_at, first);
  EXPECT_EQ(*store_.EndConversation("unknown", clock_.Now()), std::nullopt);
}

DRAMATIS_ON_EVERY_ENGINE(ConversationStoreTest);

}  // namespace
}  // namespace dramatis::conversation
