#include "services/conversation/sql/rooms/choices.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/room_store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A room in which a model is to pick who answers whatever is said.
class ChoiceStoreTest : public RoomStoreTest {
 protected:
  ChoiceStoreTest() : choices_(db(), feed_) {
    Room room = NewRoom();
    room.participants[1].kind = PersonaKind::kAgent;
    room_ = Create(std::move(room));
  }

  static std::vector<PlannedTurnRow> LeaveToModel(int depth) {
    PlannedTurnRow turn;
    turn.depth = depth;
    turn.model_picks = true;
    return {turn};
  }
  AppendedMessage SayToBePicked(const std::string& content = "Hello", int depth = 0) {
    NewRoomMessage message = Message(room_, content);
    message.key = "key1";
    message.plan = [depth](const Room&, const std::vector<MessageRow>&, const MessageRow&) {
      return LeaveToModel(depth);
    };
    const auto appended = store_.AppendRoomMessage(message, Once());
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended->result;
  }
  std::vector<std::string> Due(bool any_lease = false) {
    return *choices_.ListDueChoices(clock_.Now(), any_lease, 10);
  }
  std::optional<ChoiceJob> Claim(bool any_lease = false) {
    const auto job = choices_.ClaimChoice(room_.row.conversation_id, clock_.Now(),
                                          clock_.Now() + absl::Seconds(15), any_lease);
    EXPECT_TRUE(job.ok()) << job.status();
    return *job;
  }
  std::vector<WaitingTurn> Store(const ChoiceRow& choice) {
    const auto waiting = choices_.StoreChoice(choice, &RoomStoreTest::Plan, clock_.Now());
    EXPECT_TRUE(waiting.ok()) << waiting.status();
    return *waiting;
  }

  SqlChoiceStore choices_;
  Room room_;
};

TEST_P(ChoiceStoreTest, AChoiceBecomesTheTurnsThatWereChosen) {
  const AppendedMessage said = SayToBePicked("First");
  ASSERT_THAT(said.turns, SizeIs(1));
  EXPECT_TRUE(said.turns[0].model_picks);
  EXPECT_THAT(TurnStates(room_), IsEmpty());
  EXPECT_THAT(Due(), ElementsAre(room_.row.conversation_id));

  const std::optional<ChoiceJob> job = Claim();
  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(job->message.content, "First");
  EXPECT_EQ(job->choice.payer.user_id, "olga");
  EXPECT_EQ(job->choice.payer.key, "key1");
  EXPECT_EQ(job->choice.attempts, 1);
  const int changes = feed_.of(room_.row.conversation_id);
  const std::vector<WaitingTurn> waiting = Store(job->choice);

  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_EQ(waiting[0].turn_id, "turn of " + said.message.message_id);
  EXPECT_THAT(TurnStates(room_), ElementsAre("pending"));
  EXPECT_GT(feed_.of(room_.row.conversation_id), changes);
  EXPECT_THAT(Due(/*any_lease=*/true), IsEmpty());
  EXPECT_THAT(Store(job->choice), IsEmpty());  // once
  EXPECT_THAT(TurnStates(room_), SizeIs(1));
}

TEST_P(ChoiceStoreTest, OneWorkerHasItUntilItsLeaseIsOver) {
  SayToBePicked();
  const std::optional<ChoiceJob> first = Claim();
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(Due(), IsEmpty());
  EXPECT_FALSE(Claim().has_value());

  clock_.Advance(absl::Seconds(15));
  EXPECT_THAT(Due(), SizeIs(1));
  const std::optional<ChoiceJob> second = Claim();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->choice.attempts, 2);
  EXPECT_THAT(Store(first->choice), IsEmpty());
  EXPECT_THAT(Store(second->choice), SizeIs(1));
  // Where no other process has the store open, a lease is nobody's.
  SayToBePicked();
  ASSERT_TRUE(Claim().has_value());
  EXPECT_THAT(Due(/*any_lease=*/true), SizeIs(1));
  EXPECT_TRUE(Claim(/*any_lease=*/true).has_value());
}

TEST_P(ChoiceStoreTest, ALaterMessageOfAHumanTakesItsPlaceAndOneOfAnAiDoesNot) {
  SayToBePicked("First");
  const std::optional<ChoiceJob> first = Claim();
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(SayToBePicked("By an AI", /*depth=*/1).turns, IsEmpty());
  EXPECT_THAT(Due(), IsEmpty());
  SayToBePicked("Second");

  const std::optional<ChoiceJob> second = Claim();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->message.content, "Second");
  EXPECT_THAT(second->recent, SizeIs(2));
  EXPECT_THAT(Store(first->choice), IsEmpty());
  EXPECT_THAT(Store(second->choice), SizeIs(1));
}

TEST_P(ChoiceStoreTest, NobodyAnswersWhatWasHiddenOrARoomThatIsClosed) {
  const AppendedMessage hidden = SayToBePicked();
  ASSERT_TRUE(store_.ChangeRoomMessage(Change(room_, hidden.message, std::nullopt)).ok());
  EXPECT_FALSE(Claim().has_value());
  EXPECT_THAT(Due(/*any_lease=*/true), IsEmpty());

  SayToBePicked();
  const std::optional<ChoiceJob> job = Claim();
  ASSERT_TRUE(job.has_value());
  ASSERT_TRUE(store_.DeleteRoom(room_.row.conversation_id, clock_.Now(), Allow).ok());
  EXPECT_THAT(Store(job->choice), IsEmpty());
  EXPECT_FALSE(Claim(/*any_lease=*/true).has_value());
  EXPECT_THAT(Due(/*any_lease=*/true), IsEmpty());
  EXPECT_THAT(TurnStates(room_), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(ChoiceStoreTest);

}  // namespace
}  // namespace dramatis::conversation
