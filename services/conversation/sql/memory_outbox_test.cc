// Every promise of model/outbox.h, on SQLite and on PostgreSQL.
#include "services/conversation/sql/memory_outbox.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/model/outbox.h"
#include "services/conversation/testing/room_store_fixture.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class MemoryOutboxStoreTest : public ConversationStoreTest {
 protected:
  std::optional<MemoryJob> Take() {
    return outbox_.Take(clock_.Now(), clock_.Now() + absl::Minutes(1)).value();
  }
  // A session with one turn that has ended.
  SessionRow Talk(const std::string& session, int summarize_to = 0) {
    const SessionRow conversation = Conversation(session);
    TurnEnd end = Done(MustStart(conversation));
    end.summarize_to = summarize_to;
    EXPECT_EQ(turns_.EndTurn(end, nullptr)->result, EndResult::kEnded);
    return conversation;
  }
  void ForgetOne(const SessionRow& conversation) {
    ASSERT_TRUE(db().Write([&](sql::Transaction& tx) {
                      return NoteForgottenMessage(tx, conversation.conversation_id, {"m1", 7});
                    })
                    .ok());
  }

  SqlMemoryOutbox outbox_{db()};
};

TEST_P(MemoryOutboxStoreTest, HasAJobForEachConversationWithATurnThatEnded) {
  EXPECT_FALSE(Take().has_value());
  MustStart(Conversation("running"));
  EXPECT_FALSE(Take().has_value());
  const SessionRow conversation = Talk("s1", 3);

  const std::optional<MemoryJob> job = Take();

  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(job->conversation_id, conversation.conversation_id);
  EXPECT_EQ(job->user_id, "alice");
  EXPECT_EQ(job->observed_to, 0);
  EXPECT_EQ(job->summarize_to, 3);
  EXPECT_FALSE(job->forget_all);
  EXPECT_THAT(job->forget, IsEmpty());
}

TEST_P(MemoryOutboxStoreTest, GivesAJobToOneWorkerUntilItsLeaseEnds) {
  Talk("s1");
  ASSERT_TRUE(Take().has_value());
  Talk("s1");

  EXPECT_FALSE(Take().has_value()) << "what is added does not free it";
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Take().has_value());
}

TEST_P(MemoryOutboxStoreTest, ChangesNothingForAWorkerWhoLostItsLease) {
  Talk("s1");
  const MemoryJob lost = *Take();
  clock_.Advance(absl::Minutes(1));
  const MemoryJob job = *Take();

  EXPECT_EQ(outbox_.NoteObserved(lost, 2).value(), false);
  EXPECT_TRUE(outbox_.Finish(lost, clock_.Now()).ok());
  EXPECT_TRUE(outbox_.PutBack(lost, clock_.Now(), 0).ok());
  EXPECT_FALSE(Take().has_value());
  EXPECT_EQ(outbox_.NoteObserved(job, 2).value(), true);
}

TEST_P(MemoryOutboxStoreTest, KeepsProgressAndIsDueAgainWithTheNextTurn) {
  Talk("s1", 9);
  const MemoryJob job = *Take();
  ASSERT_TRUE(outbox_.NoteObserved(job, 2).value());
  ASSERT_TRUE(outbox_.NoteSummarized(job, 1, 0).value());
  ASSERT_TRUE(outbox_.Finish(job, clock_.Now()).ok());
  EXPECT_FALSE(Take().has_value());

  Talk("s1", 3);

  const MemoryJob next = *Take();
  EXPECT_EQ(next.observed_to, 2);
  EXPECT_EQ(next.summarized_to, 1);
  EXPECT_EQ(next.summarize_to, 3);
}

TEST_P(MemoryOutboxStoreTest, EndsOnlyWhatTheWorkerHasSeen) {
  Talk("s1");
  const MemoryJob job = *Take();
  Talk("s1");

  ASSERT_TRUE(outbox_.Finish(job, clock_.Now()).ok());

  EXPECT_TRUE(Take().has_value());
}

TEST_P(MemoryOutboxStoreTest, PutsAJobBackWithItsFailures) {
  Talk("s1");
  ASSERT_TRUE(outbox_.PutBack(*Take(), clock_.Now() + absl::Minutes(5), 3).ok());

  EXPECT_FALSE(Take().has_value());
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Take()->attempts, 3);
}

TEST_P(MemoryOutboxStoreTest, ForgetsMessagesByTheirIds) {
  const SessionRow conversation = Talk("s1");
  const MemoryJob before = *Take();
  ForgetOne(conversation);

  EXPECT_EQ(outbox_.NoteObserved(before, 2).value(), false) << "it may hold what is forgotten";
  ASSERT_TRUE(outbox_.PutBack(before, clock_.Now(), 0).ok());
  const MemoryJob job = *Take();
  ASSERT_EQ(job.forget.size(), 1);
  EXPECT_EQ(job.forget[0].message_id, "m1");
  EXPECT_EQ(job.forget[0].sequence, 7);
  ASSERT_TRUE(outbox_.NoteForgotten(job).value());
  ASSERT_TRUE(outbox_.Finish(job, clock_.Now()).ok());
  EXPECT_FALSE(Take().has_value());
}

TEST_P(MemoryOutboxStoreTest, ForgetsADeletedConversationAndThenTheJob) {
  const SessionRow conversation = Talk("s1");
  const MemoryJob before = *Take();
  ASSERT_TRUE(outbox_.NoteObserved(before, 2).value());
  ASSERT_TRUE(outbox_.Finish(before, clock_.Now()).ok());

  ASSERT_TRUE(store_.DeleteSession(conversation.conversation_id).ok());

  const MemoryJob job = *Take();
  EXPECT_TRUE(job.forget_all);
  EXPECT_EQ(job.user_id, "alice");
  EXPECT_EQ(job.observed_to, 0);
  EXPECT_TRUE(outbox_.Scope(conversation.conversation_id).value().gone);
  ASSERT_TRUE(outbox_.NoteForgotten(job).value());
  ASSERT_TRUE(outbox_.Finish(job, clock_.Now()).ok());
  EXPECT_EQ(Count("memory_outbox"), 0);
}

TEST_P(MemoryOutboxStoreTest, ForgetsTheOldConversationBeforeANewOneOfItsId) {
  const SessionRow conversation = Talk("s1");
  ASSERT_TRUE(store_.DeleteSession(conversation.conversation_id).ok());
  Talk("s1");

  const MemoryJob job = *Take();

  EXPECT_TRUE(job.forget_all);
  EXPECT_EQ(job.observed_to, 0);
  EXPECT_FALSE(outbox_.Scope(conversation.conversation_id).value().gone);
}

TEST_P(MemoryOutboxStoreTest, ReadsMessagesWithWhoSaidThem) {
  const SessionRow conversation = Talk("s1");
  const std::string& id = conversation.conversation_id;

  const std::vector<SpokenMessage> messages = outbox_.Messages(id, 0, 10).value();

  ASSERT_EQ(messages.size(), 2);
  EXPECT_EQ(messages[0].sequence, 1);
  EXPECT_EQ(messages[0].content, "Hello");
  EXPECT_EQ(messages[0].user_id, "alice");
  EXPECT_EQ(messages[1].content, "Hi");
  EXPECT_EQ(messages[1].user_id, "");
  EXPECT_EQ(messages[1].name, "Ada");
  EXPECT_EQ(outbox_.Messages(id, 1, 10).value().size(), 1);
  EXPECT_EQ(outbox_.Messages(id, 0, 1).value().size(), 1);
  const MemoryScope scope = outbox_.Scope(id).value();
  EXPECT_EQ(scope.persona_id, "ada");
  EXPECT_THAT(outbox_.Users(id).value(), ElementsAre("alice"));
}

// A room's row stays behind, and with it who is to be told.
TEST_P(MemoryOutboxStoreTest, KnowsWhoWasInADeletedRoom) {
  CountingFeed feed;
  SqlRoomStore rooms(db(), feed);
  CallContext call;
  const dramatis::conversation::v1::CreateConversationRequest request;
  Room room = TestRoom(ids_.NewId());
  Add(room, TestParticipant("g", "gina"));
  ASSERT_TRUE(rooms.CreateRoom(room, {}, Idempotency{call, "M", request}).ok());
  for (const auto& [persona, user] : {std::pair("o", "olga"), std::pair("g", "gina")}) {
    NewRoomMessage message;
    message.conversation_id = room.row.conversation_id;
    message.message_id = ids_.NewId();
    message.persona_id = persona;
    message.user_id = user;
    message.content = "Hello";
    message.now = clock_.Now();
    message.check = Allow;
    ASSERT_TRUE(rooms.AppendRoomMessage(message, Idempotency{call, "M", request}).ok());
  }

  ASSERT_TRUE(rooms.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).ok());

  const MemoryJob job = *Take();
  EXPECT_TRUE(job.forget_all);
  const MemoryScope scope = outbox_.Scope(job.conversation_id).value();
  EXPECT_TRUE(scope.gone);
  EXPECT_THAT(outbox_.Users(job.conversation_id).value(), UnorderedElementsAre("gina", "olga"));
}

TEST_P(MemoryOutboxStoreTest, GivesEachJobToOneOfManyWorkers) {
  for (int i = 0; i < 6; ++i)
    Talk("s" + std::to_string(i));
  std::vector<int> taken(4);
  std::vector<std::thread> threads;
  for (int& count : taken) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i)
        count += Take().has_value() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], 6);
}

DRAMATIS_ON_EVERY_ENGINE(MemoryOutboxStoreTest);

}  // namespace
}  // namespace dramatis::conversation
