#include "shared/http/percent.h"

#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(PercentDecodeTest, DecodesEscapes) {
  EXPECT_EQ(PercentDecode("a%20b%2Fc%c3%A9"), "a b/c\u00e9");
  EXPECT_EQ(PercentDecode(""), "");
}

TEST(PercentDecodeTest, TakesPlusAsSpaceOnlyInForms) {
  EXPECT_EQ(PercentDecode("a+b", true), "a b");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
}

TEST(PercentDecodeTest, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%4", "a%", "%zz", "%4g", "%g4", "%%41"}) {
    EXPECT_FALSE(PercentDecode(text).has_value()) << text;
  }
}

TEST(PercentDecodeTest, RefusesNulAndInvalidUtf8) {
  for (const char* text : {"%00", "%ff", "%c3", "%ed%a0%80", "%c0%80"}) {
    EXPECT_FALSE(PercentDecode(text).has_value()) << text;
  }
}

TEST(PercentEncodeTest, EscapesWhatASegmentMayNotHold) {
  EXPECT_EQ(PercentEncode("a-b_c.d~e"), "a-b_c.d~e");
  EXPECT_EQ(PercentEncode("a/b?c d\u00e9"), "a%2Fb%3Fc%20d%C3%A9");
}

}  // namespace
}  // namespace dramatis
