// What rooms need from time to time, on every engine: overdue ones closed, holds renewed and given
// up.
#include "services/conversation/rooms/upkeep.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/rooms/holds.h"
#include "services/conversation/rooms/masks.h"
#include "services/conversation/rooms/participants.h"
#include "services/conversation/testing/fakes.h"
#include "services/conversation/testing/room_store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class RoomUpkeepStoreTest : public RoomStoreTest {
 protected:
  // Held for as long as a new one is.
  Room Held() {
    Room room = NewRoom();
    room.row.hold_expires_at = clock_.Now() + kHoldTime;
    return room;
  }

  FakePersonaPeer personas_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  const RoomTools tools_{store_, personas_, clock_, ids_, *logger_};
  RoomUpkeep upkeep_{tools_};
};

TEST_P(RoomUpkeepStoreTest, RenewsHoldsAtHalfOfTheirTime) {
  Room room = Held();
  room.participants[1].left_at = clock_.Now();
  Create(room);

  ASSERT_TRUE(upkeep_.Run().ok());
  EXPECT_THAT(personas_.requests, IsEmpty());
  clock_.Advance(kHoldTime / 2 + absl::Seconds(1));
  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  ASSERT_THAT(personas_.requests, SizeIs(1));  // who left is not held
  EXPECT_EQ(personas_.requests[0].persona_id(), "o");
  EXPECT_EQ(personas_.requests[0].hold_conversation_id(), room.row.conversation_id);
  EXPECT_TRUE(personas_.requests[0].participant());
  EXPECT_EQ(Find(room.row.conversation_id).row.hold_expires_at, clock_.Now() + kHoldTime);
}

TEST_P(RoomUpkeepStoreTest, TriesAgainWhatPersonaCouldNotDo) {
  const Room room = Create(Held());
  clock_.Advance(kHoldTime / 2 + absl::Seconds(1));
  personas_.failures = {UnavailableError("down")};

  EXPECT_EQ(GetReason(upkeep_.Run()), "UNAVAILABLE");
  EXPECT_LT(Find(room.row.conversation_id).row.hold_expires_at, clock_.Now() + kHoldTime);
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_EQ(Find(room.row.conversation_id).row.hold_expires_at, clock_.Now() + kHoldTime);
}

TEST_P(RoomUpkeepStoreTest, APersonaThatIsGoneKeepsNothing) {
  const Room room = Create(Held());
  clock_.Advance(kHoldTime / 2 + absl::Seconds(1));
  personas_.failures = {NotFoundError("persona")};

  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_EQ(Find(room.row.conversation_id).row.hold_expires_at, clock_.Now() + kHoldTime);
}

TEST_P(RoomUpkeepStoreTest, GivesUpTheHoldOfWhoLeftWhenPersonaCouldNot) {
  const Room room = Create(Held());
  const std::string& id = room.row.conversation_id;
  Participants participants(tools_);
  CallContext call;
  call.identity.user_id = room.participants[1].user_id;
  v1::LeaveConversationRequest request;
  request.set_conversation_id(id);
  request.set_persona_id(room.participants[1].persona_id);
  personas_.release_failure = UnavailableError("down");

  ASSERT_TRUE(participants.Leave(call, request).ok());
  ASSERT_TRUE(upkeep_.Run().ok());
  EXPECT_THAT(personas_.released, IsEmpty());
  personas_.release_failure = absl::OkStatus();
  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_THAT(personas_.released, ElementsAre(id));
  EXPECT_EQ(Find(id).row.hold_expires_at, clock_.Now() + kHoldTime);
}

TEST_P(RoomUpkeepStoreTest, HasNothingToDoForWhoLeftWhenPersonaCould) {
  const Room room = Create(Held());
  Participants participants(tools_);
  CallContext call;
  call.identity.user_id = room.participants[1].user_id;
  v1::LeaveConversationRequest request;
  request.set_conversation_id(room.row.conversation_id);
  request.set_persona_id(room.participants[1].persona_id);

  ASSERT_TRUE(participants.Leave(call, request).ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_THAT(personas_.released, SizeIs(1));
  EXPECT_THAT(personas_.requests, IsEmpty());
}

TEST_P(RoomUpkeepStoreTest, ClosesWhatIsOverdueAndGivesUpItsHolds) {
  Room room = Held();
  room.row.settings.set_auto_close_after_hours(1);
  SetClosesAt(room.row);
  Create(room);
  const std::string& id = room.row.conversation_id;
  clock_.Advance(absl::Hours(1));

  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_EQ(Find(id).row.status, RoomStatus::kCompleted);
  EXPECT_EQ(Find(id).row.close_reason, "inactivity");
  EXPECT_THAT(personas_.released, ElementsAre(id, id));  // once for each of the two personas
  EXPECT_EQ(Find(id).row.hold_expires_at, absl::UnixEpoch());
}

TEST_P(RoomUpkeepStoreTest, GivesUpTheHoldsOfWhatWasDeleted) {
  const Room room = Create(Held());
  ASSERT_TRUE(store_.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).ok());

  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_THAT(personas_.released, SizeIs(2));
}

TEST_P(RoomUpkeepStoreTest, TellsPersonaWhatAnAmbiguousRoomHidesFromWhom) {
  Room room = Held();
  room.row.settings.set_ambiguous(true);
  Create(room);
  Create(Held());  // which hides nothing

  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  ASSERT_THAT(personas_.masks, SizeIs(1));
  EXPECT_EQ(personas_.masks[0].conversation_id(), room.row.conversation_id);
  ASSERT_THAT(personas_.masks[0].viewers(), SizeIs(2));
  EXPECT_EQ(personas_.masks[0].viewers(0).user_id(), "gina");
  EXPECT_THAT(personas_.masks[0].viewers(0).persona_ids(), ElementsAre("o"));
  EXPECT_EQ(personas_.masks[0].viewers(1).user_id(), "olga");
  EXPECT_THAT(personas_.masks[0].viewers(1).persona_ids(), ElementsAre("g"));

  // What a change answers says the same as what is read.
  const auto changed = store_.ChangeRoom(
      room.row.conversation_id, clock_.Now(),
      [](Room& now) {
        now.participants[0].revealed = true;
        return absl::OkStatus();
      },
      Once());
  EXPECT_THAT(MasksOf(changed->result).viewers(0).persona_ids(), IsEmpty());
  EXPECT_THAT(MasksOf(changed->result).viewers(1).persona_ids(), ElementsAre("g"));
  ASSERT_TRUE(upkeep_.Run().ok());
  EXPECT_EQ(personas_.masks.back().SerializeAsString(),
            MasksOf(changed->result).SerializeAsString());

  ASSERT_TRUE(store_.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).ok());
  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_THAT(personas_.masks, SizeIs(3));
  EXPECT_THAT(personas_.masks[2].viewers(1).persona_ids(), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(RoomUpkeepStoreTest);

}  // namespace
}  // namespace dramatis::conversation
