#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/sql/rooms/events.h"
#include "services/conversation/sql/store.h"
#include "services/conversation/sql/turn_store.h"
#include "services/conversation/testing/room_store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// The room of olga, with the AI `g`, who answers after a second whatever is said.
class RoomTurnsStoreTest : public RoomStoreTest {
 protected:
  RoomTurnsStoreTest() : turns_(db(), feed_) {
    Room room = NewRoom();
    room.participants[1].kind = PersonaKind::kAgent;
    Add(room, TestParticipant("h", "olga", Role::kGuest, PersonaKind::kAgent));
    room_ = Create(std::move(room));
  }

  PlannedTurnRow SayPlanned(const std::string& content = "Hello") {
    NewRoomMessage message = Message(room_, content);
    message.plan = &RoomStoreTest::Plan;
    const auto appended = store_.AppendRoomMessage(message, Once());
    EXPECT_TRUE(appended.ok()) << appended.status();
    EXPECT_EQ(appended->result.turns.size(), 1);
    return appended->result.turns.front();
  }
  WaitingTurn Waiting(const std::string& turn_id) {
    return {room_.row.conversation_id, turn_id, clock_.Now()};
  }
  Lease LeaseOf(const std::string& owner = "me") {
    return {.owner = owner, .address = owner, .expires_at = clock_.Now() + absl::Seconds(15)};
  }
  std::optional<TurnJob> Claim(const std::string& turn_id, bool any_lease = false) {
    const auto job = turns_.ClaimTurn(Waiting(turn_id), LeaseOf(), clock_.Now(), any_lease);
    EXPECT_TRUE(job.ok()) << job.status();
    return *job;
  }
  // Says something and claims the turn when it is due.
  TurnJob Running() {
    const PlannedTurnRow planned = SayPlanned();
    clock_.Advance(absl::Seconds(1));
    std::optional<TurnJob> job = Claim(planned.turn_id);
    EXPECT_TRUE(job.has_value());
    return *job;
  }
  std::vector<std::string> Due(bool any_lease = false) {
    const auto due = turns_.ListDueTurns(clock_.Now(), any_lease, 10);
    EXPECT_TRUE(due.ok()) << due.status();
    std::vector<std::string> ids;
    for (const WaitingTurn& turn : *due)
      ids.push_back(turn.turn_id);
    return ids;
  }
  TurnEnd Reply(const TurnJob& job, const std::string& text = "Hi") {
    TurnEnd end;
    end.turn = job.turn.fenced();
    end.in_room = true;
    end.state = TurnState::kDone;
    end.text = text;
    end.message_id = ids_.NewId();
    end.persona_id = job.turn.persona_id;
    end.finish_reason = "stop";
    end.model = "fake/model";
    end.usage = "usage";
    end.manifest = "manifest";
    end.now = clock_.Now();
    return end;
  }
  EndedTurn End(const TurnEnd& end, const TurnPlanner& plan = {}) {
    const auto ended = turns_.EndTurn(end, plan);
    EXPECT_TRUE(ended.ok()) << ended.status();
    return *ended;
  }
  TurnRow Turn(const std::string& id) { return **turns_.FindTurn(id); }
  // Says something as somebody else than the room's user, with a key.
  std::string SayAs(const std::string& user, const std::string& key) {
    NewRoomMessage message = Message(room_);
    message.user_id = user;
    message.key = key;
    message.plan = &RoomStoreTest::Plan;
    const auto appended = store_.AppendRoomMessage(message, Once());
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended->result.turns.front().turn_id;
  }
  RequestedTurn Request(const std::string& trigger = "", const std::string& persona = "g") {
    return {.conversation_id = room_.row.conversation_id,
            .turn_id = ids_.NewId(),
            .persona_id = persona,
            .trigger_message_id = trigger,
            .payer = {.user_id = "pia", .key = "k7 500"},
            .lease = LeaseOf(),
            .now = clock_.Now(),
            .check = Allow};
  }
  void Change(const RoomChange& change) {
    const auto changed = store_.ChangeRoom(room_.row.conversation_id, clock_.Now(), change, Once());
    ASSERT_TRUE(changed.ok()) << changed.status();
  }
  // What the room's events say of turns: "state reason".
  std::vector<std::string> ReasonsOfTurns() {
    SqlRoomEventStore events(db());
    const auto read = events.ReadEvents(room_.row.conversation_id, 0, 100);
    std::vector<std::string> reasons;
    for (const RoomEvent& event : (**read).events) {
      if (event.row.kind != EventKind::kTurn) continue;
      reasons.push_back(absl::StrCat(NameOf(event.row.turn_state), " ", event.row.reason));
    }
    return reasons;
  }
  std::string ErrorOf(const std::string& turn_id) {
    return GetReason(ParseError(Turn(turn_id).error));
  }

  SqlTurnStore turns_;
  Room room_;
};

TEST_P(RoomTurnsStoreTest, ATurnIsTakenWhenItIsDueAndOnlyOnce) {
  const PlannedTurnRow planned = SayPlanned();
  EXPECT_THAT(Due(), IsEmpty());
  EXPECT_FALSE(Claim(planned.turn_id).has_value());
  EXPECT_FALSE(Claim(planned.turn_id, /*any_lease=*/true).has_value());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Due(), ElementsAre(planned.turn_id));

  const std::optional<TurnJob> job = Claim(planned.turn_id);

  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(job->message, "Hello");
  EXPECT_EQ(job->room->participants.size(), 3);
  EXPECT_EQ(job->turn.attempt, 1);
  EXPECT_EQ(job->turn.interruptions, 0);
  EXPECT_EQ(job->turn.state, TurnState::kRunning);
  EXPECT_EQ(job->turn.lease.owner, "me");
  v1::TurnScore score;
  score.ParseFromString(job->turn.score);
  EXPECT_EQ(score.total(), 0.5);
  EXPECT_FALSE(Claim(planned.turn_id).has_value());
  EXPECT_THAT(Due(), IsEmpty());
  EXPECT_THAT(Events(room_), Contains("turn " + planned.turn_id + " running g"));
}

TEST_P(RoomTurnsStoreTest, OfManyWorkersOneTakesIt) {
  const PlannedTurnRow planned = SayPlanned();
  clock_.Advance(absl::Seconds(1));
  std::vector<std::thread> workers;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      const auto job = turns_.ClaimTurn(Waiting(planned.turn_id), LeaseOf(), clock_.Now(), false);
      if (job.ok() && job->has_value()) ++taken;
    });
  }
  for (std::thread& worker : workers)
    worker.join();

  EXPECT_EQ(taken, 1);
}

TEST_P(RoomTurnsStoreTest, ABurstMovesTheTurnThatHasNotBegun) {
  const PlannedTurnRow first = SayPlanned("one");
  clock_.Advance(absl::Milliseconds(900));
  const PlannedTurnRow second = SayPlanned("two");
  EXPECT_EQ(second.turn_id, first.turn_id);
  clock_.Advance(absl::Milliseconds(900));
  EXPECT_FALSE(Claim(first.turn_id).has_value());
  clock_.Advance(absl::Milliseconds(100));

  const std::optional<TurnJob> job = Claim(first.turn_id);

  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(job->message, "two");
  EXPECT_EQ(job->turn.trigger_sequence, 2);
  EXPECT_THAT(TurnStates(room_), ElementsAre("running"));
}

TEST_P(RoomTurnsStoreTest, APersonaRunsOneTurnAtATime) {
  const TurnJob first = Running();
  const PlannedTurnRow second = SayPlanned("more");
  clock_.Advance(absl::Seconds(1));
  EXPECT_NE(second.turn_id, first.turn.turn_id);
  EXPECT_THAT(Due(), IsEmpty());
  EXPECT_FALSE(Claim(second.turn_id).has_value());

  const EndedTurn ended = End(Reply(first));

  ASSERT_EQ(ended.waiting.size(), 1);
  EXPECT_EQ(ended.waiting[0].turn_id, second.turn_id);
  EXPECT_TRUE(Claim(second.turn_id).has_value());
}

TEST_P(RoomTurnsStoreTest, AReplyIsStoredWithTheTurnsEnd) {
  const TurnJob job = Running();
  const TurnEnd end = Reply(job);

  EXPECT_EQ(End(end).result, EndResult::kEnded);

  const std::vector<MessageRow> messages = Messages(room_);
  ASSERT_EQ(messages.size(), 2);
  EXPECT_EQ(messages[1].content, "Hi");
  EXPECT_EQ(messages[1].persona_id, "g");
  EXPECT_EQ(messages[1].user_id, "gina");
  EXPECT_EQ(messages[1].turn_id, job.turn.turn_id);
  EXPECT_EQ(messages[1].model, "fake/model");
  EXPECT_EQ(messages[1].usage, "usage");
  EXPECT_EQ(messages[1].turn_reason, "addressed");
  EXPECT_EQ(messages[0].turn_reason, "");
  const std::vector<std::string> events = Events(room_);
  ASSERT_GE(events.size(), 2);
  EXPECT_EQ(events[events.size() - 2], "message 2 ");
  EXPECT_EQ(events.back(), "turn " + job.turn.turn_id + " done g");
  EXPECT_EQ(Turn(job.turn.turn_id).state, TurnState::kDone);
  EXPECT_EQ(Turn(job.turn.turn_id).text, "Hi");
  const auto replied = turns_.FindRepliedTurn(room_.row.conversation_id, end.message_id);
  ASSERT_TRUE(replied.ok() && replied->has_value());
  EXPECT_EQ((*replied)->manifest, "manifest");
  EXPECT_FALSE(
      turns_.FindRepliedTurn(room_.row.conversation_id, messages[0].message_id)->has_value());
  EXPECT_EQ(End(end).result, EndResult::kLost);  // once
  EXPECT_EQ(Messages(room_).size(), 2);
}

TEST_P(RoomTurnsStoreTest, WhoLostTheLeaseWritesNothing) {
  const TurnJob lost = Running();
  clock_.Advance(absl::Seconds(16));
  EXPECT_THAT(Due(), ElementsAre(lost.turn.turn_id));
  const std::optional<TurnJob> taken = Claim(lost.turn.turn_id);
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->turn.attempt, 2);
  EXPECT_EQ(taken->turn.interruptions, 1);

  EXPECT_EQ(End(Reply(lost, "late")).result, EndResult::kLost);
  EXPECT_EQ(End(Reply(*taken, "in time")).result, EndResult::kEnded);

  EXPECT_EQ(Messages(room_).size(), 2);
  EXPECT_EQ(Messages(room_)[1].content, "in time");
}

TEST_P(RoomTurnsStoreTest, AllLeasesAreNobodysWhereNoOtherProcessIs) {
  const TurnJob job = Running();
  const PlannedTurnRow not_due = SayPlanned("more");

  EXPECT_THAT(Due(/*any_lease=*/true), ElementsAre(job.turn.turn_id));
  EXPECT_TRUE(Claim(job.turn.turn_id, /*any_lease=*/true).has_value());
  EXPECT_FALSE(Claim(not_due.turn_id, /*any_lease=*/true).has_value());
}

TEST_P(RoomTurnsStoreTest, WhatWasHandedOverIsDueAtOnceAndWasNotInterrupted) {
  const TurnJob job = Running();
  ASSERT_TRUE(turns_.ReleaseTurn(job.turn.fenced(), "so far", clock_.Now()).ok());

  const std::optional<TurnJob> taken = Claim(job.turn.turn_id);

  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->turn.attempt, 2);
  EXPECT_EQ(taken->turn.interruptions, 0);
}

TEST_P(RoomTurnsStoreTest, SessionsAreNotAmongThem) {
  const TurnJob job = Running();
  clock_.Advance(absl::Hours(1));

  const auto taken = turns_.TakeOver(
      LeaseOf(), clock_.Now(), /*any_lease=*/true, [](const std::string&) { return false; }, 10);

  ASSERT_TRUE(taken.ok());
  EXPECT_TRUE(taken->empty());
}

TEST_P(RoomTurnsStoreTest, NothingIsStoredOfATurnThatWasStopped) {
  const std::map<std::string, std::function<void(Room&)>> stops = {
      {"CONVERSATION_CLOSED", [](Room& room) { room.row.status = RoomStatus::kCompleted; }},
      {"INVALID_STATE", [](Room& room) { room.row.status = RoomStatus::kPaused; }},
      {"NOT_PARTICIPANT", [&](Room& room) { room.participants[1].left_at = clock_.Now(); }},
  };
  for (const auto& [code, stop] : stops) {
    Room room = NewRoom();
    room.participants[1].kind = PersonaKind::kAgent;
    room_ = Create(std::move(room));
    const TurnJob job = Running();
    const PlannedTurnRow waiting = SayPlanned("more");

    Change([&, change = stop](Room& changed) {
      change(changed);
      return absl::OkStatus();
    });

    EXPECT_EQ(End(Reply(job)).result, EndResult::kLost) << code;
    EXPECT_EQ(Messages(room_).size(), 2);
    for (const std::string& id : {job.turn.turn_id, waiting.turn_id}) {
      EXPECT_EQ(Turn(id).state, TurnState::kCancelled);
      EXPECT_EQ(ErrorOf(id), code);
      EXPECT_THAT(Events(room_), Contains("turn " + id + " cancelled g"));
    }
  }
}

TEST_P(RoomTurnsStoreTest, NothingIsStoredInARoomThatIsGone) {
  const TurnJob job = Running();
  ASSERT_TRUE(store_.DeleteRoom(room_.row.conversation_id, clock_.Now(), Allow).ok());

  EXPECT_EQ(End(Reply(job)).result, EndResult::kLost);
  EXPECT_THAT(Due(/*any_lease=*/true), IsEmpty());
}

TEST_P(RoomTurnsStoreTest, AReplyMayCloseTheRoom) {
  Change([](Room& room) {
    room.row.constraints.set_max_messages(2);
    return absl::OkStatus();
  });
  const TurnJob job = Running();
  bool planned = false;

  const EndedTurn ended = End(Reply(job), [&](const auto&, const auto&, const auto&) {
    planned = true;
    return std::vector<PlannedTurnRow>();
  });

  EXPECT_EQ(ended.result, EndResult::kEnded);
  EXPECT_FALSE(planned);
  EXPECT_TRUE(Find(room_.row.conversation_id).row.closed());
  EXPECT_EQ(Turn(job.turn.turn_id).state, TurnState::kDone);
}

TEST_P(RoomTurnsStoreTest, AReplyMakesTheTurnsThatAnswerIt) {
  const TurnJob job = Running();
  const TurnPlanner plan = [&](const Room&, const std::vector<MessageRow>& recent,
                               const MessageRow& message) {
    EXPECT_EQ(recent.size(), 1);
    EXPECT_EQ(message.sequence, 2);
    PlannedTurnRow turn;
    turn.turn_id = ids_.NewId();
    turn.persona_id = "h";
    turn.depth = 1;
    turn.due_at = clock_.Now();
    return std::vector<PlannedTurnRow>{turn};
  };

  const EndedTurn ended = End(Reply(job), plan);

  ASSERT_EQ(ended.waiting.size(), 1);
  const std::optional<TurnJob> next = Claim(ended.waiting[0].turn_id);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->turn.depth, 1);
  EXPECT_EQ(next->message, "Hi");
}

TEST_P(RoomTurnsStoreTest, WhoeverWroteTheMessagePaysAlsoForTheChainItBegins) {
  EXPECT_EQ(Turn(SayAs("olga", "")).payer(), "olga");
  const std::string turn_id = SayAs("pia", "k1 500");  // it waits, and answers this one now
  EXPECT_EQ(Turn(turn_id).payer(), "pia");
  EXPECT_EQ(Turn(turn_id).payer_key, "k1 500");
  EXPECT_EQ(Turn(turn_id).user_id, "olga");
  clock_.Advance(absl::Seconds(1));
  const std::optional<TurnJob> job = Claim(turn_id);
  ASSERT_TRUE(job.has_value());
  const EndedTurn ended = End(Reply(*job), [](const Room&, const auto&, const MessageRow& message) {
    PlannedTurnRow turn;
    turn.turn_id = "next";
    turn.persona_id = "h";
    turn.depth = 1;
    turn.due_at = message.created_at;
    return std::vector<PlannedTurnRow>{turn};
  });
  ASSERT_EQ(ended.waiting.size(), 1);
  EXPECT_EQ(Turn("next").payer(), "pia");
  EXPECT_EQ(Turn("next").payer_key, "k1 500");
}

TEST_P(RoomTurnsStoreTest, WhoeverAsksForAReplyPaysForIt) {
  const std::string turn_id = SayAs("olga", "k1");
  const auto started = turns_.StartRequestedTurn(Request(), Once());
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->result.turn_id, turn_id);
  EXPECT_EQ(Turn(turn_id).payer(), "pia");
  EXPECT_EQ(Turn(turn_id).payer_key, "k7 500");
}

TEST_P(RoomTurnsStoreTest, WhatAHumanSaidIsNotGivenUpForAnAi) {
  const TurnJob job = Running();
  const PlannedTurnRow to_human = SayPlanned("Gina?");  // g's next one
  TurnEnd end = Reply(job);
  end.persona_id = "g";
  const TurnPlanner plan = [](const Room&, const auto&, const MessageRow& message) {
    PlannedTurnRow turn;
    turn.turn_id = "other";
    turn.persona_id = "g";
    turn.depth = 1;
    turn.due_at = message.created_at;
    return std::vector<PlannedTurnRow>{turn};
  };

  const EndedTurn ended = End(end, plan);

  ASSERT_EQ(ended.waiting.size(), 1);
  EXPECT_EQ(ended.waiting[0].turn_id, to_human.turn_id);
  EXPECT_EQ(Turn(to_human.turn_id).trigger_sequence, 2);
  EXPECT_EQ(Turn(to_human.turn_id).depth, 0);
}

TEST_P(RoomTurnsStoreTest, AFailedTurnKeepsItsErrorAndCanBeTriedAgain) {
  const TurnJob job = Running();
  TurnEnd end = Reply(job, "so far");
  end.state = TurnState::kFailed;
  end.message_id.clear();
  end.error = SerializeError(UnavailableError("down"));
  EXPECT_EQ(End(end).result, EndResult::kEnded);
  EXPECT_EQ(Events(room_).back(), "turn " + job.turn.turn_id + " failed g");
  EXPECT_EQ(Messages(room_).size(), 1);
  const auto answer = [](const TurnRow& turn) { return absl::StrCat("attempt ", turn.attempt); };
  const TurnRow failed = Turn(job.turn.turn_id);

  const auto again = turns_.RetryTurn(failed, LeaseOf(), clock_.Now(), Allow, answer, Once("key"));
  const auto replay = turns_.RetryTurn(failed, LeaseOf(), clock_.Now(), Allow, answer, Once("key"));
  const auto running = turns_.RetryTurn(failed, LeaseOf(), clock_.Now(), Allow, answer, Once());

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->result.answer, "attempt 2");
  ASSERT_TRUE(again->result.job.has_value());
  EXPECT_TRUE(replay->replayed);
  EXPECT_FALSE(replay->result.job.has_value());
  EXPECT_EQ(GetReason(running.status()), "TURN_IN_PROGRESS");
  EXPECT_EQ(End(Reply(*again->result.job)).result, EndResult::kEnded);
  EXPECT_EQ(
      GetReason(turns_.RetryTurn(failed, LeaseOf(), clock_.Now(), Allow, answer, Once()).status()),
      "TURN_NOT_FAILED");
}

TEST_P(RoomTurnsStoreTest, ARequestedTurnBeginsAtOnce) {
  const std::string message = Say(room_).message.message_id;

  const auto started = turns_.StartRequestedTurn(Request(), Once("key"));
  const auto replay = turns_.StartRequestedTurn(Request(), Once("key"));
  const auto other = turns_.StartRequestedTurn(Request(), Once());

  ASSERT_TRUE(started.ok()) << started.status();
  ASSERT_TRUE(started->result.job.has_value());
  const TurnRow turn = Turn(started->result.turn_id);
  EXPECT_EQ(turn.trigger_message_id, message);
  EXPECT_EQ(turn.state, TurnState::kRunning);
  EXPECT_EQ(turn.attempt, 1);
  EXPECT_TRUE(turn.requested);
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(replay->result.turn_id, turn.turn_id);
  EXPECT_EQ(GetReason(other.status()), "TURN_IN_PROGRESS");
  EXPECT_EQ(End(Reply(*started->result.job)).result, EndResult::kEnded);
  EXPECT_EQ(GetReason(turns_.StartRequestedTurn(Request(message), Once()).status()),
            "ALREADY_ANSWERED");
  // The newest is its own by now.
  EXPECT_TRUE(turns_.StartRequestedTurn(Request(), Once()).ok());
}

TEST_P(RoomTurnsStoreTest, EventsSayWhyATurnIsSomebodysUntilItHasEnded) {
  const TurnJob planned = Running();
  End(Reply(planned));
  const auto asked = turns_.StartRequestedTurn(Request(), Once());
  ASSERT_TRUE(asked.ok()) << asked.status();
  End(Reply(*asked->result.job));

  EXPECT_THAT(ReasonsOfTurns(), ElementsAre("pending addressed", "running addressed", "done ",
                                            "running requested", "done "));
  EXPECT_EQ(Messages(room_).back().turn_reason, "requested");
}

TEST_P(RoomTurnsStoreTest, ARequestTakesTheTurnThatWaits) {
  const PlannedTurnRow waiting = SayPlanned();
  const std::string newer = Say(room_, "more").message.message_id;

  const auto started = turns_.StartRequestedTurn(Request(), Once());

  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->result.turn_id, waiting.turn_id);
  EXPECT_EQ(Turn(waiting.turn_id).trigger_message_id, newer);
  EXPECT_THAT(TurnStates(room_), ElementsAre("running"));
}

TEST_P(RoomTurnsStoreTest, ATurnThatWasCancelledAfterItSpokeIsNotBegunAgain) {
  const TurnJob job = Running();
  TurnEnd end = Reply(job, "So far");
  end.state = TurnState::kCancelled;
  EXPECT_EQ(End(end).result, EndResult::kEnded);
  const int messages = static_cast<int>(Messages(room_).size());

  const auto again = turns_.StartRequestedTurn(Request(job.turn.trigger_message_id), Once());
  const auto retried = turns_.RetryTurn(
      Turn(job.turn.turn_id), LeaseOf(), clock_.Now(), Allow, [](const TurnRow&) { return ""; },
      Once());

  EXPECT_EQ(GetReason(again.status()), "ALREADY_ANSWERED");
  EXPECT_EQ(GetReason(retried.status()), "TURN_NOT_FAILED");
  EXPECT_EQ(Turn(job.turn.turn_id).state, TurnState::kCancelled);
  EXPECT_EQ(Messages(room_).size(), messages);
}

TEST_P(RoomTurnsStoreTest, ATurnThatWasCancelledBeforeItSpokeMayBeAskedFor) {
  const TurnJob job = Running();
  TurnEnd end = Reply(job, "");
  end.state = TurnState::kCancelled;
  end.message_id.clear();
  EXPECT_EQ(End(end).result, EndResult::kEnded);

  const auto again = turns_.StartRequestedTurn(Request(job.turn.trigger_message_id), Once());

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->result.turn_id, job.turn.turn_id);
}

TEST_P(RoomTurnsStoreTest, ARequestInAnEmptyRoomAnswersNothing) {
  const auto started = turns_.StartRequestedTurn(Request(), Once());

  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->result.job->message, "");
  EXPECT_EQ(Turn(started->result.turn_id).trigger_sequence, 0);
}

TEST_P(RoomTurnsStoreTest, ARefusedRequestLeavesNoTrace) {
  const MessageRow message = Say(room_).message;
  ASSERT_TRUE(store_.ChangeRoomMessage(RoomStoreTest::Change(room_, message, std::nullopt)).ok());
  const std::vector<std::string> events = Events(room_);
  RequestedTurn refused = Request();
  refused.check = [](const Room&) { return PermissionError("no"); };

  EXPECT_TRUE(absl::IsPermissionDenied(turns_.StartRequestedTurn(refused, Once()).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(turns_.StartRequestedTurn(Request("nowhere"), Once()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      turns_.StartRequestedTurn(Request(message.message_id), Once()).status()));

  EXPECT_THAT(TurnStates(room_), IsEmpty());
  EXPECT_EQ(Events(room_), events);
}

TEST_P(RoomTurnsStoreTest, ATurnThatIsToBeCancelledNeedNotBeDue) {
  const PlannedTurnRow planned = SayPlanned();
  ASSERT_TRUE(turns_.RequestCancel(Turn(planned.turn_id), clock_.Now(), Once()).ok());

  const std::optional<TurnJob> job = Claim(planned.turn_id);

  ASSERT_TRUE(job.has_value());
  EXPECT_TRUE(job->turn.cancel_requested);
  EXPECT_EQ(job->turn.attempt, 0);
}

TEST_P(RoomTurnsStoreTest, WhatWasHiddenBeforeAnybodyHeardItIsNotAnswered) {
  const PlannedTurnRow planned = SayPlanned();
  const MessageRow message = Messages(room_)[0];
  ASSERT_TRUE(store_.ChangeRoomMessage(RoomStoreTest::Change(room_, message, std::nullopt)).ok());
  clock_.Advance(absl::Seconds(1));

  EXPECT_FALSE(Claim(planned.turn_id).has_value());

  EXPECT_EQ(Turn(planned.turn_id).state, TurnState::kCancelled);
  EXPECT_EQ(ErrorOf(planned.turn_id), "MESSAGE_HIDDEN");
  EXPECT_EQ(Events(room_).back(), "turn " + planned.turn_id + " cancelled g");
}

TEST_P(RoomTurnsStoreTest, HistoryIsTheNewestFirstWithThoseHiddenMarked) {
  for (int i = 1; i <= 5; ++i)
    Say(room_, absl::StrCat(i));
  const MessageRow hidden = Messages(room_)[3];
  ASSERT_TRUE(store_.ChangeRoomMessage(RoomStoreTest::Change(room_, hidden, std::nullopt)).ok());

  const auto history = SqlStore(db()).ListMessages({.conversation_id = room_.row.conversation_id,
                                                    .descending = true,
                                                    .beyond_sequence = 6,
                                                    .limit = 3});

  ASSERT_TRUE(history.ok());
  std::vector<std::string> texts;
  for (const MessageRow& row : *history)
    texts.push_back(row.hidden ? "hidden" : row.content);
  EXPECT_THAT(texts, ElementsAre("5", "hidden", "3"));
}

DRAMATIS_ON_EVERY_ENGINE(RoomTurnsStoreTest);

}  // namespace
}  // namespace dramatis::conversation
