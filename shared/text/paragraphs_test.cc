#include "shared/text/paragraphs.h"

#include <string>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

struct Cut {
  std::string text;
  size_t max_bytes;
  std::string expected;
};

class CutTest : public testing::TestWithParam<Cut> {};

TEST_P(CutTest, CutsWhereItHurtsLeast) {
  EXPECT_EQ(CutAtParagraph(GetParam().text, GetParam().max_bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    ,
    CutTest,
    testing::Values(Cut{"short", 5, "short"},
                    Cut{"", 5, ""},
                    Cut{"one\n\ntwo\n\nthree", 12, "one\n\ntwo"},
                    Cut{"one two\n\nthree", 7, "one two"},
                    Cut{"one two\r\n\r\nthree four", 12, "one two"},
                    // The only paragraph is too near the beginning: better a line, then a word.
                    Cut{"a\n\nbbbb\ncccc dddd", 12, "a\n\nbbbb"},
                    Cut{"a\n\nbbbb cccc dddd", 13, "a\n\nbbbb cccc"},
                    Cut{"aaaaaaaaaaaaaaaa", 10, "aaaaaaaaaa"},
                    // Never within a code point.
                    Cut{"\xc3\xa9\xc3\xa9\xc3\xa9", 5, "\xc3\xa9\xc3\xa9"}));

}  // namespace
}  // namespace dramatis
