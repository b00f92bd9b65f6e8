#include "services/inference/providers/openai_wire.h"

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
  const json::value request = json::parse(
      OpenAiFormat().Body(AskedHi(), SomeParameters(), {.model = {.name = "gpt-4o-mini"}}));
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
  const json::value request = json::parse(OpenAiFormat().Body(
      AskedHi(), SomeParameters(), {.model = {.name = "gpt-4o"}, .newer_limit = true}));
  EXPECT_EQ(request.at("max_completion_tokens"), 100);
  EXPECT_FALSE(request.as_object().contains("max_tokens"));
}

TEST(OpenAiWireTest, LeavesOutWhatTheModelIsKnownToRefuse) {
  const json::value request = json::parse(
      OpenAiFormat().Body(AskedHi(), SomeParameters(),
                          {.model = {.name = "m"},
                           .dialect = {"temperature", "top_p=9E-1", "stop", "stream_options"}}));
  for (const char* const field : {"temperature", "top_p", "stop", "stream_options"}) {
    EXPECT_FALSE(request.as_object().contains(field)) << field;
  }
  EXPECT_EQ(request.at("max_tokens"), 100);
}

TEST(OpenAiWireTest, SendsAnotherValueThanTheOneThatWasRefused) {
  const json::value request = json::parse(
      OpenAiFormat().Body(AskedHi(), SomeParameters(),
                          {.model = {.name = "m"}, .dialect = {"top_p=1E0", "max_tokens=5"}}));
  EXPECT_EQ(request.at("top_p"), 0.9);
  EXPECT_EQ(request.at("max_tokens"), 100);
}

TEST(OpenAiWireTest, CallsTheLimitByItsOtherNameWhereOneIsRefused) {
  const auto ask = [](bool newer, const Dialect& dialect) {
    return json::parse(OpenAiFormat().Body(
                           AskedHi(), SomeParameters(),
                           {.model = {.name = "m"}, .newer_limit = newer, .dialect = dialect}))
        .as_object();
  };
  EXPECT_TRUE(ask(false, {"max_tokens"}).contains("max_completion_tokens"));
  EXPECT_TRUE(ask(true, {"max_completion_tokens"}).contains("max_tokens"));
  const json::object neither = ask(false, {"max_tokens", "max_completion_tokens"});
  EXPECT_FALSE(neither.contains("max_tokens"));
  EXPECT_FALSE(neither.contains("max_completion_tokens"));
}

TEST(OpenAiWireTest, TellsAModelThatMayThinkNotTo) {
  const auto ask = [](Thinking thinking, const Dialect& dialect) {
    return json::parse(OpenAiFormat().Body(
                           AskedHi(), SomeParameters(),
                           {.model = {.name = "m", .thinking = thinking}, .dialect = dialect}))
        .as_object();
  };
  const json::object optional = ask(Thinking::kOptional, {});
  EXPECT_EQ(optional.at("reasoning_effort"), "none");
  EXPECT_EQ(optional.at("max_tokens"), 100);
  EXPECT_EQ(optional.at("temperature"), 0.7);
  const json::object always = ask(Thinking::kAlways, {});
  EXPECT_EQ(always.at("reasoning_effort"), "low");
  EXPECT_GT(always.at("max_tokens").as_int64(), 1000);
  EXPECT_FALSE(always.contains("temperature"));
  EXPECT_EQ(ask(Thinking::kOptional, {"reasoning_effort=\"none\""}).at("reasoning_effort"), "low");
  EXPECT_FALSE(ask(Thinking::kOptional, {"reasoning_effort"}).contains("reasoning_effort"));
  EXPECT_FALSE(ask(Thinking::kUnknown, {}).contains("reasoning_effort"));
}

TEST(OpenAiWireTest, AsksForOneOfTheChoicesByASchema) {
  prompt::v1::ModelParameters parameters;
  parameters.add_choices("Ada \"A\"");
  parameters.add_choices("Bob");
  const OpenAiFormat format;
  std::string sent;
  for (const OptionalField& field : format.Fields(parameters, {})) {
    if (field.name == "response_format") sent = field.json;
  }
  EXPECT_EQ(boost::json::parse(sent), boost::json::parse(R"({
    "type": "json_schema", "json_schema": {"name": "choice", "strict": true, "schema": {
      "type": "object", "properties": {"choice": {"type": "string", "enum": ["Ada \"A\"", "Bob"]}},
      "required": ["choice"], "additionalProperties": false}}})"));
  for (const OptionalField& field :
       format.Fields(parameters, {.model = {}, .dialect = {"response_format"}})) {
    EXPECT_NE(field.name, "response_format");
  }
}

TEST(OpenAiWireTest, SendsNoSamplingToAModelThatRefusesIt) {
  const json::value request = json::parse(OpenAiFormat().Body(
      AskedHi(), SomeParameters(), {.model = {.name = "m", .sampling = false}}));
  EXPECT_FALSE(request.as_object().contains("temperature"));
  EXPECT_FALSE(request.as_object().contains("top_p"));
}

TEST(OpenAiWireTest, LeavesOutWhatIsNotSet) {
  const json::value request =
      json::parse(OpenAiFormat().Body(AskedHi(), {}, {.model = {.name = "m"}}));
  for (const char* const field : {"temperature", "top_p", "stop", "max_tokens"}) {
    EXPECT_FALSE(request.as_object().contains(field)) << field;
  }
}

}  // namespace
}  // namespace dramatis::inference
