#include "dramatis/memory/v1/memory.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gtest/gtest.h"
#include "shared/rules/field_rules.h"

namespace dramatis {
namespace {

persona::v1::Persona Stored() {
  persona::v1::Persona persona;
  persona.set_persona_id("id");
  persona.set_version(3);
  persona.set_name("Ann");
  persona.set_description("old");
  persona.mutable_personality()->set_openness(10);
  persona.mutable_personality()->set_empathy(20);
  persona.add_knowledge(persona::v1::KNOWLEDGE_ARTS);
  return persona;
}

TEST(MergeFieldsTest, CopiesWhatTheMaskNamesAndNothingElse) {
  persona::v1::Persona from;
  from.set_name("Bob");
  from.set_description("new");
  from.set_is_public(true);
  persona::v1::Persona to = Stored();

  MergeFields(from, {"description"}, to);

  persona::v1::Persona expected = Stored();
  expected.set_description("new");
  EXPECT_EQ(to.DebugString(), expected.DebugString());
}

TEST(MergeFieldsTest, ClearsWhatTheMaskNamesAndTheSourceDoesNotSet) {
  persona::v1::Persona to = Stored();

  MergeFields(persona::v1::Persona(), {"description", "knowledge", "personality.openness"}, to);

  EXPECT_EQ(to.description(), "");
  EXPECT_EQ(to.knowledge_size(), 0);
  EXPECT_FALSE(to.personality().has_openness());
  EXPECT_EQ(to.personality().empathy(), 20);
  EXPECT_EQ(to.name(), "Ann");
}

TEST(MergeFieldsTest, ReplacesASubMessageThatIsNamedWhole) {
  persona::v1::Persona from;
  from.mutable_personality()->set_openness(99);
  persona::v1::Persona to = Stored();

  MergeFields(from, {"personality"}, to);

  EXPECT_EQ(to.personality().openness(), 99);
  EXPECT_FALSE(to.personality().has_empathy());
}

TEST(MergeFieldsTest, GoesIntoASubMessageThatIsNotThereYet) {
  persona::v1::Persona from;
  from.mutable_model_config()->set_model("local");
  persona::v1::Persona to = Stored();

  MergeFields(from, {"model_config.model", "response_delay.min_ms"}, to);

  EXPECT_EQ(to.model_config().model(), "local");
  EXPECT_FALSE(to.has_response_delay());
}

TEST(MergeFieldsTest, CopiesEverySetFieldWithoutAMask) {
  persona::v1::Persona from;
  from.set_description("new");
  from.mutable_personality()->set_openness(99);
  from.add_knowledge(persona::v1::KNOWLEDGE_HISTORY);
  from.add_knowledge(persona::v1::KNOWLEDGE_SCIENCE);
  persona::v1::Persona to = Stored();

  MergeFields(from, {}, to);

  EXPECT_EQ(to.description(), "new");
  EXPECT_EQ(to.name(), "Ann");
  EXPECT_EQ(to.personality().openness(), 99);
  EXPECT_EQ(to.personality().empathy(), 20);
  ASSERT_EQ(to.knowledge_size(), 2);
  EXPECT_EQ(to.knowledge(0), persona::v1::KNOWLEDGE_HISTORY);
  EXPECT_EQ(from.knowledge_size(), 2);  // the source keeps its own
}

TEST(MergeFieldsTest, LeavesAloneWhatTheServerSets) {
  persona::v1::Persona from;
  from.set_persona_id("forged");
  from.set_version(99);
  from.mutable_create_time()->set_seconds(1);
  for (const std::vector<std::string>& mask :
       {std::vector<std::string>{}, {"persona_id", "version", "create_time"}}) {
    persona::v1::Persona to = Stored();
    MergeFields(from, mask, to);
    EXPECT_EQ(to.DebugString(), Stored().DebugString());
  }
}

TEST(MergeFieldsTest, ReplacesMaps) {
  memory::v1::Profile from;
  (*from.mutable_preferences())["b"] = "2";
  memory::v1::Profile to;
  (*to.mutable_preferences())["a"] = "1";

  MergeFields(from, {"preferences"}, to);

  EXPECT_EQ(to.preferences().size(), 1U);
  EXPECT_EQ(to.preferences().at("b"), "2");
}

TEST(MergeFieldsTest, CopiesEveryKindOfScalar) {
  persona::v1::Persona from;
  from.set_type(persona::v1::PERSONA_TYPE_HUMAN);
  from.set_is_public(true);
  from.mutable_model_config()->set_temperature(0.5);
  from.mutable_model_config()->set_max_output_tokens(7);
  from.set_source_uri("");
  persona::v1::Persona to;

  MergeFields(from, {"type", "is_public", "model_config", "source_uri"}, to);

  EXPECT_EQ(to.DebugString(), from.DebugString());
  EXPECT_TRUE(to.has_source_uri());
}

}  // namespace
}  // namespace dramatis
