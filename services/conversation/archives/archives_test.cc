// What files of other programs are read as.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/archives/archive_source.h"
#include "services/conversation/archives/chats.h"
#include "services/conversation/archives/temporary_file.h"
#include "services/conversation/archives/zip_file.h"
#include "services/conversation/archives/zip_output.h"
#include "shared/text/json_items.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Items(JsonItems::Kind kind, const std::string& text, size_t step) {
  std::vector<std::string> found;
  JsonItems items(kind, [&](const JsonItem& item) {
    found.emplace_back(item.too_large ? "too large" : item.text);
    return absl::OkStatus();
  });
  for (size_t i = 0; i < text.size(); i += step) {
    if (!items.Add(std::string_view(text).substr(i, step)).ok()) return {"broken"};
  }
  if (!items.End().ok()) found.emplace_back("breaks off");
  return found;
}

TEST(JsonItemsTest, GivesTheSameInPiecesOfAnySize) {
  const std::string text = "\xef\xbb\xbf [ {\"a\":\"]}\\\"{\"} ,{\"b\":[{}]}\n]\n";
  for (size_t step = 1; step <= text.size(); ++step) {
    EXPECT_THAT(Items(JsonItems::Kind::kArray, text, step),
                ElementsAre(R"({"a":"]}\"{"})", "{\"b\":[{}]}"));
    EXPECT_THAT(Items(JsonItems::Kind::kLines, "x\n\nyz", step), ElementsAre("x", "", "yz"));
  }
}

TEST(JsonItemsTest, SaysWhereSomethingIsNoArray) {
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "{}", 1), ElementsAre("broken"));
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "1", 1), ElementsAre("broken"));
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "[{}", 1), ElementsAre("{}", "breaks off"));
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "[{}] x", 1), ElementsAre("broken"));
}

TEST(JsonItemsTest, OfWhatIsNoObjectNothingIsKept) {
  const std::string text = R"([null,{"a":1}, "x,]\"{" ,[1,[2,{}],"]"],5, {} ,true])";
  for (size_t step = 1; step <= text.size(); ++step) {
    EXPECT_THAT(Items(JsonItems::Kind::kArray, text, step),
                ElementsAre("", "{\"a\":1}", "", "", "", "{}", ""));
  }
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "[1", 1), ElementsAre("breaks off"));
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "[\"]", 1), ElementsAre("breaks off"));
}

TEST(JsonItemsTest, PassesOverWhatIsTooLarge) {
  const std::string large = R"({"a":")" + std::string(kMostItemBytes, 'x') + "\"}";
  EXPECT_THAT(Items(JsonItems::Kind::kArray, "[" + large + ",{}]", size_t{1} << 16),
              ElementsAre("too large", "{}"));
}

TEST(ChatsTest, HalfAnEmojiSpoilsNothingElse) {
  const auto chat = ReadChatGptChat(R"({"id":"c","title":"T \ud83d","current_node":"a","mapping":{
    "a":{"parent":null,"message":{"author":{"role":"user"},"content":{"content_type":"text",
      "parts":["cut \ud83d, whole \ud83d\ude00"]}}}}})");
  ASSERT_TRUE(chat.ok()) << chat.status();
  EXPECT_EQ(chat->title, "T \uFFFD");
  ASSERT_EQ(chat->messages.size(), 1);
  EXPECT_EQ(chat->messages[0].text, "cut \uFFFD, whole \U0001F600");
}

TEST(ChatsTest, FollowsTheBranchThatWasShown) {
  const auto chat = ReadChatGptChat(R"({"id":"c","title":"T","current_node":"b","mapping":{
    "r":{"parent":null,"message":null},
    "a":{"parent":"r","message":{"author":{"role":"user"},"content":{"content_type":"text",
      "parts":["one",{"x":1},"two"]}}},
    "x":{"parent":"a","message":{"author":{"role":"assistant"},"content":{"content_type":"text",
      "parts":["left"]}}},
    "b":{"parent":"a","message":{"author":{"role":"assistant"},"create_time":1.5,
      "content":{"content_type":"text","parts":["three"]}}}}})");
  ASSERT_TRUE(chat.ok()) << chat.status();
  ASSERT_EQ(chat->messages.size(), 2U);
  EXPECT_EQ(chat->messages[0].text, "one\n\ntwo");
  EXPECT_EQ(chat->messages[1].text, "three");
  EXPECT_EQ(absl::ToUnixMillis(*chat->messages[1].time), 1500);
}

TEST(ChatsTest, ACircleOfNodesEnds) {
  const auto chat =
      ReadChatGptChat(R"({"current_node":"a","mapping":{"a":{"parent":"b"},"b":{"parent":"a"}}})");
  ASSERT_TRUE(chat.ok());
  EXPECT_TRUE(chat->messages.empty());
}

TEST(ChatsTest, TimesThatNoCalendarHasAreNone) {
  const auto chat = ReadChatGptChat(R"({"create_time":1e300,"update_time":-5,"mapping":{}})");
  ASSERT_TRUE(chat.ok());
  EXPECT_FALSE(chat->created.has_value());
  EXPECT_FALSE(chat->updated.has_value());
}

TEST(ZipTest, WhatIsWrittenIsReadAgain) {
  const auto input = TemporaryFile::Make("/tmp");
  const auto archive = TemporaryFile::Make("/tmp");
  ASSERT_TRUE(input.ok() && archive.ok());
  const std::string text = "[" + std::string(100'000, ' ') + "]";
  ASSERT_TRUE((*input)->Append(text).ok());
  ASSERT_TRUE(WriteZip({{"conversations.json", input->get()}}, **archive).ok());
  EXPECT_LT((*archive)->size(), 2000);
  const auto zip = ZipFile::Open(**archive);
  ASSERT_TRUE(zip.ok()) << zip.status();
  ASSERT_NE((*zip)->Find("conversations.json"), nullptr);
  std::string read;
  ASSERT_TRUE((*zip)
                  ->Read(*(*zip)->Find("conversations.json"),
                         [&](std::string_view piece) {
                           read += piece;
                           return absl::OkStatus();
                         })
                  .ok());
  EXPECT_EQ(read, text);
}

TEST(ZipTest, EveryTornArchiveIsRefused) {
  const auto input = TemporaryFile::Make("/tmp");
  const auto archive = TemporaryFile::Make("/tmp");
  ASSERT_TRUE(input.ok() && archive.ok());
  ASSERT_TRUE((*input)->Append("[{\"mapping\":{}}]").ok());
  ASSERT_TRUE(WriteZip({{"conversations.json", input->get()}}, **archive).ok());
  const std::string whole = *(*archive)->Read(0, 10'000);
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto torn = TemporaryFile::Make("/tmp");
    ASSERT_TRUE(torn.ok());
    ASSERT_TRUE((*torn)->Append(whole.substr(0, size)).ok());
    EXPECT_TRUE(absl::IsInvalidArgument(SourceOf(**torn).status())) << size;
  }
}

TEST(ZipTest, SaysWhatIsWrong) {
  const auto file = TemporaryFile::Make("/tmp");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append("hello").ok());
  EXPECT_THAT(std::string(SourceOf(**file).status().message()), HasSubstr("neither"));
}

}  // namespace
}  // namespace dramatis::conversation
