#include "services/conversation/model/room_closing.h"

#include "gtest/gtest.h"
#include "services/conversation/testing/rooms.h"

namespace dramatis::conversation {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1);

RoomRow Row() {
  return TestRoom().row;
}

TEST(RoomClosing, NeverWithoutConstraints) {
  RoomRow row = Row();
  row.last_sequence = row.characters = 1'000'000;
  SetClosesAt(row);

  EXPECT_FALSE(row.closes_at.has_value());
  EXPECT_FALSE(CloseIfDue(row, absl::InfiniteFuture()));
  EXPECT_FALSE(CloseIfReached(row, "anything", kStart));
}

TEST(RoomClosing, WhicheverTimeEndsFirst) {
  RoomRow row = Row();
  row.constraints.set_max_duration_minutes(90);
  row.settings.set_auto_close_after_hours(1);
  SetClosesAt(row);
  EXPECT_EQ(*row.closes_at, kStart + absl::Hours(1));

  row.last_message_at = kStart + absl::Minutes(45);
  SetClosesAt(row);
  EXPECT_EQ(*row.closes_at, kStart + absl::Minutes(90));
}

TEST(RoomClosing, AsOfWhenTheTimeWasOver) {
  RoomRow row = Row();
  row.constraints.set_max_duration_minutes(1);
  SetClosesAt(row);

  EXPECT_FALSE(CloseIfDue(row, kStart + absl::Minutes(1) - absl::Microseconds(1)));
  EXPECT_TRUE(CloseIfDue(row, kStart + absl::Hours(5)));

  EXPECT_EQ(row.status, RoomStatus::kCompleted);
  EXPECT_EQ(row.close_reason, kMaxDurationReached);
  EXPECT_EQ(*row.closed_at, kStart + absl::Minutes(1));
  EXPECT_EQ(row.version, 2);
  EXPECT_FALSE(CloseIfDue(row, kStart + absl::Hours(6)));
}

TEST(RoomClosing, AfterSilence) {
  RoomRow row = Row();
  row.settings.set_auto_close_after_hours(2);
  SetClosesAt(row);

  EXPECT_TRUE(CloseIfDue(row, kStart + absl::Hours(2)));

  EXPECT_EQ(row.close_reason, kNothingSaid);
}

TEST(RoomClosing, WhenACountIsReached) {
  RoomRow row = Row();
  row.constraints.set_max_messages(3);
  row.constraints.set_max_characters(10);
  row.last_sequence = 2;
  row.characters = 9;
  EXPECT_FALSE(CloseIfReached(row, "x", kStart));

  RoomRow by_messages = row;
  by_messages.last_sequence = 3;
  EXPECT_TRUE(CloseIfReached(by_messages, "x", kStart));
  EXPECT_EQ(by_messages.close_reason, kMaxMessagesReached);
  row.characters = 10;
  EXPECT_TRUE(CloseIfReached(row, "x", kStart));
  EXPECT_EQ(row.close_reason, kMaxCharactersReached);
}

TEST(RoomClosing, WhenAForbiddenTopicIsNamed) {
  RoomRow row = Row();
  row.constraints.add_forbidden_topics("!");
  row.constraints.add_forbidden_topics("old war");

  EXPECT_FALSE(CloseIfReached(row, "the old! warden", kStart));
  EXPECT_TRUE(CloseIfReached(row, "The OLD, war.", kStart));

  EXPECT_EQ(row.close_reason, kForbiddenTopicNamed);
}

}  // namespace
}  // namespace dramatis::conversation
