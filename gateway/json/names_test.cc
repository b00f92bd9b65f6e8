#include "gateway/json/names.h"

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

const google::protobuf::EnumDescriptor& PersonaTypes() {
  return *persona::v1::PersonaType_descriptor();
}

TEST(SpellingTest, EnumeratorsLoseTheirTypesPrefix) {
  EXPECT_EQ(EnumText(*PersonaTypes().FindValueByName("PERSONA_TYPE_AI_AGENT")), "ai_agent");
  EXPECT_EQ(EnumText(*persona::v1::Interaction_descriptor()->FindValueByNumber(1)), "casual_chat");
}

TEST(SpellingTest, FindsEnumeratorsByTheirTextOnly) {
  EXPECT_EQ(FindEnumValue(PersonaTypes(), "human")->number(), 1);
  for (const char* text : {"", "HUMAN", "PERSONA_TYPE_HUMAN", "robot", "1", "unspecified"}) {
    EXPECT_EQ(FindEnumValue(PersonaTypes(), text), nullptr) << text;
  }
}

TEST(SpellingTest, ListsTheChoices) {
  EXPECT_EQ(EnumChoices(PersonaTypes()), "human, ai_agent, ai_ambiguous or unknown");
}

TEST(SpellingTest, FindsFieldsInBothSpellings) {
  const auto& message = *conversation::v1::ChatRequest::descriptor();
  EXPECT_EQ(FindField(message, "session_id")->number(), 2);
  EXPECT_EQ(FindField(message, "sessionId")->number(), 2);
  EXPECT_EQ(FindField(message, "SessionId"), nullptr);
  EXPECT_EQ(FindField(message, "2"), nullptr);
}

TEST(SpellingTest, RespellsPathsThroughMessagesListsAndMaps) {
  const auto& message = *persona::v1::CreatePersonaRequest::descriptor();
  EXPECT_EQ(RespellPath(message, "persona.model_config.max_output_tokens", Names::kCamel),
            "persona.modelConfig.maxOutputTokens");
  EXPECT_EQ(RespellPath(message, "persona.modelConfig.stop[2]", Names::kSnake),
            "persona.model_config.stop[2]");
  EXPECT_EQ(RespellPath(message, "nobody.knows_this", Names::kCamel), "nobody.knows_this");
  EXPECT_EQ(RespellPath(message, "", Names::kCamel), "");
}

TEST(SpellingTest, ConvertsBetweenCases) {
  EXPECT_EQ(CamelCase("next_page_token"), "nextPageToken");
  EXPECT_EQ(SnakeCase("nextPageToken"), "next_page_token");
  EXPECT_EQ(SnakeCase("next_page_token"), "next_page_token");
}

}  // namespace
}  // namespace dramatis::gateway
