#include "services/conversation/turns/cursor.h"

#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

constexpr char kTurn[] = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST(CursorTest, ReadsWhatItWrote) {
  for (const LiveCursor& position :
       {LiveCursor{0, 0}, LiveCursor{1, 42}, LiveCursor{2147483647, size_t{1} << 53}}) {
    for (const bool end : {false, true}) {
      const TurnCursor cursor{kTurn, position, end};
      EXPECT_EQ(ParseCursor(FormatCursor(cursor)), cursor);
    }
  }
  EXPECT_EQ(FormatCursor({kTurn, {1, 42}, true}), std::string(kTurn) + ":1:42:end");
  EXPECT_EQ(FormatCursor({kTurn, {1, 42}}), std::string(kTurn) + ":1:42");
}

TEST(CursorTest, TakesNoOtherSpelling) {
  const std::string turn = kTurn;
  for (const std::string& text : {std::string(),
                                  turn,
                                  turn + ":1",
                                  turn + ":1:",
                                  turn + "::1",
                                  turn + ":1:2:3",
                                  turn + ":1:2:",
                                  turn + ":1:2:End",
                                  turn + ":1:2:end:end",
                                  turn + ":1:end",
                                  turn + ":1:2:end ",
                                  turn + ":end",
                                  std::string(":end"),
                                  turn + ":01:2",
                                  turn + ":1:02",
                                  turn + ":+1:2",
                                  turn + ":1:-2",
                                  turn + ":1: 2",
                                  turn + ":1:2 ",
                                  " " + turn + ":1:2",
                                  turn + ":0x1:2",
                                  turn + ":2147483648:0",
                                  turn + ":1:9007199254740993",
                                  turn + ":1:99999999999999999999",
                                  std::string("not-a-uuid:1:2"),
                                  std::string("01890A5D-AC96-774B-BCCE-B302099A8057:1:2")}) {
    EXPECT_FALSE(ParseCursor(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace dramatis::conversation
