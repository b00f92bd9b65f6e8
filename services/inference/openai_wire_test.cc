#include "services/inference/openai_wire.h"

#include <boost/json.hpp>

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

PackedPrompt AskedHi() {
  PackedPrompt prompt;
  prompt.parts.emplace_back().set_kind(prompt::v1::PART_KIND_ROLE);
  prompt.parts.back().set_text("You are \"Ada\".\n");
  for (const auto& [role, text] :
       {std::pair{prompt::v1::ROLE_USER, "a"}, std::pair{prompt::v1::ROLE_ASSISTANT, "b"},
        std::pair{prompt::v1::ROLE_USER, "hi é 😀"}}) {
    prompt.messages.emplace_back().set_role(role);
    prompt.messages.back().set_text(text);
  }
  return prompt;
}

prompt::v1::ModelParameters SomeParameters() {
  prompt::v1::ModelParameters parameters;
  parameters.set_temperature(0.7);
  parameters.set_top_p(0.9);
  parameters.set_max_output_tokens(100);
  parameters.add_stop("END");
  return parameters;
}

TEST(OpenAiWireTest, WritesAStreamedRequestWithUsage) {
  const json::value request =
      json::parse(ChatRequestJson(AskedHi(), SomeParameters(), {.model = "gpt-4o-mini"}));
  EXPECT_EQ(request, json::parse(R"({
    "model": "gpt-4o-mini",
    "messages": [
      {"role": "system", "content": "You are \"Ada\".\n"},
      {"role": "user", "content": "a"},
      {"role": "assistant", "content": "b"},
      {"role": "user", "content": "hi é 😀"}],
    "max_tokens": 100, "temperature": 0.7, "top_p": 0.9, "stop": ["END"],
    "stream": true, "stream_options": {"include_usage": true}})"));
}

TEST(OpenAiWireTest, CallsTheLimitByItsNewNameWhereAsked) {
  const json::value request = json::parse(ChatRequestJson(
      AskedHi(), SomeParameters(), {.model = "gpt-4o", .max_completion_tokens = true}));
  EXPECT_EQ(request.at("max_completion_tokens"), 100);
  EXPECT_FALSE(request.as_object().contains("max_tokens"));
}

TEST(OpenAiWireTest, LeavesSamplingOutForModelsThatRefuseIt) {
  const json::value request = json::parse(
      ChatRequestJson(AskedHi(), SomeParameters(), {.model = "o1", .fixed_sampling = true}));
  for (const char* const field : {"temperature", "top_p", "stop"}) {
    EXPECT_FALSE(request.as_object().contains(field)) << field;
  }
}

TEST(OpenAiWireTest, LeavesOutWhatIsNotSet) {
  const json::value request = json::parse(ChatRequestJson(AskedHi(), {}, {.model = "m"}));
  for (const char* const field : {"temperature", "top_p", "stop", "max_tokens"}) {
    EXPECT_FALSE(request.as_object().contains(field)) << field;
  }
}

TEST(OpenAiWireTest, ReadsText) {
  const absl::StatusOr<ChatChunk> chunk = ParseChatChunk(
      R"({"choices":[{"index":0,"delta":{"content":"é 😀"},"finish_reason":null}],"usage":null})");
  ASSERT_TRUE(chunk.ok()) << chunk.status();
  EXPECT_EQ(chunk->text, "é 😀");
  EXPECT_EQ(chunk->finish_reason, "");
  EXPECT_FALSE(chunk->usage.has_value());
}

TEST(OpenAiWireTest, ReadsTheEndAndTheUsage) {
  EXPECT_EQ(ParseChatChunk(R"({"choices":[{"delta":{},"finish_reason":"length"}]})")->finish_reason,
            "length");
  const absl::StatusOr<ChatChunk> chunk =
      ParseChatChunk(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9,)"
                     R"("prompt_tokens_details":{"cached_tokens":5}}})");
  ASSERT_TRUE(chunk.ok());
  ASSERT_TRUE(chunk->usage.has_value());
  EXPECT_EQ(chunk->usage->input_tokens, 7);
  EXPECT_EQ(chunk->usage->output_tokens, 9);
  EXPECT_EQ(chunk->usage->cached_tokens, 5);
}

TEST(OpenAiWireTest, TakesARefusalForTheAnswer) {
  EXPECT_EQ(ParseChatChunk(R"({"choices":[{"delta":{"content":null,"refusal":"No."}}]})")->text,
            "No.");
}

TEST(OpenAiWireTest, RefusesWhatIsNoChunk) {
  for (const char* const text :
       {"", "{", "[]", "3", "{}", R"({"choices":{}})", R"({"choices":[7]})",
        R"({"choices":[{"delta":{"content":"\ud800"}}]})", "\xFF"}) {
    EXPECT_EQ(ParseChatChunk(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(ParseChatChunk(std::string(100'000, '[')).ok());
}

TEST(OpenAiWireTest, KnowsAnErrorWithinTheStream) {
  EXPECT_EQ(ParseChatChunk(R"({"error":{"message":"overloaded"}})").status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(OpenAiWireTest, SurvivesAbsurdCounts) {
  const absl::StatusOr<ChatChunk> chunk =
      ParseChatChunk(R"({"choices":[],"usage":{"prompt_tokens":1e300,"completion_tokens":-4}})");
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(chunk->usage->input_tokens, 2147483647);
  EXPECT_EQ(chunk->usage->output_tokens, 0);
}

}  // namespace
}  // namespace dramatis::inference
