#include "services/conversation/model/permissions.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/rooms.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

// The seven in the order of the API: v m j c a r d, a dot for each that is missing.
std::string Letters(const v1::Permissions& p) {
  std::string letters;
  letters += p.can_view() ? 'v' : '.';
  letters += p.can_add_message() ? 'm' : '.';
  letters += p.can_join() ? 'j' : '.';
  letters += p.can_close() ? 'c' : '.';
  letters += p.can_add_participant() ? 'a' : '.';
  letters += p.can_remove_participant() ? 'r' : '.';
  letters += p.can_delete() ? 'd' : '.';
  return letters;
}

Identity User(const std::string& name) {
  return {.user_id = name, .role = name == "root" ? AccessRole::kAdmin : AccessRole::kUser};
}

// Everybody of the table is in it.
Room Crowd(RoomVisibility visibility, RoomStatus status) {
  Room room = TestRoom();
  room.row.visibility = visibility;
  room.row.status = status;
  Add(room, TestParticipant("h", "hugo", Role::kHost));
  Add(room, TestParticipant("g", "gina", Role::kGuest));
  Add(room, TestParticipant("m", "mona", Role::kModerator));
  Add(room, TestParticipant("f", "fred", Role::kModerator));
  room.participants.back().left_at = absl::FromUnixSeconds(2);
  Add(room, TestParticipant("b", "bert", Role::kHost, PersonaKind::kAgent));
  Add(room, TestParticipant("c", "cleo", Role::kGuest, PersonaKind::kAmbiguous));
  // An AI persona that somebody else has brought in.
  Add(room, TestParticipant("x", "xaver", Role::kModerator, PersonaKind::kAgent));
  room.participants.back().brought_by = "olga";
  return room;
}

struct Case {
  RoomVisibility visibility;
  RoomStatus status;
  std::map<std::string, std::string> who;
};

TEST(Permissions, FollowFromRoleVisibilityAndState) {
  constexpr auto kPrivate = RoomVisibility::kPrivate;
  constexpr auto kUnlisted = RoomVisibility::kUnlisted;
  constexpr auto kPublic = RoomVisibility::kPublic;
  const std::vector<Case> cases = {
      {kPrivate,
       RoomStatus::kActive,
       {{"sven", "......."},
        {"xaver", "......."},
        {"fred", "v......"},
        {"gina", "vm....."},
        {"cleo", "vm....."},
        {"bert", "v..ca.."},
        {"hugo", "vm.ca.."},
        {"mona", "vm.car."},
        {"olga", "vm.card"},
        {"root", "v..card"}}},
      {kPrivate,
       RoomStatus::kPaused,
       {{"sven", "......."},
        {"xaver", "......."},
        {"fred", "v......"},
        {"gina", "v......"},
        {"cleo", "v......"},
        {"bert", "v..ca.."},
        {"hugo", "v..ca.."},
        {"mona", "v..car."},
        {"olga", "v..card"},
        {"root", "v..card"}}},
      {kPrivate,
       RoomStatus::kCompleted,
       {{"sven", "......."},
        {"xaver", "......."},
        {"fred", "v......"},
        {"gina", "v......"},
        {"cleo", "v......"},
        {"bert", "v......"},
        {"hugo", "v......"},
        {"mona", "v....r."},
        {"olga", "v....rd"},
        {"root", "v....rd"}}},
      {kUnlisted,
       RoomStatus::kActive,
       {{"sven", "v.j...."},
        {"xaver", "v.j...."},
        {"fred", "v.j...."},
        {"gina", "vm....."},
        {"cleo", "vm....."},
        {"bert", "v..ca.."},
        {"hugo", "vm.ca.."},
        {"mona", "vm.car."},
        {"olga", "vm.card"},
        {"root", "v.jcard"}}},
      {kPublic,
       RoomStatus::kPaused,
       {{"sven", "v.j...."},
        {"xaver", "v.j...."},
        {"fred", "v.j...."},
        {"gina", "v......"},
        {"cleo", "v......"},
        {"bert", "v..ca.."},
        {"hugo", "v..ca.."},
        {"mona", "v..car."},
        {"olga", "v..card"},
        {"root", "v.jcard"}}},
      {kPublic,
       RoomStatus::kTerminated,
       {{"sven", "v......"},
        {"xaver", "v......"},
        {"fred", "v......"},
        {"gina", "v......"},
        {"cleo", "v......"},
        {"bert", "v......"},
        {"hugo", "v......"},
        {"mona", "v....r."},
        {"olga", "v....rd"},
        {"root", "v....rd"}}},
  };
  for (const Case& c : cases) {
    const Room room = Crowd(c.visibility, c.status);
    for (const auto& [who, expected] : c.who) {
      EXPECT_EQ(Letters(PermissionsOf(room, User(who))), expected)
          << who << " visibility " << static_cast<int>(c.visibility) << " status "
          << static_cast<int>(c.status);
    }
  }
}

TEST(Permissions, AFullRoomTakesNobodyIn) {
  Room room = Crowd(RoomVisibility::kPublic, RoomStatus::kActive);
  room.row.settings.set_max_participants(7);  // as many as are present

  EXPECT_EQ(Letters(PermissionsOf(room, User("sven"))), "v......");
  EXPECT_EQ(Letters(PermissionsOf(room, User("olga"))), "vm.c.rd");
  EXPECT_EQ(GetReason(Require(room, User("sven"), Permission::kJoin)), "CONVERSATION_FULL");
  EXPECT_EQ(GetReason(Require(room, User("olga"), Permission::kAddParticipant)),
            "CONVERSATION_FULL");
}

TEST(Permissions, WhoWasSentOutReadsUpToThenAndDoesNotComeBackAlone) {
  Room room = Crowd(RoomVisibility::kPublic, RoomStatus::kActive);
  EXPECT_FALSE(HorizonOf(room, User("fred")).has_value());  // who left by himself
  ParticipantRow& fred = room.participants[4];
  fred.removed_sequence = 7;
  fred.removed_event = 12;

  EXPECT_EQ(Letters(PermissionsOf(room, User("fred"))), "v......");
  EXPECT_EQ(GetReason(Require(room, User("fred"), Permission::kJoin)), "NOT_PERMITTED");
  const std::optional<Horizon> horizon = HorizonOf(room, User("fred"));
  ASSERT_TRUE(horizon.has_value());
  EXPECT_EQ(horizon->sequence, 7);
  EXPECT_EQ(horizon->event, 12);
  EXPECT_EQ(horizon->time, absl::FromUnixSeconds(2));

  // Another persona of his that is here, or the rights of the room's owner, show all of it.
  Add(room, TestParticipant("f2", "fred"));
  EXPECT_FALSE(HorizonOf(room, User("fred")).has_value());
  room.participants[0].removed_sequence = 1;
  room.participants[0].left_at = absl::FromUnixSeconds(2);
  EXPECT_FALSE(HorizonOf(room, User("olga")).has_value());
  EXPECT_FALSE(HorizonOf(room, User("root")).has_value());
}

TEST(Permissions, LateJoiningIsForThoseWhoAreBroughtIn) {
  Room room = Crowd(RoomVisibility::kPublic, RoomStatus::kActive);
  room.row.settings.set_allow_late_joining(false);
  EXPECT_TRUE(Require(room, User("sven"), Permission::kJoin).ok());

  room.row.last_sequence = 1;

  EXPECT_EQ(GetReason(Require(room, User("sven"), Permission::kJoin)), "LATE_JOINING_REFUSED");
  EXPECT_TRUE(Require(room, User("olga"), Permission::kAddParticipant).ok());
}

TEST(Permissions, TheInitiatorsRightsStayWithTheirOwner) {
  Room room = Crowd(RoomVisibility::kPrivate, RoomStatus::kActive);
  room.participants[0].left_at = absl::FromUnixSeconds(2);

  EXPECT_EQ(Letters(PermissionsOf(room, User("olga"))), "v..card");
  EXPECT_EQ(Letters(PermissionsOf(room, User("hugo"))), "vm.ca..");
}

TEST(Permissions, SayWhyNot) {
  const Room hidden = Crowd(RoomVisibility::kPrivate, RoomStatus::kActive);
  Room room = Crowd(RoomVisibility::kPublic, RoomStatus::kActive);

  const absl::Status unseen = Require(hidden, User("sven"), Permission::kClose);
  const absl::Status refused = Require(room, User("gina"), Permission::kClose);

  EXPECT_EQ(unseen.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(GetReason(refused), "NOT_PERMITTED");
  EXPECT_EQ(GetErrorInfo(refused)->metadata().at("permission"), "canClose");
  room.row.status = RoomStatus::kPaused;
  const absl::Status paused = Require(room, User("gina"), Permission::kAddMessage);
  EXPECT_EQ(GetReason(paused), "INVALID_STATE");
  EXPECT_EQ(GetErrorInfo(paused)->metadata().at("status"), "paused");
  room.row.status = RoomStatus::kCompleted;
  // The state's reason is for those who have the right.
  EXPECT_EQ(GetReason(Require(room, User("gina"), Permission::kClose)), "NOT_PERMITTED");
  EXPECT_EQ(GetReason(Require(room, User("olga"), Permission::kClose)), "CONVERSATION_CLOSED");
  EXPECT_EQ(GetReason(Require(room, User("gina"), Permission::kAddMessage)), "CONVERSATION_CLOSED");
}

}  // namespace
}  // namespace dramatis::conversation
