#include "services/conversation/events/event_cursor.h"

#include <limits>
#include <set>

#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

const std::string kKey = "0123456789abcdef";

TEST(EventCursorTest, ReadsWhatItWrote) {
  for (const int64_t sequence : {int64_t{0}, int64_t{1}, int64_t{255}, int64_t{1} << 40,
                                 std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(ParseEventCursor(kKey, FormatEventCursor(kKey, sequence)), sequence);
  }
}

TEST(EventCursorTest, StaysTheSameAcrossReleases) {
  EXPECT_EQ(FormatEventCursor(kKey, 42), "event:CKuvJHOJ_kpLNkSMNYaJZg");
}

TEST(EventCursorTest, RefusesEveryOtherSpelling) {
  const std::string cursor = FormatEventCursor(kKey, 42);
  for (const std::string& text :
       {std::string(), std::string("event:"), std::string("event:42"), std::string("42"),
        cursor.substr(6), cursor + "=", cursor + "==", " " + cursor, cursor + " ",
        "Event:" + cursor.substr(6), cursor.substr(0, cursor.size() - 1), cursor + "A"}) {
    EXPECT_EQ(ParseEventCursor(kKey, text), std::nullopt) << text;
  }
}

TEST(EventCursorTest, RefusesEveryOtherLastCharacter) {
  const std::string cursor = FormatEventCursor(kKey, 42);
  for (const char c :
       std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=")) {
    if (c == cursor.back()) continue;
    EXPECT_EQ(ParseEventCursor(kKey, cursor.substr(0, cursor.size() - 1) + c), std::nullopt);
  }
}

TEST(EventCursorTest, RefusesThoseOfAnotherRoom) {
  EXPECT_EQ(ParseEventCursor(kKey, FormatEventCursor(NewEventKey(), 42)), std::nullopt);
}

TEST(EventCursorTest, SaysNothingOfTheDistanceOfTwoEvents) {
  // Neighbours have nothing in common: no prefix, no order.
  std::set<std::string> heads;
  for (int64_t sequence = 1; sequence <= 200; ++sequence)
    heads.insert(FormatEventCursor(kKey, sequence).substr(6, 6));
  EXPECT_EQ(heads.size(), 200U);
}

TEST(EventCursorTest, MakesNewKeys) {
  EXPECT_EQ(NewEventKey().size(), kEventKeyBytes);
  EXPECT_NE(NewEventKey(), NewEventKey());
}

}  // namespace
}  // namespace dramatis::conversation
