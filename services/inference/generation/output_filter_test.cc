#include "services/inference/generation/output_filter.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

std::string Filter(const std::string& name, const std::vector<std::string>& pieces) {
  OutputFilter filter(name);
  std::string out;
  for (const std::string& piece : pieces)
    filter.Push(piece, out);
  filter.Finish(out);
  return out;
}

std::vector<std::string> Bytes(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text)
    pieces.emplace_back(1, c);
  return pieces;
}

TEST(OutputFilterTest, TakesOffTheOwnNameHoweverItIsWritten) {
  for (const char* const start :
       {"Ada: ", "**Ada:** ", "**Ada**: ", "*Ada:* ", "ada:\n", "  Ada:"}) {
    EXPECT_EQ(Filter("Ada", {std::string(start) + "Hello"}), "Hello") << start;
    EXPECT_EQ(Filter("Ada", Bytes(std::string(start) + "Hello")), "Hello") << start;
  }
  EXPECT_EQ(Filter("艾达", {"艾达：你好"}), "你好");
  EXPECT_EQ(Filter("Élan", {"éLAN: hi"}), "hi");
  EXPECT_EQ(Filter("Ада", Bytes("АДА: hi")), "hi");
}

TEST(OutputFilterTest, KeepsWhatOnlyLooksLikeIt) {
  EXPECT_EQ(Filter("Ada", {"Adam: hi"}), "Adam: hi");
  EXPECT_EQ(Filter("Ada", {"Ada is my name."}), "Ada is my name.");
  EXPECT_EQ(Filter("Ada", {"**bold**"}), "**bold**");
  EXPECT_EQ(Filter("Ada", {"Ada"}), "Ada");
  EXPECT_EQ(Filter("", {": hi"}), ": hi");
}

TEST(OutputFilterTest, TakesTheNameOffOnce) {
  EXPECT_EQ(Filter("Ada", {"Ada: Ada: hi"}), "Ada: hi");
  EXPECT_EQ(Filter("Ada", {"Ada: ", "Ada: hi"}), "Ada: hi");
}

TEST(OutputFilterTest, TrimsBothEndsAndKeepsTheMiddle) {
  EXPECT_EQ(Filter("Ada", {"\n  Hello", "  ", "\n", "there \n", "\n"}), "Hello  \nthere");
  EXPECT_EQ(Filter("Ada", {" \n ", "\t"}), "");
  EXPECT_EQ(Filter("Ada", {}), "");
}

TEST(OutputFilterTest, PassesTextOnAsSoonAsItIsDecided) {
  OutputFilter filter("Ada");
  std::string out;
  filter.Push("A", out);
  EXPECT_EQ(out, "");  // may be the name
  filter.Push("nd ", out);
  EXPECT_EQ(out, "And");
  filter.Push("then", out);
  EXPECT_EQ(out, "And then");
}

}  // namespace
}  // namespace dramatis::inference
