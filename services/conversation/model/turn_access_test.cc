#include "services/conversation/model/turn_access.h"

#include <string>

#include "gtest/gtest.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/testing/rooms.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

Identity User(const std::string& id, AccessRole role = AccessRole::kUser) {
  return {.user_id = id, .role = role};
}

TurnRow TurnOf(const std::string& persona_id) {
  TurnRow turn;
  turn.persona_id = persona_id;
  turn.state = TurnState::kDone;
  turn.updated_at = absl::FromUnixSeconds(10);
  return turn;
}

// Public, opened by olga; gina is a guest, and ada an AI that alice owns.
class TurnAccessTest : public testing::Test {
 protected:
  TurnAccessTest() {
    room_.row.visibility = RoomVisibility::kPublic;
    Add(room_, TestParticipant("g", "gina"));
    ParticipantRow ada = TestParticipant("ada", "alice", Role::kGuest, PersonaKind::kAgent);
    ada.brought_by = "olga";
    Add(room_, std::move(ada));
  }
  std::string Direct(const Identity& who, const std::string& persona = "ada") {
    return GetReason(MayDirect(room_, who, persona));
  }
  std::string Speak(const std::string& persona = "ada") {
    return GetReason(MayHaveSpeak(room_, User("olga"), persona));
  }
  void Mask() { room_.participants[2].kind = PersonaKind::kAmbiguous; }

  Room room_ = TestRoom();
};

TEST_F(TurnAccessTest, WhoOwnsItOrMayPostOrCloseDirectsIt) {
  for (const char* user : {"olga", "gina", "alice"}) {
    EXPECT_TRUE(MayDirect(room_, User(user), "ada").ok()) << user;
  }
  EXPECT_TRUE(MayDirect(room_, User("root", AccessRole::kAdmin), "ada").ok());
  EXPECT_EQ(Direct(User("somebody")), "NOT_PERMITTED");
  EXPECT_EQ(Direct(User("olga"), "nobody"), "NOT_PARTICIPANT");
  room_.participants[2].left_at = absl::FromUnixSeconds(5);
  EXPECT_EQ(Direct(User("olga")), "NOT_PARTICIPANT");
}

TEST_F(TurnAccessTest, APrivateRoomIsNotThereForStrangers) {
  room_.row.visibility = RoomVisibility::kPrivate;

  EXPECT_TRUE(absl::IsNotFound(MayDirect(room_, User("somebody"), "ada")));
  EXPECT_TRUE(absl::IsNotFound(MaySeeTurn(room_, User("somebody"), TurnOf("ada"))));
  EXPECT_TRUE(
      absl::IsNotFound(MaySeeTurn(room_, User("alice"), TurnOf("ada"))));  // others brought it
  EXPECT_TRUE(MaySeeTurn(room_, User("gina"), TurnOf("ada")).ok());
}

TEST_F(TurnAccessTest, WhoWasSentOutSeesTurnsThatHadEndedAndDirectsNone) {
  ParticipantRow& gina = room_.participants[1];
  gina.removed_sequence = 3;
  gina.left_at = absl::FromUnixSeconds(10);
  TurnRow turn = TurnOf("ada");
  EXPECT_TRUE(MaySeeTurn(room_, User("gina"), turn).ok());
  EXPECT_EQ(Direct(User("gina")), "NOT_PERMITTED");

  turn.updated_at += absl::Microseconds(1);
  EXPECT_TRUE(absl::IsNotFound(MaySeeTurn(room_, User("gina"), turn)));
  turn.updated_at = absl::FromUnixSeconds(1);
  turn.state = TurnState::kRunning;
  EXPECT_TRUE(absl::IsNotFound(MaySeeTurn(room_, User("gina"), turn)));
}

TEST_F(TurnAccessTest, WhatIsHiddenIsSeenAndDirectedByItsOwnerAndAdminsAlone) {
  Mask();

  EXPECT_TRUE(absl::IsNotFound(MaySeeTurn(room_, User("olga"), TurnOf("ada"))));
  EXPECT_TRUE(absl::IsPermissionDenied(MayDirect(room_, User("olga"), "ada")));
  for (const Identity& who : {User("alice"), User("root", AccessRole::kAdmin)}) {
    EXPECT_TRUE(MaySeeTurn(room_, who, TurnOf("ada")).ok());
    EXPECT_TRUE(MayDirect(room_, who, "ada").ok());
  }
}

TEST_F(TurnAccessTest, AHiddenHumanIsRefusedAsAHiddenAiIs) {
  room_.row.settings.set_ambiguous(true);

  EXPECT_EQ(MayHaveSpeak(room_, User("olga"), "ada"), MayHaveSpeak(room_, User("olga"), "g"));
  EXPECT_FALSE(MayHaveSpeak(room_, User("olga"), "g").ok());
}

TEST_F(TurnAccessTest, TheRoomsStateAndThePersonasKindDecideWhetherItSpeaks) {
  EXPECT_TRUE(MayHaveSpeak(room_, User("olga"), "ada").ok());
  EXPECT_EQ(Speak("g"), "NOT_AN_AI_PERSONA");
  room_.row.status = RoomStatus::kPaused;
  EXPECT_EQ(Speak(), "INVALID_STATE");
  room_.row.status = RoomStatus::kTerminated;
  EXPECT_EQ(Speak(), "CONVERSATION_CLOSED");
  EXPECT_TRUE(MayDirect(room_, User("olga"), "ada").ok());
}

TEST_F(TurnAccessTest, CostIsForTheOwnerAndAdmins) {
  EXPECT_TRUE(MaySeeUsage(room_, User("alice"), "ada"));
  EXPECT_TRUE(MaySeeUsage(room_, User("root", AccessRole::kAdmin), "ada"));
  EXPECT_FALSE(MaySeeUsage(room_, User("olga"), "ada"));
}

TEST(PayerTest, PacksAKeyWithItsBudget) {
  EXPECT_EQ(PackKey(nullptr), "");
  EXPECT_EQ(UnpackKey(""), nullptr);

  CallerKey key;
  key.id = "k1";
  key.persona_ids = {"ada"};
  EXPECT_EQ(PackKey(&key), "k1");
  EXPECT_EQ(UnpackKey("k1")->id, "k1");
  EXPECT_FALSE(UnpackKey("k1")->monthly_budget_micros.has_value());

  key.monthly_budget_micros = 0;
  EXPECT_EQ(UnpackKey(PackKey(&key))->id, "k1");
  EXPECT_EQ(UnpackKey(PackKey(&key))->monthly_budget_micros, 0);
  // Which personas it may be used with was asked when the call came.
  EXPECT_TRUE(UnpackKey(PackKey(&key))->Allows("bea"));
}

TEST(PayerTest, IsTheCaller) {
  CallContext call;
  call.identity.user_id = "ann";
  EXPECT_EQ(PayerOf(call).user_id, "ann");
  EXPECT_EQ(PayerOf(call).key, "");
}

}  // namespace
}  // namespace dramatis::conversation
