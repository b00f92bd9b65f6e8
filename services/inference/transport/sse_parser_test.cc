#include "services/inference/transport/sse_parser.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Parse(const std::vector<std::string>& pieces) {
  SseParser parser;
  std::vector<std::string> events;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(parser.Feed(piece, [&](std::string_view data) {
      events.emplace_back(data);
      return true;
    }));
  }
  return events;
}

TEST(SseParserTest, ReadsEventsWithAnyLineEnd) {
  EXPECT_THAT(Parse({"data: a\n\ndata: b\n\n"}), ElementsAre("a", "b"));
  EXPECT_THAT(Parse({"data: a\r\n\r\ndata: b\r\n\r\n"}), ElementsAre("a", "b"));
  EXPECT_THAT(Parse({"data: a\r\rdata: b\r\r"}), ElementsAre("a", "b"));
}

TEST(SseParserTest, JoinsDataLinesAndIgnoresOtherFieldsAndComments) {
  EXPECT_THAT(Parse({": ping\n\nevent: x\ndata: a\nid: 1\ndata:b\nretry: 5\ndata\n\n"}),
              ElementsAre("a\nb\n"));
}

TEST(SseParserTest, TakesOneSpaceOffAndSkipsAByteOrderMark) {
  EXPECT_THAT(Parse({"\xEF\xBB\xBF"
                     "data:  a\n\n"}),
              ElementsAre(" a"));
}

TEST(SseParserTest, GivesNothingForEventsWithoutData) {
  EXPECT_THAT(Parse({"\n\nevent: x\n\ndata:\n\ndata\n\n"}), IsEmpty());
}

TEST(SseParserTest, DropsAnEventThatIsCutOff) {
  EXPECT_THAT(Parse({"data: a\n\ndata: b\n"}), ElementsAre("a"));
}

TEST(SseParserTest, KnowsALineEndThatIsCutInTwo) {
  EXPECT_THAT(Parse({"data: a\r", "\n\r", "\ndata: b\r", "\n", "\r\n"}), ElementsAre("a", "b"));
}

TEST(SseParserTest, StopsWhenToldTo) {
  SseParser parser;
  int events = 0;
  EXPECT_FALSE(parser.Feed("data: a\n\ndata: b\n\n", [&](std::string_view) {
    ++events;
    return false;
  }));
  EXPECT_EQ(events, 1);
}

TEST(SseParserTest, RefusesALineAndAnEventThatAreTooLarge) {
  const auto ignore = [](std::string_view) { return true; };
  SseParser lines;
  EXPECT_FALSE(lines.Feed(std::string(SseParser::kMaxEventBytes + 1, 'x'), ignore));
  SseParser events;
  const std::string line = "data: " + std::string(SseParser::kMaxEventBytes / 2, 'x') + "\n";
  EXPECT_TRUE(events.Feed(line, ignore));
  EXPECT_FALSE(events.Feed(line, ignore));
}

RC_GTEST_PROP(SseParserProperty, GivesTheSameEventsHoweverTheBytesAreCut, ()) {
  static const std::vector<std::string> all_pieces = {"data: ", "data", ":",        "\r",
                                                      "\n",     "\r\n", "\n\n",     "x",
                                                      "é",      "漢字", "event: y", "\xEF\xBB\xBF"};
  std::string text;
  const int pieces = *rc::gen::inRange(0, 60);
  for (int i = 0; i < pieces; ++i)
    text += all_pieces[*rc::gen::inRange<size_t>(0, all_pieces.size())];
  std::vector<std::string> cuts;
  for (size_t i = 0; i < text.size();) {
    const size_t length = *rc::gen::inRange<size_t>(1, 8);
    cuts.push_back(text.substr(i, length));
    i += length;
  }
  RC_ASSERT(Parse({text}) == Parse(cuts));
}

}  // namespace
}  // namespace dramatis::inference
