#include "services/conversation/turns/turn_events.h"

#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

constexpr char kTurn[] = "01890a5d-ac96-774b-bcce-b302099a8057";

std::shared_ptr<LiveTurn> NewTurn(int attempt = 1, const std::string& text = "") {
  return std::make_shared<LiveTurn>(TurnFacts{.conversation_id = "c",
                                              .turn_id = kTurn,
                                              .session_id = "demo",
                                              .user_id = "alice",
                                              .user_message_id = "m1"},
                                    attempt, text);
}

v1::ChatResponse Answer(const std::string& text) {
  v1::ChatResponse response;
  response.set_response(text);
  return response;
}

std::string Cursor(const std::string& position) {
  return std::string(kTurn) + ":" + position;
}

TEST(TurnEventsTest, GivesASlowReaderLargerPieces) {
  const auto turn = NewTurn();
  TurnEvents events(turn, std::nullopt);
  EXPECT_EQ(events.Poll().event->start().user_message_id(), "m1");
  EXPECT_FALSE(events.Poll().event.has_value());

  turn->text().Append("one ");
  turn->text().Append("two");
  const auto delta = events.Poll();
  turn->Finish(Answer("one two"));
  const auto done = events.Poll();

  EXPECT_EQ(delta.event->delta().text(), "one two");
  EXPECT_EQ(delta.event->cursor(), Cursor("1:7"));
  EXPECT_FALSE(delta.end.has_value());
  EXPECT_EQ(done.event->done().response(), "one two");
  EXPECT_EQ(done.event->cursor(), Cursor("1:7:end"));
  EXPECT_TRUE(done.end->ok());
}

TEST(TurnEventsTest, WakesItsReader) {
  const auto turn = NewTurn();
  int woken = 0;
  {
    TurnEvents events(turn, std::nullopt);
    events.OnReady([&woken] { ++woken; });
    turn->text().Append("x");
    turn->Finish(Answer("x"));
  }
  EXPECT_EQ(woken, 2);
}

TEST(TurnEventsTest, ResetsWhenAnotherAttemptBegins) {
  const auto turn = NewTurn();
  turn->text().Append("first");
  TurnEvents events(turn, LiveCursor{1, 5});
  EXPECT_FALSE(events.Poll().event.has_value());

  turn->text().Restart(2);
  turn->text().Append("second");

  const auto reset = events.Poll();
  EXPECT_EQ(reset.event->reset().text(), "second");
  EXPECT_EQ(reset.event->cursor(), Cursor("2:6"));
}

TEST(TurnEventsTest, WaitsWhereTheClientIsAheadOfAMirror) {
  const auto turn = NewTurn(1, "one ");
  TurnEvents events(turn, LiveCursor{1, 8});
  EXPECT_FALSE(events.Poll().event.has_value());

  turn->text().Append("two three");

  EXPECT_EQ(events.Poll().event->delta().text(), "three");
}

TEST(TurnEventsTest, ResetsACursorThatTheTextNeverReached) {
  const auto turn = NewTurn(1, "short");
  turn->Finish(Answer("short"));
  TurnEvents events(turn, LiveCursor{1, 99});

  EXPECT_EQ(events.Poll().event->reset().text(), "short");
  EXPECT_TRUE(events.Poll().event->has_done());
}

TEST(TurnEventsTest, ResetsACursorInsideACodePoint) {
  TurnEvents events(NewTurn(1, "ü"), LiveCursor{1, 1});

  EXPECT_EQ(events.Poll().event->reset().text(), "ü");
}

TEST(TurnEventsTest, EndsWithTheTurnsErrorAfterItsText) {
  const auto turn = NewTurn();
  turn->text().Append("par");
  turn->Finish(UnavailableError("broken"));
  TurnEvents events(turn, LiveCursor{});

  EXPECT_EQ(events.Poll().event->delta().text(), "par");
  const auto end = events.Poll();
  EXPECT_FALSE(end.event.has_value());
  EXPECT_EQ(GetReason(*end.end), "UNAVAILABLE");
}

// What comes to a follower that goes on from here with the end seen or not.
TurnEvents::Next Resumed(const std::shared_ptr<LiveTurn>& turn, LiveCursor at, bool seen_end) {
  return TurnEvents(turn, at, /*with_usage=*/true, seen_end).Poll();
}

TEST(TurnEventsTest, SaysNothingMoreToWhomHasSeenTheEnd) {
  const auto turn = NewTurn(1, "short");
  turn->Finish(Answer("short"));

  const auto seen = Resumed(turn, {1, 5}, /*seen_end=*/true);
  EXPECT_FALSE(seen.event.has_value());
  EXPECT_TRUE(seen.end.has_value() && seen.end->ok());
  EXPECT_TRUE(Resumed(turn, {1, 5}, /*seen_end=*/false).event->has_done());
}

TEST(TurnEventsTest, AnEndThatHasBeenSeenIsOfItsAttempt) {
  const auto turn = NewTurn(2, "second");
  turn->Finish(Answer("second"));
  TurnEvents events(turn, LiveCursor{1, 5}, /*with_usage=*/true, /*seen_end=*/true);

  EXPECT_EQ(events.Poll().event->reset().text(), "second");
  EXPECT_TRUE(events.Poll().event->has_done());
}

TEST(TurnEventsTest, AnErrorNamesItsCursorWhereItIsTheTurnsEnd) {
  const auto failed = NewTurn(1, "par");
  failed->Finish(UnavailableError("broken"));
  const auto left = NewTurn(1, "par");
  left->Leave(UnavailableError("goes on elsewhere"));

  EXPECT_EQ(GetFact(*Resumed(failed, {1, 3}, false).end, kCursorFact), Cursor("1:3:end"));
  EXPECT_TRUE(Resumed(failed, {1, 3}, true).end->ok());
  EXPECT_EQ(GetFact(*Resumed(left, {1, 3}, false).end, kCursorFact), "");
  EXPECT_FALSE(Resumed(left, {1, 3}, true).end->ok());
}

TEST(WhenEndedTest, CallsOnceHoweverLateItIsAsked) {
  Executor executor(1, 10);
  const auto turn = NewTurn();
  std::atomic<int> calls = 0;
  WhenEnded(turn, executor, [&] { ++calls; });
  turn->text().Append("x");
  turn->Finish(Answer("x"));
  turn->Finish(UnavailableError("too late"));
  WhenEnded(turn, executor, [&] { ++calls; });

  executor.Stop();

  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(turn->outcome().ok());
  EXPECT_EQ(turn.use_count(), 1);  // nobody keeps it for its end
}

}  // namespace
}  // namespace dramatis::conversation
