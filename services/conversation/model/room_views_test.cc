#include "services/conversation/model/room_views.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/rooms.h"

namespace dramatis::conversation {
namespace {

using testing::HasSubstr;
using testing::Not;

const Identity kOlga = {.user_id = "olga"};
const Identity kAgnes = {.user_id = "agnes"};
const Identity kStranger = {.user_id = "sven"};
const Identity kRoot = {.user_id = "root", .role = AccessRole::kAdmin};

// Olga's human, an agent and an ambiguous persona, both of agnes.
Room Cast() {
  Room room = TestRoom();
  room.row.visibility = RoomVisibility::kPublic;
  Add(room, TestParticipant("agent", "agnes", Role::kGuest, PersonaKind::kAgent));
  Add(room, TestParticipant("who", "agnes", Role::kGuest, PersonaKind::kAmbiguous));
  return room;
}

MessageRow Generated(const std::string& persona_id) {
  prompt::v1::Usage usage;
  usage.set_output_tokens(3);
  MessageRow row;
  row.message_id = "id";
  row.sequence = 4;
  row.persona_id = persona_id;
  row.user_id = "agnes";
  row.content = "Hello";
  row.turn_id = "the-turn";
  row.model = "the/model";
  row.finish_reason = "length";
  row.usage = usage.SerializeAsString();
  row.turn_reason = "addressed";
  return row;
}

std::vector<v1::ParticipantType> Types(const Room& room, const Identity& identity) {
  std::vector<v1::ParticipantType> types;
  const v1::Conversation conversation = ToConversation(room, identity);
  for (const auto& participant : conversation.participants())
    types.push_back(participant.type());
  return types;
}

constexpr auto kHuman = v1::PARTICIPANT_TYPE_HUMAN;
constexpr auto kAgent = v1::PARTICIPANT_TYPE_AI_AGENT;
constexpr auto kAmbiguous = v1::PARTICIPANT_TYPE_AI_AMBIGUOUS;
constexpr auto kUnknown = v1::PARTICIPANT_TYPE_UNKNOWN;

TEST(RoomViews, HideWhatAnAmbiguousPersonaIs) {
  const Room room = Cast();

  EXPECT_THAT(Types(room, kStranger), testing::ElementsAre(kHuman, kAgent, kUnknown));
  EXPECT_THAT(Types(room, kOlga), testing::ElementsAre(kHuman, kAgent, kUnknown));
  EXPECT_THAT(Types(room, kAgnes), testing::ElementsAre(kHuman, kAgent, kAmbiguous));
  EXPECT_THAT(Types(room, kRoot), testing::ElementsAre(kHuman, kAgent, kAmbiguous));
}

TEST(RoomViews, HideEverybodyInAnAmbiguousConversation) {
  Room room = Cast();
  room.row.settings.set_ambiguous(true);

  EXPECT_THAT(Types(room, kStranger), testing::ElementsAre(kUnknown, kUnknown, kUnknown));
  EXPECT_THAT(Types(room, kOlga), testing::ElementsAre(kHuman, kUnknown, kUnknown));
  EXPECT_THAT(Types(room, kRoot), testing::ElementsAre(kHuman, kAgent, kAmbiguous));
}

TEST(RoomViews, ShowARevealedPersonaForWhatItIs) {
  Room room = Cast();
  room.row.settings.set_ambiguous(true);
  for (ParticipantRow& row : room.participants)
    row.revealed = true;

  EXPECT_THAT(Types(room, kStranger), testing::ElementsAre(kHuman, kAgent, kAgent));
  EXPECT_TRUE(ToConversation(room, kStranger).participants(2).revealed());
  EXPECT_TRUE(ToConversationMessage(room, Generated("who"), kStranger).generated());
}

TEST(RoomViews, SayNothingOfAModelWhereNobodyMayKnow) {
  const Room room = Cast();

  const std::string hidden =
      ToConversationMessage(room, Generated("who"), kStranger).ShortDebugString();
  const v1::ConversationMessage own = ToConversationMessage(room, Generated("who"), kAgnes);
  const v1::ConversationMessage open = ToConversationMessage(room, Generated("agent"), kStranger);

  for (const char* mark : {"generated", "turn", "model", "length", "usage", "addressed", "agnes"}) {
    EXPECT_THAT(hidden, Not(HasSubstr(mark)));
  }
  EXPECT_TRUE(own.generated());
  EXPECT_EQ(own.turn_id(), "the-turn");
  EXPECT_EQ(own.turn_reason(), "addressed");
  EXPECT_EQ(own.usage().output_tokens(), 3);
  EXPECT_TRUE(open.generated());
  EXPECT_EQ(open.model(), "the/model");
  EXPECT_EQ(open.turn_reason(), "addressed");
  EXPECT_FALSE(open.has_usage());
}

TEST(RoomViews, ANeighboursMessageLooksTheSameWhoeverWroteIt) {
  Room room = Cast();
  room.row.settings.set_ambiguous(true);
  MessageRow typed = Generated("o");
  typed.user_id = "olga";
  typed.turn_id = typed.model = typed.finish_reason = typed.usage = typed.turn_reason = "";
  v1::ConversationMessage human = ToConversationMessage(room, typed, kStranger);
  v1::ConversationMessage model = ToConversationMessage(room, Generated("agent"), kStranger);

  human.clear_persona_id();
  human.clear_persona_name();
  model.clear_persona_id();
  model.clear_persona_name();

  EXPECT_EQ(human.SerializeAsString(), model.SerializeAsString());
}

TEST(RoomViews, NeverShowOwners) {
  const Room room = Cast();

  const std::string shown = ToConversation(room, kRoot).ShortDebugString() +
                            ToConversationMessage(room, Generated("who"), kRoot).ShortDebugString();

  EXPECT_THAT(shown, Not(HasSubstr("agnes")));
  EXPECT_THAT(shown, Not(HasSubstr("olga")));
}

TEST(RoomViews, ListTheTurnsOfThoseWhoAreKnownToBeAis) {
  AppendedMessage appended{.message = Generated("o"), .turns = {}, .room = Cast()};
  for (const char* persona : {"agent", "who"}) {
    PlannedTurnRow turn;
    turn.turn_id = std::string("turn of ") + persona;
    turn.persona_id = persona;
    turn.score.set_total(0.5);
    appended.turns.push_back(turn);
  }

  EXPECT_EQ(ToCreateMessageResponse(appended, kOlga).turns_size(), 1);
  EXPECT_EQ(ToCreateMessageResponse(appended, kAgnes).turns_size(), 2);
  EXPECT_FALSE(ToCreateMessageResponse(appended, kAgnes).turns(0).has_score());
  EXPECT_EQ(ToCreateMessageResponse(appended, kRoot).turns(1).score().total(), 0.5);
}

TEST(RoomViews, KeepTheOriginalForAuthorAndModerators) {
  const Room room = Cast();
  MessageRow row = Generated("agent");
  row.hidden = true;
  row.content = "still there";
  row.original_content = "before";

  EXPECT_EQ(ToConversationMessage(room, row, kStranger).content(), "");
  EXPECT_EQ(ToConversationMessage(room, row, kStranger).original_content(), "");
  EXPECT_EQ(ToConversationMessage(room, row, kAgnes).original_content(), "before");
  EXPECT_EQ(ToConversationMessage(room, row, kOlga).original_content(), "before");
  EXPECT_EQ(ToConversationMessage(room, row, kRoot).original_content(), "before");
}

}  // namespace
}  // namespace dramatis::conversation
