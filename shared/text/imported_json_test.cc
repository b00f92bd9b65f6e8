#include "shared/text/imported_json.h"

#include <string>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(ImportedJsonTest, ReadsAnObject) {
  const auto object = ReadImportedObject(R"({"name":"Ada"})", 2);
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->at("name").as_string(), "Ada");
}

TEST(ImportedJsonTest, HalfAnEmojiSpoilsNothingElse) {
  const auto object = ReadImportedObject(R"({"a":"Hi \ud83d","b":"\ud83d\ude00"})", 2);
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->at("a").as_string(), "Hi \uFFFD");
  EXPECT_EQ(object->at("b").as_string(), "\U0001F600");
}

TEST(ImportedJsonTest, IsNothingElse) {
  for (const char* text : {"", "[]", "\"{}\"", "{", "{} {}", R"({"a":[[]]})"}) {
    EXPECT_FALSE(ReadImportedObject(text, 2).has_value()) << text;
  }
}

}  // namespace
}  // namespace dramatis
