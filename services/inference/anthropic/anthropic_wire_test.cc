#include "services/inference/anthropic/anthropic_wire.h"

#include <boost/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

PackedPrompt AskedWithMemories() {
  PackedPrompt prompt;
  for (const auto& [kind, text] : {std::pair{prompt::v1::PART_KIND_ROLE, "You are Ada."},
                                   {prompt::v1::PART_KIND_BIOGRAPHY, "I build telescopes."},
                                   {prompt::v1::PART_KIND_MEMORY, "Likes tea."}}) {
    prompt.parts.emplace_back().set_kind(kind);
    prompt.parts.back().set_text(text);
  }
  for (const auto& [role, text] : {std::pair{prompt::v1::ROLE_USER, "a"},
                                   {prompt::v1::ROLE_ASSISTANT, "b"},
                                   {prompt::v1::ROLE_USER, "hi é 😀"}}) {
    prompt.messages.emplace_back().set_role(role);
    prompt.messages.back().set_text(text);
  }
  return prompt;
}

prompt::v1::ModelParameters WithSampling() {
  prompt::v1::ModelParameters parameters;
  parameters.set_max_output_tokens(100);
  parameters.set_temperature(1.5);
  parameters.add_stop("END");
  return parameters;
}

json::object Written(const prompt::v1::ModelParameters& parameters, const WireOptions& options) {
  return json::parse(AnthropicFormat().Body(AskedWithMemories(), parameters, options)).as_object();
}

ModelFacts Claude(Thinking thinking, bool sampling = true) {
  return {.name = "claude", .window_tokens = 200'000, .sampling = sampling, .thinking = thinking};
}

TEST(AnthropicWireTest, MarksThePersonasTextToBeCachedAndPutsTheRestAfterIt) {
  const json::object request = Written(WithSampling(), {.model = Claude(Thinking::kOptional)});
  const json::array& system = request.at("system").as_array();
  ASSERT_EQ(system.size(), 2U);
  EXPECT_EQ(system[0].at("text"), "You are Ada.\n\nI build telescopes.");
  EXPECT_EQ(system[0].at("cache_control").at("type"), "ephemeral");
  EXPECT_FALSE(system[1].as_object().contains("cache_control"));
  EXPECT_EQ(
      std::string(system[0].at("text").as_string()) + std::string(system[1].at("text").as_string()),
      SystemText(AskedWithMemories()));
  EXPECT_EQ(request.at("messages"), json::parse(R"([
      {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
      {"role": "user", "content": "hi é 😀"}])"));
  EXPECT_EQ(request.at("max_tokens"), 100);
  EXPECT_EQ(request.at("stop_sequences"), json::parse(R"(["END"])"));
  EXPECT_EQ(request.at("stream"), true);
  EXPECT_EQ(request.at("model"), "claude");
}

TEST(AnthropicWireTest, SendsSamplingWhereItIsSetAndTakenAndThenTheVersionThatKnowsIt) {
  const AnthropicFormat format;
  const WireOptions takes = {.model = Claude(Thinking::kOptional)};
  EXPECT_EQ(Written(WithSampling(), takes).at("temperature"), 1.0);
  EXPECT_THAT(format.Headers(WithSampling(), takes), ElementsAre("anthropic-version: 2023-06-01"));
  EXPECT_THAT(format.Headers({}, takes), ElementsAre("anthropic-version: 2026-10-21"));
  for (const ModelFacts& model : {Claude(Thinking::kOptional, false), Claude(Thinking::kAlways)}) {
    EXPECT_FALSE(Written(WithSampling(), {.model = model}).contains("temperature"));
    EXPECT_THAT(format.Headers(WithSampling(), {.model = model}),
                ElementsAre("anthropic-version: 2026-10-21"));
  }
}

TEST(AnthropicWireTest, TellsAModelNotToThinkOrLittleWithRoomForIt) {
  const json::object optional = Written(WithSampling(), {.model = Claude(Thinking::kOptional)});
  EXPECT_EQ(optional.at("thinking").at("type"), "disabled");
  EXPECT_FALSE(optional.contains("output_config"));
  const json::object always = Written(WithSampling(), {.model = Claude(Thinking::kAlways)});
  EXPECT_FALSE(always.contains("thinking"));
  EXPECT_EQ(always.at("output_config").at("effort"), "low");
  EXPECT_GT(always.at("max_tokens").as_int64(), 1000);
  const json::object unknown = Written(WithSampling(), {.model = Claude(Thinking::kUnknown)});
  EXPECT_EQ(unknown.at("thinking").at("type"), "disabled");
  const json::object taught =
      Written(WithSampling(), {.model = Claude(Thinking::kUnknown), .dialect = {"thinking"}});
  EXPECT_FALSE(taught.contains("thinking"));
  EXPECT_EQ(taught.at("output_config").at("effort"), "low");
  EXPECT_FALSE(Written(WithSampling(), {.model = Claude(Thinking::kNever)}).contains("thinking"));
}

TEST(AnthropicWireTest, LetsAModelThinkWhereTheOwnerWantsIt) {
  prompt::v1::ModelParameters parameters = WithSampling();
  parameters.set_reasoning_effort(prompt::v1::REASONING_EFFORT_MEDIUM);
  const json::object adaptive = Written(parameters, {.model = Claude(Thinking::kOptional)});
  EXPECT_EQ(adaptive.at("thinking").at("type"), "adaptive");
  EXPECT_EQ(adaptive.at("output_config").at("effort"), "medium");
  EXPECT_FALSE(adaptive.contains("temperature"));
  const json::object older = Written(parameters, {.model = Claude(Thinking::kOptional),
                                                  .dialect = {R"(thinking={"type":"adaptive"})"}});
  EXPECT_EQ(older.at("thinking").at("type"), "enabled");
  EXPECT_LT(older.at("thinking").at("budget_tokens").as_int64(), older.at("max_tokens").as_int64());
}

TEST(AnthropicWireTest, AsksForOneOfTheChoicesByASchemaBesideTheEffort) {
  prompt::v1::ModelParameters parameters;
  parameters.add_choices("Ada");
  const json::object always = Written(parameters, {.model = Claude(Thinking::kAlways)});
  EXPECT_EQ(always.at("output_config"), json::parse(R"({"effort": "low", "format": {
    "type": "json_schema", "schema": {"type": "object",
      "properties": {"choice": {"type": "string", "enum": ["Ada"]}},
      "required": ["choice"], "additionalProperties": false}}})"));
  const OptionalField refused = {"output_config", json::serialize(always.at("output_config"))};
  const json::object taught = Written(parameters, {.model = Claude(Thinking::kAlways),
                                                   .dialect = {refused.name + "=" + refused.json}});
  EXPECT_EQ(taught.at("output_config"), json::parse(R"({"effort": "low"})"));
}

TEST(AnthropicWireTest, AlwaysSetsALimit) {
  EXPECT_GT(Written({}, {.model = Claude(Thinking::kNever)}).at("max_tokens").as_int64(), 0);
}

}  // namespace
}  // namespace dramatis::inference
