#include "services/conversation/turns/choices.h"

#include <memory>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/fake_tools.h"
#include "services/conversation/testing/rooms.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// One choice, which is due as often as it is put back.
class FakeChoiceStore : public ChoiceStore {
 public:
  absl::StatusOr<std::vector<std::string>> ListDueChoices(absl::Time, bool, int) override {
    if (!due) return std::vector<std::string>();
    return std::vector<std::string>{"room"};
  }
  absl::StatusOr<std::optional<ChoiceJob>> ClaimChoice(const std::string&,
                                                       absl::Time,
                                                       absl::Time,
                                                       bool) override {
    if (!std::exchange(due, false)) return std::nullopt;
    ++job.choice.attempts;
    ++job.choice.fence;
    return job;
  }
  absl::StatusOr<std::vector<WaitingTurn>> StoreChoice(const ChoiceRow& choice,
                                                       const TurnPlanner& plan,
                                                       absl::Time) override {
    EXPECT_EQ(choice.fence, job.choice.fence);
    std::vector<WaitingTurn> waiting;
    for (const PlannedTurnRow& turn : plan(job.room, job.recent, job.message)) {
      stored.push_back(turn);
      waiting.push_back({"room", turn.turn_id, turn.due_at});
    }
    ++stores;
    return waiting;
  }

  bool due = true;
  ChoiceJob job;
  std::vector<PlannedTurnRow> stored;
  int stores = 0;
};

class FakeTimers : public Timers {
 public:
  void After(absl::Duration delay, std::function<void()> task) override {
    delays.push_back(delay);
    tasks.push_back(std::move(task));
  }
  std::vector<absl::Duration> delays;
  std::vector<std::function<void()>> tasks;
};

class SpeakerChoicesTest : public testing::Test, protected FakeTools {
 protected:
  SpeakerChoicesTest() {
    ChoiceJob& job = choice_store_.job;
    job.room = TestRoom();
    job.room.row.settings.set_turn_policy(v1::TURN_POLICY_MODEL);
    for (const char* name : {"ada", "bob"}) {
      ParticipantRow row = TestParticipant(name, "olga", Role::kGuest, PersonaKind::kAgent);
      row.name = name;
      Add(job.room, std::move(row));
    }
    job.message.message_id = "m";
    job.message.persona_id = "o";
    job.message.content = "Go on.";
    job.choice.payer = {.user_id = "paula", .key = "key1 500"};
  }
  // Whatever `does` makes of the question; waits until it is stored.
  PlannedTurnRow Ask(const std::function<void()>& does) {
    EXPECT_TRUE(choices_.Recover(/*any_lease=*/false).ok());
    does();
    background_.Stop();
    EXPECT_EQ(choice_store_.stores, 1);
    EXPECT_THAT(choice_store_.stored, Not(IsEmpty()));
    EXPECT_THAT(awaited_, SizeIs(choice_store_.stored.size()));
    return choice_store_.stored.empty() ? PlannedTurnRow() : choice_store_.stored.front();
  }

  FakeTimers timers_;
  Executor background_{1, 8};
  FakeChoiceStore choice_store_;
  std::vector<WaitingTurn> awaited_;
  SpeakerChoices choices_{
      Tools(),
      choice_store_,
      timers_,
      background_,
      {.lease = absl::Seconds(9),
       .on_waiting = [this](const std::vector<WaitingTurn>& turns) { awaited_ = turns; }}};
};

TEST_F(SpeakerChoicesTest, TheModelPicksAtThePayersExpense) {
  const PlannedTurnRow turn = Ask([this] {
    inference_.Say(R"({"choice":)");
    inference_.Say(R"("bob"})");
    inference_.Done();
  });
  EXPECT_THAT(choice_store_.stored, SizeIs(1));
  EXPECT_EQ(turn.persona_id, "bob");
  EXPECT_EQ(turn.score.reason(), "model");
  ASSERT_THAT(inference_.requests, SizeIs(1));
  EXPECT_EQ(inference_.requests[0].user_id(), "paula");
  EXPECT_THAT(inference_.requests[0].parameters().choices(), ElementsAre("ada", "bob"));
  EXPECT_THAT(timers_.delays, ElementsAre(absl::Seconds(6)));
}

TEST_F(SpeakerChoicesTest, AModelThatFailsDecidesNothing) {
  const PlannedTurnRow turn = Ask([this] {
    inference_.Fail(Error(absl::StatusCode::kResourceExhausted,
                          inference::v1::ERROR_REASON_BUDGET_EXCEEDED, "spent"));
  });
  EXPECT_EQ(turn.score.not_picked_because(), "BUDGET_EXCEEDED");
  EXPECT_NE(turn.score.reason(), "model");
}

TEST_F(SpeakerChoicesTest, NorDoesOneThatSaysNothingUsable) {
  const PlannedTurnRow turn = Ask([this] {
    inference_.Say("Whoever likes.");
    inference_.Done();
  });
  EXPECT_EQ(turn.score.not_picked_because(), "unusable_answer");
}

TEST_F(SpeakerChoicesTest, NorOneThatTakesTooLong) {
  const PlannedTurnRow turn = Ask([this] {
    inference_.generation->on_cancel = [this] { inference_.Fail(absl::CancelledError()); };
    timers_.tasks.at(0)();
  });
  EXPECT_EQ(turn.score.not_picked_because(), "timed_out");
}

TEST_F(SpeakerChoicesTest, AChoiceThatNeverEndsIsMadeWithoutAModel) {
  choice_store_.job.choice.attempts = kMaxChoiceAttempts;
  const PlannedTurnRow turn = Ask([] {});
  EXPECT_THAT(inference_.requests, IsEmpty());
  EXPECT_EQ(turn.score.not_picked_because(), "interrupted");
}

TEST_F(SpeakerChoicesTest, AProcessThatEndsLeavesTheChoiceToTheNextOne) {
  ASSERT_TRUE(choices_.Recover(/*any_lease=*/false).ok());
  ASSERT_THAT(inference_.requests, SizeIs(1));
  inference_.generation->on_cancel = [this] { inference_.Fail(absl::CancelledError()); };
  choices_.Stop();
  EXPECT_EQ(choice_store_.stores, 0);
}

}  // namespace
}  // namespace dramatis::conversation
