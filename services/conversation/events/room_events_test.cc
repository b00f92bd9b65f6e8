#include "services/conversation/events/room_events.h"

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/events/event_cursor.h"
#include "services/conversation/testing/room_events_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using testing::SizeIs;

TEST_F(RoomEventsTest, TellsWhatHappensFromNowOn) {
  store_.Say("o", "before");
  const auto stream = Open("olga");
  EXPECT_THAT(Drain(*stream), IsEmpty());

  store_.Say("o", "after");
  store_.Append(EventKind::kParticipant, "a");
  store_.AppendState(RoomStatus::kCompleted, 7, "all is said");
  Happen();

  EXPECT_THAT(Shown(Drain(*stream)),
              ElementsAre("message after", "participant a", "state 7 all is said"));
  EXPECT_THAT(Drain(*stream), IsEmpty());
}

TEST_F(RoomEventsTest, GoesOnAfterEachCursor) {
  const auto first = Open("olga");
  for (int i = 0; i < 5; ++i)
    store_.Say("o", absl::StrCat(i));
  Happen();
  const auto events = Drain(*first);
  ASSERT_THAT(events, SizeIs(5));

  for (size_t i = 0; i < events.size(); ++i) {
    const auto again = Drain(*Open("olga", events[i].cursor()));
    ASSERT_THAT(again, SizeIs(4 - i));
    for (size_t j = 0; j < again.size(); ++j)
      EXPECT_EQ(again[j].SerializeAsString(), events[i + 1 + j].SerializeAsString());
  }
}

TEST_F(RoomEventsTest, TellsEachEventOnceHoweverFarItIsBehind) {
  const auto live = Open("olga");
  const std::string start = FormatEventCursor("0123456789abcdef", 0);
  std::vector<std::string> all;
  for (int i = 0; i < 1000; ++i) {
    store_.Say("o", absl::StrCat(i));
    all.push_back(absl::StrCat("message ", i));
    if (i % 300 == 0) Happen();
  }
  Happen();

  EXPECT_EQ(Shown(Drain(*Open("olga", start))), all);
  EXPECT_EQ(Shown(Drain(*live)), all);
}

TEST_F(RoomEventsTest, ReadsOnceForEverybodyInARoom) {
  std::vector<std::unique_ptr<RoomEvents>> streams;
  for (int i = 0; i < 100; ++i)
    streams.push_back(Open("olga"));
  Settle();
  const int before = store_.reads();

  store_.Say("o", "to all");
  Happen();

  for (const auto& stream : streams)
    EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("message to all"));
  EXPECT_EQ(store_.reads() - before, 1);
}

TEST_F(RoomEventsTest, SaysWhoSpeaksAndWhat) {
  const auto stream = Open("olga");

  const auto turn = Begin("a", "turn-1");
  EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("turn a RUNNING", "typing a"));
  turn->text().Append("Good ");
  turn->text().Append("mör");
  EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("delta 0 Good mör"));
  turn->text().Append("ning");
  EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("delta 9 ning"));
  turn->text().Restart(2);
  turn->text().Append("Hi");
  EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("delta 0 Hi"));
  turn->text().Append(" all");
  End("a", "turn-1", "Hi all");
  EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("message Hi all", "turn a DONE"));
}

TEST_F(RoomEventsTest, SaysItAgainToWhoComesBack) {
  const auto first = Open("olga");
  const auto turn = Begin("a", "turn-1");
  turn->text().Append("Half");
  const auto events = Drain(*first);

  for (const std::string& cursor : {events.back().cursor(), std::string()}) {
    EXPECT_THAT(Shown(Drain(*Open("olga", cursor))), ElementsAre("typing a", "delta 0 Half"));
  }
}

TEST_F(RoomEventsTest, SaysWhySomebodySpeaks) {
  const auto stream = Open("olga");
  Begin("a", "turn-1");
  End("a", "turn-1", "Hi");

  const auto events = Drain(*stream);

  ASSERT_THAT(events, SizeIs(4));
  EXPECT_EQ(events[0].turn().reason(), "addressed");
  EXPECT_EQ(events[3].turn().reason(), "");
}

TEST_F(RoomEventsTest, SaysWhyATurnFailed) {
  const auto stream = Open("olga");
  store_.AppendTurn("turn-1", "a", TurnState::kFailed);
  Happen();

  const auto events = Drain(*stream);

  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].turn().error_code(), "PROVIDER_FAILED");
}

TEST_F(RoomEventsTest, ShowsNobodyThatAModelSpeaksForAMaskedParticipant) {
  const auto other = Open("olga");
  const auto stranger = Open("stan");
  const auto owner = Open("gina");

  const auto turn = Begin("g", "secret-turn");
  turn->text().Append("I am a person");
  for (RoomEvents* stream : {other.get(), stranger.get()})
    EXPECT_THAT(Drain(*stream), IsEmpty());
  EXPECT_THAT(Shown(Drain(*owner)),
              ElementsAre("turn g RUNNING", "typing g", "delta 0 I am a person"));
  End("g", "secret-turn", "I am a person");

  for (RoomEvents* stream : {other.get(), stranger.get()}) {
    const auto events = Drain(*stream);
    ASSERT_THAT(Shown(events), ElementsAre("message I am a person"));
    EXPECT_FALSE(events[0].message().has_generated());
    EXPECT_FALSE(absl::StrContains(events[0].SerializeAsString(), "secret-turn"));
    EXPECT_FALSE(absl::StrContains(events[0].SerializeAsString(), "fake/model"));
  }
  EXPECT_THAT(Shown(Drain(*owner)), ElementsAre("message I am a person", "turn g DONE"));
}

TEST_F(RoomEventsTest, IsHeardFromTheMomentThatItIsRevealed) {
  const auto other = Open("olga");
  const auto turn = Begin("g", "turn-1");
  turn->text().Append("Yes, ");
  EXPECT_THAT(Drain(*other), IsEmpty());

  store_.Change([](Room& room) { room.participants[1].revealed = true; });
  store_.Append(EventKind::kParticipant, "g");
  Happen();

  EXPECT_THAT(Shown(Drain(*other)), ElementsAre("participant g", "typing g", "delta 0 Yes, "));
}

TEST_F(RoomEventsTest, TellsNoTextThatWasTakenBackMeanwhile) {
  const auto stream = Open("olga");
  store_.Say("o", "a secret");
  Happen();
  store_.Hide("1");
  Happen();

  const auto events = Drain(*stream);

  EXPECT_THAT(Shown(events), ElementsAre("message ", "message "));
}

TEST_F(RoomEventsTest, EndsForWhoMayViewItNoMore) {
  const auto stranger = Open("stan");
  const auto member = Open("olga");
  store_.Change([](Room& room) { room.row.visibility = RoomVisibility::kPrivate; });
  store_.AppendState(RoomStatus::kActive, 2, "");
  store_.Say("o", "among us");
  Happen();

  EXPECT_THAT(Drain(*stranger), IsEmpty());
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(GetReason(*end_), "NOT_FOUND");
  EXPECT_THAT(Shown(Drain(*member)), ElementsAre("state 2 ", "message among us"));
  EXPECT_EQ(TryOpen("stan").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RoomEventsTest, EndsWithTheRoom) {
  const auto stream = Open("olga");
  store_.Delete();
  Happen();

  EXPECT_THAT(Drain(*stream), IsEmpty());
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(TryOpen("olga").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RoomEventsTest, SendsEverybodyAwayWhereTheProcessEnds) {
  const auto stream = Open("olga");
  tails_.Stop();

  EXPECT_THAT(Drain(*stream), IsEmpty());
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(end_->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(TryOpen("olga").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(RoomEventsTest, RefusesCursorsThatAreNone) {
  store_.Say("o", "one");
  for (const std::string& cursor :
       {std::string("event:1"), std::string("1"), FormatEventCursor("0123456789abcdef", 2),
        FormatEventCursor("another key 1234", 1)}) {
    const absl::Status refused = TryOpen("olga", cursor).status();
    EXPECT_EQ(GetReason(refused), "INVALID_CURSOR") << cursor;
  }
  EXPECT_TRUE(TryOpen("olga", FormatEventCursor("0123456789abcdef", 1)).ok());
}

TEST_F(RoomEventsTest, GoesOnWhereTheStoreWasAwayForAWhile) {
  const auto stream = Open("olga");
  Settle();
  store_.Fail(2);
  store_.Say("o", "during");
  Happen();

  std::vector<v1::ConversationEvent> events;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (events.empty() && absl::Now() < deadline)
    events = Drain(*stream);
  EXPECT_THAT(Shown(events), ElementsAre("message during"));
}

TEST_F(RoomEventsTest, FindsWhatNobodyTold) {
  const auto stream = Open("olga");
  Settle();
  store_.Say("o", "quietly");
  EXPECT_THAT(Drain(*stream), IsEmpty());

  EXPECT_TRUE(tails_.Look().ok());
  Settle();

  EXPECT_THAT(Shown(Drain(*stream)), ElementsAre("message quietly"));
  const int before = store_.reads();
  EXPECT_TRUE(tails_.Look().ok());
  Settle();
  EXPECT_EQ(store_.reads(), before);
}

TEST_F(RoomEventsTest, ForgetsARoomThatNobodyFollows) {
  auto stream = Open("olga");
  Settle();
  stream.reset();
  const int before = store_.reads();

  store_.Say("o", "alone");
  Happen();
  EXPECT_TRUE(tails_.Look().ok());
  Settle();

  EXPECT_EQ(store_.reads(), before);
}

}  // namespace
}  // namespace dramatis::conversation
