#include "services/conversation/turn_taking/planning.h"

#include <string>
#include <vector>

#include "dramatis/persona/v1/persona.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/rooms.h"
#include "services/conversation/turn_taking/delay.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {
namespace {

class TurnPlanningTest : public testing::Test {
 protected:
  TurnPlanningTest() {
    for (const char* name : {"ada", "bob"}) {
      ParticipantRow row = TestParticipant(name, "olga", Role::kGuest, PersonaKind::kAgent);
      row.name = name;
      dramatis::persona::v1::RenderPersonaResponse facts;
      facts.set_persona_id(name);
      facts.mutable_response_delay()->set_min_ms(300);
      facts.mutable_response_delay()->set_max_ms(900);
      row.facts = facts.SerializeAsString();
      Add(room_, std::move(row));
    }
    message_.message_id = "m";
    message_.persona_id = "o";
    message_.content = "Hello.";
    message_.created_at = clock_.Now();
  }

  FakeClock clock_;
  UuidV7Source ids_{clock_};
  Room room_ = TestRoom();
  MessageRow message_;
};

TEST_F(TurnPlanningTest, EachSpeakerGetsATurnWhenItsDelayIsOver) {
  const TurnPlanning planning(ids_, clock_, {.delays = true});

  const std::vector<PlannedTurnRow> turns = planning.OfHumans()(room_, {}, message_);

  ASSERT_EQ(turns.size(), 2);
  EXPECT_NE(turns[0].turn_id, turns[1].turn_id);
  for (const PlannedTurnRow& turn : turns) {
    EXPECT_EQ(turn.depth, 0);
    EXPECT_FALSE(turn.requested);
    EXPECT_EQ(turn.score.reason(), "score");
    EXPECT_GE(turn.due_at, message_.created_at + absl::Milliseconds(300));
    EXPECT_LE(turn.due_at, message_.created_at + absl::Milliseconds(900));
  }
  EXPECT_EQ(planning.OfHumans()(room_, {}, message_)[0].due_at, turns[0].due_at);
}

TEST_F(TurnPlanningTest, ASwitchMakesEveryTurnDueAtOnce) {
  const TurnPlanning planning(ids_, clock_, {.delays = false});

  for (const PlannedTurnRow& turn : planning.OfHumans()(room_, {}, message_)) {
    EXPECT_EQ(turn.due_at, message_.created_at);
  }
}

TEST_F(TurnPlanningTest, ChainsCountHowDeepTheyAre) {
  const TurnPlanning planning(ids_, clock_, {.delays = false});
  room_.row.settings.set_allow_ai_chains(true);
  message_.persona_id = "ada";
  message_.turn_id = "t";
  message_.content = "bob?";

  for (const int depth : {0, 1}) {
    const std::vector<PlannedTurnRow> turns = planning.After(depth)(room_, {}, message_);
    ASSERT_EQ(turns.size(), 1) << depth;
    EXPECT_EQ(turns[0].depth, depth + 1);
  }
  EXPECT_TRUE(planning.After(2)(room_, {}, message_).empty());
}

}  // namespace
}  // namespace dramatis::conversation
