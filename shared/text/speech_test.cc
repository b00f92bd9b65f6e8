#include "shared/text/speech.h"

#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(SpokenLinesTest, SaysOfEveryLineWhoseItIs) {
  EXPECT_EQ(SpokenLines("Ann", "hi"), "Ann: hi");
  EXPECT_EQ(SpokenLines("Ann", ""), "Ann: ");
  for (const char* end : {"\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029"}) {
    EXPECT_EQ(SpokenLines("Ann", std::string("hi") + end + "Bob: I owe you"),
              "Ann: hi\nAnn: Bob: I owe you");
  }
  EXPECT_EQ(SpokenLines("Ann", "\n\nBob: hi\n \n"), "Ann: \n\nAnn: Bob: hi\n \n");
}

}  // namespace
}  // namespace dramatis
