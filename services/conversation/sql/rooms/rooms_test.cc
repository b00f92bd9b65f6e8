// What RoomStore promises, on every engine.
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/testing/room_store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(RoomStoreTest, ReadsBackWhatWasStored) {
  Room room = NewRoom();
  room.row.topic = "topic";
  room.row.description = "description";
  room.row.goal = "goal";
  room.row.topic_tags = {"art", "new music"};
  room.row.visibility = RoomVisibility::kUnlisted;
  room.row.constraints.add_forbidden_topics("war");
  room.row.settings.set_auto_close_after_hours(3);
  SetClosesAt(room.row);
  room.participants[1].facts = std::string("\x00\xff", 2);
  room.participants[1].kind = PersonaKind::kAmbiguous;
  room.participants[1].revealed = true;
  Create(room);

  const Room read = Find(room.row.conversation_id);

  EXPECT_EQ(read.row.title, "Title");
  EXPECT_EQ(read.row.topic + read.row.description + read.row.goal, "topicdescriptiongoal");
  EXPECT_THAT(read.row.topic_tags, ElementsAre("art", "new music"));
  EXPECT_EQ(read.row.visibility, RoomVisibility::kUnlisted);
  EXPECT_EQ(read.row.constraints.forbidden_topics(0), "war");
  EXPECT_EQ(read.row.settings.auto_close_after_hours(), 3);
  EXPECT_EQ(*read.row.closes_at, clock_.Now() + absl::Hours(3));
  EXPECT_EQ(read.row.status, RoomStatus::kActive);
  EXPECT_EQ(read.row.version, 1);
  EXPECT_EQ(read.row.last_message_at, clock_.Now());
  ASSERT_THAT(read.participants, SizeIs(2));
  EXPECT_EQ(read.participants[0].persona_id, "o");
  EXPECT_EQ(read.participants[0].role, Role::kInitiator);
  EXPECT_EQ(read.participants[1].facts, std::string("\x00\xff", 2));
  EXPECT_EQ(read.participants[1].kind, PersonaKind::kAmbiguous);
  EXPECT_TRUE(read.participants[1].revealed);
  EXPECT_TRUE(read.participants[1].present());
  EXPECT_THAT(Events(room), IsEmpty());
  EXPECT_FALSE(store_.FindRoom("another")->has_value());
}

// Answers that tell one thing of the room.
v1::Conversation ShowId(const Room& room) {
  v1::Conversation shown;
  shown.set_title(room.row.conversation_id);
  return shown;
}
v1::Conversation ShowTitle(const Room& room) {
  v1::Conversation shown;
  shown.set_title(room.row.title);
  return shown;
}
std::string Answered(const Idempotent<Room>& replay) {
  v1::Conversation shown;
  EXPECT_TRUE(shown.ParseFromString(replay.first_answer));
  return shown.title();
}

TEST_P(RoomStoreTest, CreatesARoomOncePerKey) {
  const Room room = NewRoom();
  const auto first = store_.CreateRoom(room, {}, {Once("key"), ShowId});
  const auto second = store_.CreateRoom(NewRoom(), {}, {Once("key"), ShowId});

  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(Answered(*second), room.row.conversation_id);
  EXPECT_THAT(Listed([](RoomFilter&) {}), SizeIs(1));
}

TEST_P(RoomStoreTest, NumbersMessagesOfManyWritersWithoutGapOrDouble) {
  constexpr int kWriters = 10;
  constexpr int kEach = 10;
  const Room room = Create(NewRoom());
  std::vector<NewRoomMessage> messages;
  for (int i = 0; i < kWriters * kEach; ++i)
    messages.push_back(Message(room, std::to_string(i)));
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      CallContext call;
      call.identity.user_id = "olga";
      for (int i = 0; i < kEach; ++i) {
        const auto& message = messages[static_cast<size_t>(writer) * kEach + i];
        const auto appended =
            store_.AppendRoomMessage(message, Idempotency{call, "Method", request_});
        EXPECT_TRUE(appended.ok()) << appended.status();
      }
    });
  }
  for (std::thread& writer : writers)
    writer.join();

  const std::vector<MessageRow> stored = Messages(room);
  std::set<std::string> contents;
  ASSERT_THAT(stored, SizeIs(kWriters * kEach));
  for (size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].sequence, static_cast<int>(i) + 1);
    contents.insert(stored[i].content);
  }
  EXPECT_THAT(contents, SizeIs(kWriters * kEach));
  const std::vector<std::string> events = Events(room);
  ASSERT_THAT(events, SizeIs(kWriters * kEach));
  EXPECT_EQ(events.back(), "message 100 ");
  EXPECT_EQ(feed_.of(room.row.conversation_id), kWriters * kEach);
}

TEST_P(RoomStoreTest, AppendsAMessageOncePerKeyWithTheSameTurns) {
  const Room room = Create(NewRoom());
  NewRoomMessage message = Message(room);
  message.plan = Plan;
  const auto show = [](const AppendedMessage& appended) {
    return ToCreateMessageResponse(appended, {.user_id = "olga"});
  };
  const auto first = store_.AppendRoomMessage(message, {Once("key"), show});
  message.message_id = ids_.NewId();
  const auto second = store_.AppendRoomMessage(message, {Once("key"), show});

  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(second->first_answer, show(first->result).SerializeAsString());
  EXPECT_THAT(Messages(room), SizeIs(1));
  EXPECT_THAT(TurnStates(room), ElementsAre("pending"));
}

TEST_P(RoomStoreTest, RefusesWithoutATrace) {
  const Room room = Create(NewRoom());
  NewRoomMessage refused = Message(room);
  refused.check = [](const Room&) { return absl::PermissionDeniedError("no"); };
  NewRoomMessage lost = Message(room);
  lost.reply_to_message_id = "nothing";
  NewRoomMessage nowhere = Message(room);
  nowhere.conversation_id = "nowhere";

  EXPECT_TRUE(absl::IsPermissionDenied(store_.AppendRoomMessage(refused, Once("k")).status()));
  EXPECT_EQ(GetReason(store_.AppendRoomMessage(lost, Once("k")).status()), "VALIDATION_FAILED");
  EXPECT_EQ(GetReason(store_.AppendRoomMessage(nowhere, Once("k")).status()), "NOT_FOUND");

  EXPECT_THAT(Messages(room), IsEmpty());
  EXPECT_THAT(Events(room), IsEmpty());
  EXPECT_TRUE(store_.AppendRoomMessage(Message(room), Once("k")).ok());
}

TEST_P(RoomStoreTest, TheMessageThatReachesAConstraintClosesTheRoomAndItsTurns) {
  Room room = NewRoom();
  room.row.constraints.set_max_messages(2);
  Create(room);
  NewRoomMessage first = Message(room);
  first.plan = Plan;
  ASSERT_TRUE(store_.AppendRoomMessage(first, Once()).ok());
  NewRoomMessage second = Message(room);
  second.plan = Plan;

  const auto last = store_.AppendRoomMessage(second, Once());

  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_THAT(last->result.turns, IsEmpty());
  EXPECT_TRUE(last->result.room.row.closed());
  const Room read = Find(room.row.conversation_id);
  EXPECT_EQ(read.row.status, RoomStatus::kCompleted);
  EXPECT_EQ(read.row.close_reason, "max_messages");
  EXPECT_EQ(read.row.version, 2);
  EXPECT_THAT(TurnStates(room), ElementsAre("cancelled"));
  const std::vector<std::string> events = Events(room);
  EXPECT_EQ(events.back(), "state  completed 2 max_messages");
  EXPECT_THAT(events, testing::Contains("turn turn of " + first.message_id + " cancelled g"));
}

TEST_P(RoomStoreTest, KeepsTheOriginalOfWhatIsEditedAndHidden) {
  const Room room = Create(NewRoom());
  const MessageRow message = Say(room, "first").message;

  const auto edited = store_.ChangeRoomMessage(Change(room, message, "second"));
  const auto again = store_.ChangeRoomMessage(Change(room, message, "second, longer"));
  const int characters = Find(room.row.conversation_id).row.characters;
  const auto hidden = store_.ChangeRoomMessage(Change(room, message, std::nullopt));
  const auto hidden_again = store_.ChangeRoomMessage(Change(room, message, std::nullopt));

  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_EQ(edited->content, "second");
  EXPECT_EQ(*edited->original_content, "first");
  EXPECT_EQ(*again->original_content, "first");
  EXPECT_EQ(again->version, 3);
  EXPECT_EQ(characters, 14);
  EXPECT_TRUE(hidden->hidden);
  EXPECT_EQ(hidden->content, "");
  EXPECT_EQ(*hidden->original_content, "first");
  EXPECT_EQ(hidden_again->version, hidden->version);
  const MessageRow read = **store_.FindRoomMessage(room.row.conversation_id, message.message_id);
  EXPECT_TRUE(read.hidden);
  EXPECT_EQ(read.sequence, 1);
  EXPECT_EQ(*read.original_content, "first");
  EXPECT_THAT(Events(room), ElementsAre("message 1 ", "message 1 ", "message 1 ", "message 1 "));
  EXPECT_EQ(GetReason(store_.ChangeRoomMessage(Change(room, MessageRow(), "x")).status()),
            "NOT_FOUND");
}

TEST_P(RoomStoreTest, ReadsWhatCanBeReadBeforeAMessage) {
  const Room room = Create(NewRoom());
  for (const char* content : {"one", "two", "three", "four"})
    Say(room, content);
  ASSERT_TRUE(store_.ChangeRoomMessage(Change(room, Messages(room)[1], std::nullopt)).ok());

  const auto recent = db().Read([&](sql::Transaction& tx) {
    return SelectRecentMessages(tx, room.row.conversation_id, 4, 2);
  });

  ASSERT_THAT(*recent, SizeIs(2));
  EXPECT_EQ((*recent)[0].content, "one");
  EXPECT_EQ((*recent)[1].content, "three");
}

TEST_P(RoomStoreTest, ChangesARoomWithItsParticipants) {
  const Room room = Create(NewRoom());
  NewRoomMessage message = Message(room);
  message.plan = Plan;
  ASSERT_TRUE(store_.AppendRoomMessage(message, Once()).ok());

  const auto changed = store_.ChangeRoom(room.row.conversation_id, clock_.Now(),
                                         [&](Room& now) {
                                           now.row.title = "New";
                                           now.participants[1].left_at = clock_.Now();
                                           Add(now, TestParticipant("n", "nora", Role::kHost));
                                           return absl::OkStatus();
                                         },
                                         {Once("key"), ShowTitle});
  const auto later = [&](Room& now) {
    now.row.title = "Newer";
    return absl::OkStatus();
  };
  ASSERT_TRUE(store_.ChangeRoom(room.row.conversation_id, clock_.Now(), later, Once()).ok());
  const auto replay = store_.ChangeRoom(room.row.conversation_id, clock_.Now(),
                                        [](Room&) { return absl::InternalError("not again"); },
                                        {Once("key"), ShowTitle});

  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(Answered(*replay), "New") << "the first answer";
  const Room read = Find(room.row.conversation_id);
  EXPECT_EQ(read.row.title, "Newer");
  EXPECT_EQ(read.row.version, 3);
  ASSERT_THAT(read.participants, SizeIs(3));
  EXPECT_FALSE(read.participants[1].present());
  EXPECT_EQ(read.participants[2].role, Role::kHost);
  EXPECT_THAT(TurnStates(room), ElementsAre("cancelled"));
  const std::string turn = "turn turn of " + message.message_id;
  EXPECT_THAT(Events(room), ElementsAre("message 1 ", turn + " pending g", turn + " cancelled g",
                                        "participant g ", "participant n ", "state  active 2 ",
                                        "state  active 3 "));
}

TEST_P(RoomStoreTest, ChangesNothingWhereTheChangeIsRefusedOrNone) {
  const Room room = Create(NewRoom());
  const auto refused = store_.ChangeRoom(
      room.row.conversation_id, clock_.Now(),
      [](Room& now) {
        now.row.title = "New";
        return absl::PermissionDeniedError("no");
      },
      Once());
  const auto none = store_.ChangeRoom(
      room.row.conversation_id, clock_.Now(), [](Room&) { return absl::OkStatus(); }, Once());

  EXPECT_TRUE(absl::IsPermissionDenied(refused.status()));
  EXPECT_EQ(none->result.row.version, 1);
  EXPECT_EQ(Find(room.row.conversation_id).row.title, "Title");
  EXPECT_THAT(Events(room), IsEmpty());
}

TEST_P(RoomStoreTest, DeletesSoftlyWhatNobodyReadsAnyMore) {
  const Room room = Create(NewRoom());
  Say(room);

  EXPECT_TRUE(store_.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).ok());

  EXPECT_FALSE(store_.FindRoom(room.row.conversation_id)->has_value());
  EXPECT_THAT(Listed([](RoomFilter& filter) { filter.admin = true; }), IsEmpty());
  EXPECT_EQ(GetReason(store_.AppendRoomMessage(Message(room), Once()).status()), "NOT_FOUND");
  EXPECT_EQ(GetReason(store_.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).status()),
            "NOT_FOUND");
  EXPECT_THAT(Messages(room), SizeIs(1));
}

TEST_P(RoomStoreTest, RevealsOnce) {
  Room room = NewRoom();
  room.participants[1].kind = PersonaKind::kAmbiguous;
  Create(room);
  const auto reveal = [&] {
    return store_.RevealParticipant(room.row.conversation_id, "g", ids_.NewId(), clock_.Now(),
                                    Allow, Once());
  };

  const auto first = reveal();
  const auto second = reveal();

  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_TRUE(Find(room.row.conversation_id).participants[1].revealed);
  ASSERT_THAT(Messages(room), SizeIs(1));
  EXPECT_EQ(Messages(room)[0].type, RoomMessageType::kReveal);
  EXPECT_EQ(Messages(room)[0].user_id, "gina");
  EXPECT_THAT(Events(room), ElementsAre("participant g ", "message 1 "));
}

TEST_P(RoomStoreTest, ClosesWhatIsOverdueOnce) {
  Room room = NewRoom();
  room.row.constraints.set_max_duration_minutes(1);
  SetClosesAt(room.row);
  Create(room);
  Create(NewRoom());
  const absl::Time later = clock_.Now() + absl::Hours(1);

  EXPECT_THAT(*store_.CloseOverdueRooms(clock_.Now(), 10), IsEmpty());
  EXPECT_THAT(*store_.CloseOverdueRooms(later, 10), ElementsAre(room.row.conversation_id));
  EXPECT_THAT(*store_.CloseOverdueRooms(later, 10), IsEmpty());

  const Room read = Find(room.row.conversation_id);
  EXPECT_EQ(read.row.close_reason, "max_duration");
  EXPECT_EQ(*read.row.closed_at, clock_.Now() + absl::Minutes(1));
  EXPECT_THAT(Events(room), ElementsAre("state  completed 2 max_duration"));
}

TEST_P(RoomStoreTest, AnOverdueRoomIsClosedForWhoeverWrites) {
  Room room = NewRoom();
  room.row.constraints.set_max_duration_minutes(1);
  SetClosesAt(room.row);
  Create(room);
  NewRoomMessage late = Message(room);
  late.now = clock_.Now() + absl::Minutes(1);
  bool closed = false;
  late.check = [&](const Room& now) {
    closed = now.row.closed();
    return absl::CancelledError();
  };

  EXPECT_FALSE(store_.AppendRoomMessage(late, Once()).ok());

  EXPECT_TRUE(closed);
}

// The refusal is the caller's, the closing the system's.
TEST_P(RoomStoreTest, ARefusalLeavesAnOverdueRoomClosed) {
  const absl::Time late = clock_.Now() + absl::Minutes(1);
  const auto refuse = [](const Room&) { return absl::CancelledError(); };
  const auto room_with_message = [&] {
    Room room = NewRoom();
    room.row.constraints.set_max_duration_minutes(1);
    SetClosesAt(room.row);
    return Create(room);
  };
  const std::vector<std::function<absl::Status(const Room&, const MessageRow&)>> refusals = {
      [&](const Room& room, const MessageRow&) {
        NewRoomMessage message = Message(room);
        message.now = late;
        message.check = refuse;
        return store_.AppendRoomMessage(message, Once()).status();
      },
      [&](const Room& room, const MessageRow&) {
        return store_.ChangeRoom(room.row.conversation_id, late, refuse, Once()).status();
      },
      [&](const Room& room, const MessageRow&) {
        return store_.DeleteRoom(room.row.conversation_id, late, refuse).status();
      },
      [&](const Room& room, const MessageRow&) {
        return store_.RevealParticipant(room.row.conversation_id, "o", "m", late, refuse, Once())
            .status();
      },
      [&](const Room& room, const MessageRow& message) {
        RoomMessageChange change = Change(room, message, "Other");
        change.now = late;
        change.check = [](const Room&, const MessageRow&) { return absl::CancelledError(); };
        return store_.ChangeRoomMessage(change).status();
      },
  };
  for (const auto& refusal : refusals) {
    const Room room = room_with_message();
    const MessageRow message = Say(room).message;
    const int told = feed_.of(room.row.conversation_id);

    EXPECT_TRUE(absl::IsCancelled(refusal(room, message)));

    EXPECT_EQ(Find(room.row.conversation_id).row.status, RoomStatus::kCompleted);
    EXPECT_EQ(Events(room).back(), "state  completed 2 max_duration");
    EXPECT_EQ(feed_.of(room.row.conversation_id), told + 1);
    EXPECT_THAT(*store_.CloseOverdueRooms(late, 10), IsEmpty());
  }
}

TEST_P(RoomStoreTest, ListsHoldsThatEndSoonAndThoseOfClosedRooms) {
  const Room soon = Create(NewRoom());
  Room later = NewRoom();
  later.row.hold_expires_at = clock_.Now() + absl::Hours(9);
  Create(later);
  Room closed = NewRoom();
  closed.row.hold_expires_at = clock_.Now() + absl::Hours(9);
  Create(closed);
  const auto change = store_.ChangeRoom(
      closed.row.conversation_id, clock_.Now(),
      [&](Room& room) {
        CloseRoom(room.row, RoomStatus::kCompleted, "", clock_.Now());
        return absl::OkStatus();
      },
      Once());
  ASSERT_TRUE(change.ok()) << change.status();
  const auto holds = [&] {
    std::vector<std::string> ids;
    const auto rooms = store_.ListHolds(clock_.Now() + absl::Hours(2), 10);
    for (const Room& room : *rooms)
      ids.push_back(room.row.conversation_id);
    return ids;
  };

  EXPECT_THAT(holds(), ElementsAre(closed.row.conversation_id, soon.row.conversation_id));
  ASSERT_TRUE(store_.SetRoomHold(soon.row.conversation_id, 1, clock_.Now() + absl::Hours(9)).ok());
  ASSERT_TRUE(store_.SetRoomHold(closed.row.conversation_id, 1, absl::UnixEpoch()).ok());  // stale
  EXPECT_THAT(holds(), ElementsAre(closed.row.conversation_id));
  ASSERT_TRUE(store_.SetRoomHold(closed.row.conversation_id, 2, absl::UnixEpoch()).ok());
  EXPECT_THAT(holds(), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(RoomStoreTest);

}  // namespace
}  // namespace dramatis::conversation
