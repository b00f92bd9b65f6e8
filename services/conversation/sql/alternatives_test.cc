// Several answers to one message, and sessions that begin with messages of others.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sql/store.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AlternativesStoreTest : public ConversationStoreTest {
 protected:
  // Says something and stores the reply.
  TurnRow Answered(const SessionRow& session, const std::string& reply) {
    const TurnJob job = MustStart(session);
    EXPECT_EQ(turns_.EndTurn(Done(job, reply), nullptr)->result, EndResult::kEnded);
    return **turns_.FindTurn(job.turn.turn_id);
  }
  absl::StatusOr<Idempotent<StartedTurn>> Again(const TurnRow& turn, const std::string& key = "") {
    CallContext call = call_;
    call.idempotency_key = key;
    return turns_.StartAlternative(
        {.turn = turn,
         .turn_id = ids_.NewId(),
         .model = "other/model",
         .payer_key = "k2",
         .lease = {.owner = "me", .address = "here:1", .expires_at = clock_.Now() + kLease},
         .now = clock_.Now()},
        {call, "RegenerateTurn", v1::RegenerateTurnRequest()});
  }
  TurnRow AnsweredAgain(const TurnRow& turn, const std::string& reply) {
    const auto started = Again(turn);
    EXPECT_TRUE(started.ok()) << started.status();
    EXPECT_EQ(turns_.EndTurn(Done(*started->result.job, reply), nullptr)->result,
              EndResult::kEnded);
    return **turns_.FindTurn(started->result.turn_id);
  }
  absl::StatusOr<Idempotent<TurnRow>> Select(const TurnRow& turn) {
    return turns_.SelectAlternative(turn, clock_.Now(), NoKey());
  }
  std::vector<std::string> Texts(const SessionRow& session) {
    std::vector<std::string> texts;
    for (const MessageRow& message : Messages(session.conversation_id))
      texts.push_back(message.content);
    return texts;
  }
  // What the user's list says of their sessions.
  std::vector<std::string> Previews() {
    SessionFilter filter;
    filter.user_id = "alice";
    filter.now = clock_.Now();
    std::vector<std::string> previews;
    const auto rows = store_.ListSessions(filter);
    for (const SessionSummaryRow& row : *rows)
      previews.push_back(row.preview + " " + std::to_string(row.message_count));
    return previews;
  }
  NewFork ForkOf(const SessionRow& source, int sequence, const std::string& session_id = "fork") {
    SessionRow session = Conversation(session_id);
    session.title = "title";
    return {.session = session,
            .source_conversation_id = source.conversation_id,
            .sequence = sequence,
            .turn = std::nullopt,
            .new_id = [this] { return ids_.NewId(); }};
  }
};

TEST_P(AlternativesStoreTest, AnotherReplyTakesThePlaceOfTheFirst) {
  const SessionRow session = Conversation("s1");
  const TurnRow first = Answered(session, "one");

  const auto started = Again(first);

  ASSERT_TRUE(started.ok()) << started.status();
  const TurnJob& job = *started->result.job;
  EXPECT_EQ(job.turn.alternative, 1);
  EXPECT_EQ(job.turn.wanted_model, "other/model");
  EXPECT_EQ(job.turn.payer_key, "k2");
  EXPECT_EQ(job.message, "Hello");
  EXPECT_EQ(job.turn.trigger_message_id, first.trigger_message_id);
  EXPECT_THAT(Texts(session), ElementsAre("Hello", "one")) << "until there is another one";
  EXPECT_EQ(GetReason(Again(first).status()), "TURN_IN_PROGRESS");

  ASSERT_EQ(turns_.EndTurn(Done(job, "two"), nullptr)->result, EndResult::kEnded);

  EXPECT_THAT(Texts(session), ElementsAre("Hello", "two"));
  EXPECT_THAT(Previews(), ElementsAre("two 2"));
  const MessageRow reply = Messages(session.conversation_id)[1];
  EXPECT_EQ(reply.turn_id, job.turn.turn_id);
  EXPECT_EQ(reply.sequence, 2);
  const std::vector<TurnRow> turns = *turns_.ListAlternatives(first);
  ASSERT_THAT(turns, SizeIs(2));
  EXPECT_EQ(turns[0].text, "one");
  EXPECT_FALSE(turns[0].reply_counts);
  EXPECT_TRUE(turns[0].reply_retrieval);
  EXPECT_EQ(turns[0].reply_created_at, first.reply_created_at);
  EXPECT_EQ(turns[1].text, "two");
  EXPECT_TRUE(turns[1].reply_counts);
  ASSERT_TRUE(Start(Turn(session, "More")).ok()) << "the session takes its next turn";
  EXPECT_THAT(Texts(session), ElementsAre("Hello", "two", "More"));
}

TEST_P(AlternativesStoreTest, AnyReplyCanBeChosenAgain) {
  const SessionRow session = Conversation("s1");
  const TurnRow first = Answered(session, "one");
  const TurnRow second = AnsweredAgain(first, "two");
  const TurnRow third = AnsweredAgain(second, "three");
  EXPECT_EQ(third.alternative, 2);

  for (const auto& [turn, text] : {std::pair(first, "one"),
                                   {third, "three"},
                                   {third, "three"},
                                   {second, "two"},
                                   {first, "one"}}) {
    const auto selected = Select(turn);
    ASSERT_TRUE(selected.ok()) << selected.status();
    EXPECT_EQ(selected->result.text, text);
    EXPECT_TRUE(selected->result.reply_counts);
    EXPECT_THAT(Texts(session), ElementsAre("Hello", text));
    EXPECT_EQ(Messages(session.conversation_id)[1].message_id, turn.reply_message_id);
    EXPECT_THAT(Previews(), ElementsAre(std::string(text) + " 2"));
  }
}

TEST_P(AlternativesStoreTest, OnlyTheNewestMessageIsAnsweredAgain) {
  const SessionRow session = Conversation("s1");
  const TurnRow first = Answered(session, "one");
  const TurnRow second = AnsweredAgain(first, "two");
  Answered(session, "later");

  EXPECT_EQ(GetReason(Again(second).status()), "NOT_THE_LAST_REPLY");
  EXPECT_EQ(GetReason(Select(first).status()), "NOT_THE_LAST_REPLY");
  EXPECT_THAT(Texts(session), ElementsAre("Hello", "two", "Hello", "later"));
}

TEST_P(AlternativesStoreTest, AFailedAnswerLeavesTheReplyAndCannotBeChosenOrRetried) {
  const SessionRow session = Conversation("s1");
  const TurnRow first = Answered(session, "one");
  const TurnJob again = *Again(first)->result.job;
  ASSERT_EQ(turns_.EndTurn(Failed(again), nullptr)->result, EndResult::kEnded);

  EXPECT_THAT(Texts(session), ElementsAre("Hello", "one"));
  const TurnRow failed = **turns_.FindTurn(again.turn.turn_id);
  EXPECT_EQ(GetReason(Select(failed).status()), "VALIDATION_FAILED");
  const auto retried = turns_.RetryTurn(failed, Other(), clock_.Now(), nullptr,
                                        [](const TurnRow&) { return std::string(); },
                                        {call_, "RetryTurn", v1::RetryTurnRequest()});
  EXPECT_EQ(GetReason(retried.status()), "ALREADY_ANSWERED");
  EXPECT_EQ(AnsweredAgain(failed, "two").alternative, 2);
  EXPECT_THAT(Texts(session), ElementsAre("Hello", "two"));
}

TEST_P(AlternativesStoreTest, AMessageWhoseTurnFailedIsAnsweredByAnotherOne) {
  const SessionRow session = Conversation("s1");
  const TurnJob job = MustStart(session);
  ASSERT_EQ(turns_.EndTurn(Failed(job), nullptr)->result, EndResult::kEnded);

  const TurnRow again = AnsweredAgain(job.turn, "at last");

  EXPECT_THAT(Texts(session), ElementsAre("Hello", "at last"));
  EXPECT_EQ(again.alternative, 1);
  const auto retried = turns_.RetryTurn(job.turn, Other(), clock_.Now(), nullptr,
                                        [](const TurnRow&) { return std::string(); },
                                        {call_, "RetryTurn", v1::RetryTurnRequest()});
  EXPECT_EQ(GetReason(retried.status()), "ALREADY_ANSWERED") << "never two replies to one message";
}

TEST_P(AlternativesStoreTest, AKeyIsUsedOnce) {
  const SessionRow session = Conversation("s1");
  const TurnRow first = Answered(session, "one");
  const auto started = Again(first, "key");
  const auto replayed = Again(first, "key");

  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_TRUE(replayed->replayed);
  EXPECT_EQ(replayed->result.turn_id, started->result.turn_id);
  EXPECT_THAT(*turns_.ListAlternatives(first), SizeIs(2));
}

TEST_P(AlternativesStoreTest, ATurnThatIsTakenOverStillReplaces) {
  const SessionRow session = Conversation("s1");
  const TurnRow first = Answered(session, "one");
  const TurnJob lost = *Again(first)->result.job;
  clock_.Advance(kLease);

  const auto taken =
      turns_.TakeOver(Other(), clock_.Now(), false, [](const std::string&) { return false; }, 10);

  ASSERT_THAT(*taken, SizeIs(1));
  EXPECT_EQ(taken->front().turn.wanted_model, "other/model");
  EXPECT_EQ(turns_.EndTurn(Done(lost, "late"), nullptr)->result, EndResult::kLost);
  EXPECT_EQ(turns_.EndTurn(Done(taken->front(), "two"), nullptr)->result, EndResult::kEnded);
  EXPECT_THAT(Texts(session), ElementsAre("Hello", "two"));
}

TEST_P(AlternativesStoreTest, AForkHasMessagesOfItsOwn) {
  const SessionRow session = Conversation("s1");
  Answered(session, "one");
  Answered(session, "two");
  const std::vector<MessageRow> originals = Messages(session.conversation_id);

  const auto forked = turns_.ForkSession(ForkOf(session, 2), NoKey());

  ASSERT_TRUE(forked.ok()) << forked.status();
  const SessionRow& fork = forked->result.session;
  EXPECT_EQ(fork.last_sequence, 2);
  EXPECT_THAT(Texts(fork), ElementsAre("Hello", "one"));
  const std::vector<MessageRow> copies = Messages(fork.conversation_id);
  for (size_t i = 0; i < copies.size(); ++i) {
    EXPECT_EQ(copies[i].created_at, originals[i].created_at);
    EXPECT_EQ(copies[i].author(), originals[i].author());
    EXPECT_EQ(copies[i].model, originals[i].model);
    EXPECT_NE(copies[i].message_id, originals[i].message_id);
  }
  EXPECT_NE(copies[1].turn_id, originals[1].turn_id);
  const TurnRow turn = **turns_.FindTurn(copies[1].turn_id);
  EXPECT_EQ(turn.text, "one");
  AnsweredAgain(turn, "other");
  EXPECT_THAT(Texts(fork), ElementsAre("Hello", "other"));
  ASSERT_TRUE(store_.DeleteSession(session.conversation_id).ok());
  EXPECT_THAT(Texts(fork), ElementsAre("Hello", "other"));
  EXPECT_THAT(Sessions(Any), ElementsAre("fork"));
}

TEST_P(AlternativesStoreTest, AForkCanSayItsLastMessageAnew) {
  const SessionRow session = Conversation("s1");
  Answered(session, "one");
  Answered(session, "two");
  NewFork fork = ForkOf(session, 3);
  fork.turn = Turn(fork.session, "Better");
  fork.turn->create.reset();

  const auto forked = turns_.ForkSession(fork, NoKey());

  ASSERT_TRUE(forked.ok()) << forked.status();
  ASSERT_TRUE(forked->result.job.has_value());
  EXPECT_EQ(forked->result.session.last_sequence, 3);
  EXPECT_EQ(forked->result.job->turn.trigger_sequence, 3);
  EXPECT_THAT(Texts(forked->result.session), ElementsAre("Hello", "one", "Better"));
  ASSERT_EQ(turns_.EndTurn(Done(*forked->result.job, "three"), nullptr)->result, EndResult::kEnded);
  EXPECT_THAT(Texts(forked->result.session), ElementsAre("Hello", "one", "Better", "three"));
  EXPECT_THAT(Texts(session), ElementsAre("Hello", "one", "Hello", "two"));
}

TEST_P(AlternativesStoreTest, AForkOfTheFirstMessageHasItsTitle) {
  const SessionRow session = Conversation("s1");
  Answered(session, "one");
  NewFork fork = ForkOf(session, 1);
  fork.turn = Turn(fork.session, "Better");
  fork.turn->title = "Better";
  fork.turn->create.reset();

  EXPECT_EQ(turns_.ForkSession(fork, NoKey())->result.session.title, "Better");
}

TEST_P(AlternativesStoreTest, AForkThatCannotBeLeavesNothing) {
  const SessionRow session = Conversation("s1");
  Answered(session, "one");
  NewFork beyond = ForkOf(session, 3);
  NewFork of_persona = ForkOf(session, 2);
  of_persona.turn = Turn(of_persona.session, "Better");
  of_persona.turn->create.reset();

  EXPECT_EQ(GetReason(turns_.ForkSession(beyond, NoKey()).status()), "VALIDATION_FAILED");
  EXPECT_EQ(GetReason(turns_.ForkSession(of_persona, NoKey()).status()), "NOT_A_USER_MESSAGE");
  EXPECT_THAT(Sessions(Any), ElementsAre("s1"));
  EXPECT_THAT(Messages(of_persona.session.conversation_id), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(AlternativesStoreTest);

}  // namespace
}  // namespace dramatis::conversation
