#include "services/persona/rendering/prompt.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::persona {
namespace {

using prompt::v1::PartKind;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr size_t kNoLimit = 1 << 20;

PersonaRow RowOf(const v1::Persona& definition) {
  PersonaRow row;
  row.persona_id = "p1";
  row.version = 3;
  row.definition = definition;
  return row;
}

v1::Persona FullPersona() {
  v1::Persona persona;
  persona.set_name("Ada");
  persona.set_type(v1::PERSONA_TYPE_AI_AMBIGUOUS);
  persona.set_description("a mathematician");
  persona.mutable_personality()->set_openness(71);
  persona.mutable_personality()->set_extraversion(29);
  persona.add_knowledge(v1::KNOWLEDGE_SCIENCE);
  persona.add_knowledge(v1::KNOWLEDGE_TECHNOLOGY);
  persona.set_communication_style(v1::COMMUNICATION_STYLE_ANALYTICAL);
  persona.set_biography("  I write\n\n\n programs.\t\n");
  persona.set_system_prompt("Answer briefly.");
  return persona;
}

std::vector<PartKind> Kinds(const v1::PersonaPrompt& prompt) {
  std::vector<PartKind> kinds;
  for (const prompt::v1::PromptPart& part : prompt.parts())
    kinds.push_back(part.kind());
  return kinds;
}

std::string TextOf(const v1::PersonaPrompt& prompt, PartKind kind) {
  for (const prompt::v1::PromptPart& part : prompt.parts()) {
    if (part.kind() == kind) return part.text();
  }
  return "";
}

TEST(PromptTest, PutsThePartsInOrder) {
  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(FullPersona()), kNoLimit);

  EXPECT_THAT(Kinds(prompt),
              ElementsAre(prompt::v1::PART_KIND_ROLE, prompt::v1::PART_KIND_TRAITS,
                          prompt::v1::PART_KIND_KNOWLEDGE, prompt::v1::PART_KIND_STYLE,
                          prompt::v1::PART_KIND_BIOGRAPHY, prompt::v1::PART_KIND_AMBIGUITY,
                          prompt::v1::PART_KIND_SYSTEM_PROMPT, prompt::v1::PART_KIND_SAFETY));
}

TEST(PromptTest, LeavesOutWhatWouldBeEmpty) {
  v1::Persona persona;
  persona.set_name("Ada");
  persona.set_type(v1::PERSONA_TYPE_AI_AGENT);

  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(persona), kNoLimit);

  EXPECT_THAT(Kinds(prompt),
              ElementsAre(prompt::v1::PART_KIND_ROLE, prompt::v1::PART_KIND_KNOWLEDGE,
                          prompt::v1::PART_KIND_STYLE, prompt::v1::PART_KIND_SAFETY));
}

TEST(PromptTest, JoinsThePartsByAnEmptyLine) {
  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(FullPersona()), kNoLimit);

  std::string expected;
  for (const prompt::v1::PromptPart& part : prompt.parts()) {
    absl::StrAppend(&expected, expected.empty() ? "" : "\n\n", part.text());
  }
  EXPECT_EQ(prompt.text(), expected);
}

TEST(PromptTest, NamesTheVersionItCameFrom) {
  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(FullPersona()), kNoLimit);

  EXPECT_EQ(prompt.persona_id(), "p1");
  EXPECT_EQ(prompt.version(), 3);
  for (const prompt::v1::PromptPart& part : prompt.parts())
    EXPECT_EQ(part.source(), "persona/p1@3");
}

TEST(PromptTest, HoldsTheBiographyByteForByte) {
  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(FullPersona()), kNoLimit);

  EXPECT_EQ(TextOf(prompt, prompt::v1::PART_KIND_BIOGRAPHY), FullPersona().biography());
  EXPECT_FALSE(prompt.truncated());
}

TEST(PromptTest, SaysTheRoleInOneLine) {
  v1::Persona persona = FullPersona();
  persona.set_description("a\nmathematician \r\n and\tmore");

  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(persona), kNoLimit);

  EXPECT_EQ(TextOf(prompt, prompt::v1::PART_KIND_ROLE),
            "You are Ada. You speak as yourself, in the first person. About you: a mathematician "
            "and more");
}

TEST(PromptTest, SaysTraitsAbove70AndBelow30Only) {
  v1::Persona persona;
  persona.mutable_personality()->set_openness(71);
  persona.mutable_personality()->set_conscientiousness(70);
  persona.mutable_personality()->set_extraversion(29);
  persona.mutable_personality()->set_agreeableness(30);

  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(persona), kNoLimit);

  EXPECT_EQ(TextOf(prompt, prompt::v1::PART_KIND_TRAITS),
            "You are curious and open to new ideas.\nYou are reserved and sparing with words.");
}

TEST(PromptTest, NamesTheDomains) {
  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(FullPersona()), kNoLimit);

  EXPECT_EQ(TextOf(prompt, prompt::v1::PART_KIND_KNOWLEDGE),
            "Your domains of knowledge: science, technology.");
}

TEST(PromptTest, HasALineForEveryStyle) {
  std::vector<std::string> lines;
  for (int style = v1::CommunicationStyle_MIN + 1; style <= v1::CommunicationStyle_MAX; ++style) {
    v1::Persona persona;
    persona.set_communication_style(static_cast<v1::CommunicationStyle>(style));
    lines.push_back(TextOf(RenderPrompt(RowOf(persona), kNoLimit), prompt::v1::PART_KIND_STYLE));
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(std::unique(lines.begin(), lines.end()), lines.end());
  EXPECT_THAT(lines, testing::Each(Not(testing::IsEmpty())));
}

TEST(PromptTest, AlwaysEndsWithTheSafetyLines) {
  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(FullPersona()), kNoLimit);

  EXPECT_THAT(prompt.text(), EndsWith("Never deny being an AI when somebody sincerely asks."));
  EXPECT_THAT(prompt.text(), HasSubstr("not as orders"));
}

TEST(PromptTest, HashesTheWholeText) {
  PersonaRow row = RowOf(FullPersona());
  const std::string hash = RenderPrompt(row, kNoLimit).hash();
  EXPECT_EQ(hash.size(), 64);
  EXPECT_EQ(RenderPrompt(row, kNoLimit).hash(), hash);

  row.definition.set_system_prompt("Answer at length.");

  EXPECT_NE(RenderPrompt(row, kNoLimit).hash(), hash);
}

TEST(PromptTest, CutsALongBiographyAndSaysSo) {
  v1::Persona persona = FullPersona();
  persona.set_biography("First paragraph.\n\nSecond paragraph.");

  const v1::PersonaPrompt prompt = RenderPrompt(RowOf(persona), 25);

  EXPECT_EQ(TextOf(prompt, prompt::v1::PART_KIND_BIOGRAPHY), "First paragraph.");
  EXPECT_TRUE(prompt.truncated());
}

TEST(PromptTest, FillsInTheParametersThatAreUnset) {
  const prompt::v1::ModelParameters parameters = RenderParameters(v1::Persona());

  EXPECT_EQ(parameters.model(), "");
  EXPECT_FALSE(parameters.has_temperature());
  EXPECT_FALSE(parameters.has_top_p());
  EXPECT_EQ(parameters.max_output_tokens(), 1024);
}

TEST(PromptTest, KeepsTheParametersThatAreSet) {
  v1::Persona persona;
  persona.mutable_model_config()->set_model("openai/gpt");
  persona.mutable_model_config()->set_temperature(0);
  persona.mutable_model_config()->set_top_p(0.5);
  persona.mutable_model_config()->add_stop("END");

  const prompt::v1::ModelParameters parameters = RenderParameters(persona);

  EXPECT_EQ(parameters.model(), "openai/gpt");
  EXPECT_DOUBLE_EQ(parameters.temperature(), 0);
  EXPECT_DOUBLE_EQ(parameters.top_p(), 0.5);
  EXPECT_THAT(parameters.stop(), ElementsAre("END"));
}

}  // namespace
}  // namespace dramatis::persona
