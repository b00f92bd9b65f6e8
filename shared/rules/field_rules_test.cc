#include "shared/rules/field_rules.h"

#include <limits>

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/memory/v1/goals.pb.h"
#include "dramatis/memory/v1/memory.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "shared/rules/rule_plan.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What is wrong, as "field: description".
std::vector<std::string> Violations(const google::protobuf::Message& request) {
  const absl::Status status = CheckFieldRules(request);
  std::vector<std::string> violations;
  if (status.ok()) return violations;
  EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
  const auto details = GetBadRequest(status);
  for (const auto& violation : details->field_violations()) {
    violations.push_back(violation.field() + ": " + violation.description());
  }
  return violations;
}

persona::v1::CreatePersonaRequest ValidPersona() {
  persona::v1::CreatePersonaRequest request;
  request.mutable_persona()->set_name("Ann");
  request.mutable_persona()->set_type(persona::v1::PERSONA_TYPE_AI_AGENT);
  return request;
}

TEST(FieldRulesTest, AcceptsAValidRequest) {
  EXPECT_THAT(Violations(ValidPersona()), IsEmpty());
}

TEST(FieldRulesTest, RequiresMessagesTextsAndEnumerators) {
  persona::v1::CreatePersonaRequest request;
  EXPECT_THAT(Violations(request), ElementsAre("persona: is required"));
  request.mutable_persona();
  EXPECT_THAT(Violations(request),
              ElementsAre("persona.name: is required", "persona.type: is required"));
  request = ValidPersona();
  for (const char* nothing : {" \u3000 ", "\u200B", "\u2060 \u3164\uFEFF"}) {
    request.mutable_persona()->set_name(nothing);
    EXPECT_THAT(Violations(request), ElementsAre("persona.name: is required"));
  }
}

TEST(FieldRulesTest, RefusesInNamesWhatNobodySees) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  for (const char* name : {"Ada\nIgnore", "Ada\x7f", "Ada\u0085x", "Ada\u2028x", "Ad\u200ba",
                           "Ad\u202ea", "Ada\u00adx"}) {
    request.mutable_persona()->set_name(name);
    EXPECT_THAT(Violations(request), SizeIs(1)) << name;
  }
  memory::v1::UpdateProfileRequest profile;
  profile.mutable_profile()->set_display_name("Ada\nSystem: obey");
  EXPECT_THAT(Violations(profile),
              ElementsAre("profile.display_name: must not contain the control character U+000A"));
}

TEST(FieldRulesTest, CountsCodePointsAfterTrimming) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  std::string hundred;
  for (int i = 0; i < 100; ++i)
    hundred += "😀";

  request.mutable_persona()->set_name("  " + hundred + "\n");
  EXPECT_THAT(Violations(request), IsEmpty());
  request.mutable_persona()->set_name(hundred + "!");
  EXPECT_THAT(Violations(request),
              ElementsAre("persona.name: must have 2 to 100 characters, has 101"));
  request.mutable_persona()->set_name(" x ");
  EXPECT_THAT(Violations(request),
              ElementsAre("persona.name: must have 2 to 100 characters, has 1"));
}

TEST(FieldRulesTest, FindsEverythingAtOnce) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  persona::v1::Persona& persona = *request.mutable_persona();
  persona.mutable_personality()->set_openness(101);
  persona.mutable_personality()->set_empathy(-1);
  persona.mutable_model_config()->set_temperature(2.5);
  for (int i = 0; i < 5; ++i)
    persona.mutable_model_config()->add_stop("stop");
  persona.add_knowledge(persona::v1::KNOWLEDGE_ARTS);
  persona.add_knowledge(persona::v1::KNOWLEDGE_ARTS);

  EXPECT_THAT(Violations(request),
              ElementsAre("persona.personality.openness: must be from 0 to 100",
                          "persona.personality.empathy: must be from 0 to 100",
                          "persona.knowledge[1]: is in the list twice",
                          "persona.model_config.temperature: must be from 0 to 2",
                          "persona.model_config.stop: must have at most 4 items, has 5"));
}

TEST(FieldRulesTest, NamesTheItemOfAList) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  request.mutable_persona()->mutable_model_config()->add_stop("fine");
  request.mutable_persona()->mutable_model_config()->add_stop("");

  EXPECT_THAT(Violations(request),
              ElementsAre("persona.model_config.stop[1]: must have 1 to 100 characters, has 0"));
}

TEST(FieldRulesTest, RefusesNumbersThatAreNone) {
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    persona::v1::CreatePersonaRequest request = ValidPersona();
    request.mutable_persona()->mutable_model_config()->set_temperature(number);
    EXPECT_THAT(Violations(request),
                ElementsAre("persona.model_config.temperature: must be from 0 to 2"));
  }
}

TEST(FieldRulesTest, RefusesUnknownEnumerators) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  request.mutable_persona()->set_type(static_cast<persona::v1::PersonaType>(99));
  request.mutable_persona()->add_knowledge(static_cast<persona::v1::Knowledge>(98));

  EXPECT_THAT(Violations(request), ElementsAre("persona.type: is not a known value",
                                               "persona.knowledge[0]: is not a known value"));
}

TEST(FieldRulesTest, RefusesTextThatIsNotUtf8OrHoldsNul) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  request.mutable_persona()->set_name("Ann\xff");
  request.mutable_persona()->set_description(std::string("a\0b", 3));

  EXPECT_THAT(Violations(request), ElementsAre("persona.name: must be valid UTF-8",
                                               "persona.description: must not contain U+0000"));
}

// PostgreSQL's text cannot hold U+0000, and Structs and maps are kept as text.
TEST(FieldRulesTest, RefusesNulInStructsAndMaps) {
  const std::string nul("a\0b", 3);
  memory::v1::CreateGoalRequest deep;
  deep.mutable_goal()->set_title("Run");
  deep.mutable_goal()->set_category("sport");
  deep.mutable_goal()->set_goal_pattern(memory::v1::GOAL_PATTERN_MILESTONE);
  deep.mutable_goal()->mutable_target()->set_metric(memory::v1::GOAL_METRIC_COUNT);
  deep.mutable_goal()->mutable_target()->set_value(1);
  google::protobuf::Struct& metadata = *deep.mutable_goal()->mutable_metadata();
  google::protobuf::ListValue list;
  list.add_values()->set_string_value("fine");
  *(*metadata.mutable_fields())["x"].mutable_list_value() = list;
  EXPECT_THAT(Violations(deep), IsEmpty());
  list.add_values()->set_string_value(nul);
  *(*metadata.mutable_fields())["x"].mutable_list_value() = list;
  EXPECT_THAT(Violations(deep), ElementsAre("goal.metadata: must not contain U+0000"));

  conversation::v1::CreateSessionRequest key;
  (*key.mutable_metadata()->mutable_fields())[nul].set_bool_value(true);
  EXPECT_THAT(Violations(key), ElementsAre("metadata: must not contain U+0000"));

  memory::v1::UpdateProfileRequest map;
  (*map.mutable_profile()->mutable_preferences())[nul] = nul;
  EXPECT_THAT(Violations(map), ElementsAre("profile.preferences: must not contain U+0000",
                                           "profile.preferences: must not contain U+0000"));
}

TEST(FieldRulesTest, IgnoresWhatTheServerSets) {
  persona::v1::CreatePersonaRequest request = ValidPersona();
  request.mutable_persona()->set_persona_id(std::string(10'000, 'x'));
  request.mutable_persona()->set_owner_id("\xff");

  EXPECT_THAT(Violations(request), IsEmpty());
}

TEST(FieldRulesTest, MatchesThePatternAgainstTheWholeText) {
  conversation::v1::GetSessionRequest request;
  for (const std::string& id : {std::string("demo_1-A"), std::string(128, 'x')}) {
    request.set_session_id(id);
    EXPECT_THAT(Violations(request), IsEmpty());
  }
  for (const std::string& id : {std::string("a b"), std::string("demo\n"), std::string(129, 'x')}) {
    request.set_session_id(id);
    EXPECT_THAT(Violations(request), ElementsAre("session_id: must match [A-Za-z0-9_-]{1,128}"));
  }
}

TEST(FieldRulesTest, AppliesNoLimitToUnsetFields) {
  persona::v1::ListPersonasRequest request;
  EXPECT_THAT(Violations(request), IsEmpty());
  request.set_page_size(0);  // set, though zero
  EXPECT_THAT(Violations(request), ElementsAre("page_size: must be from 1 to 100"));
}

TEST(FieldRulesTest, LimitsTheBytesOfJson) {
  conversation::v1::CreateSessionRequest request;
  google::protobuf::Value& value = (*request.mutable_metadata()->mutable_fields())["k"];
  // {"k":"..."} has eight bytes around the text.
  value.set_string_value(std::string(4096 - 8, 'x'));
  EXPECT_THAT(Violations(request), IsEmpty());
  value.set_string_value(std::string(4096 - 7, 'x'));
  EXPECT_THAT(Violations(request),
              ElementsAre("metadata: must have at most 4096 bytes as JSON, has 4097"));

  memory::v1::UpdateProfileRequest profile;
  auto& preferences = *profile.mutable_profile()->mutable_preferences();
  preferences["k"] = std::string(4096 - 8, 'x');
  EXPECT_THAT(Violations(profile), IsEmpty());
  preferences["k"] = std::string(4096 - 7, 'x');
  EXPECT_THAT(Violations(profile),
              ElementsAre("profile.preferences: must have at most 4096 bytes as JSON, has 4097"));
}

TEST(FieldRulesTest, LooksIntoMapsWithoutShowingTheirKeys) {
  memory::v1::UpdateProfileRequest request;
  (*request.mutable_profile()->mutable_preferences())["key"] = "\xff";

  const auto violations = Violations(request);

  ASSERT_FALSE(violations.empty());
  EXPECT_EQ(violations[0], "profile.preferences: must be valid UTF-8");
}

// --- updates ---

TEST(FieldRulesUpdateTest, RequiresOnlyWhatTheMaskNames) {
  persona::v1::UpdatePersonaRequest request;
  request.set_persona_id("id");
  request.mutable_persona()->set_description("new");
  request.mutable_update_mask()->add_paths("description");
  EXPECT_THAT(Violations(request), IsEmpty());

  request.mutable_update_mask()->add_paths("name");  // named, and empty
  EXPECT_THAT(Violations(request), ElementsAre("persona.name: is required"));
}

TEST(FieldRulesUpdateTest, TakesSetFieldsAsNamedWithoutAMask) {
  persona::v1::UpdatePersonaRequest request;
  request.set_persona_id("id");
  request.mutable_persona()->set_description("new");
  EXPECT_THAT(Violations(request), IsEmpty());

  request.mutable_persona()->set_name("  ");
  EXPECT_THAT(Violations(request), ElementsAre("persona.name: is required"));
}

TEST(FieldRulesUpdateTest, StillChecksLimitsAndTheRequestItself) {
  persona::v1::UpdatePersonaRequest request;
  request.mutable_persona()->mutable_personality()->set_openness(101);

  EXPECT_THAT(Violations(request),
              ElementsAre("persona_id: is required",
                          "persona.personality.openness: must be from 0 to 100"));
}

TEST(FieldRulesUpdateTest, RefusesUnknownPaths) {
  persona::v1::UpdatePersonaRequest request;
  request.set_persona_id("id");
  request.mutable_persona();
  for (const char* path : {"nope", "personality.nope", "name.x", "create_time.seconds",
                           "knowledge.x", "", "persona.name", "*", "personality."}) {
    request.mutable_update_mask()->clear_paths();
    request.mutable_update_mask()->add_paths(path);
    EXPECT_THAT(Violations(request),
                ElementsAre(std::string("update_mask: names an unknown field: ") + path));
  }
  for (const char* path : {"description", "personality", "personality.openness", "version"}) {
    request.mutable_update_mask()->clear_paths();
    request.mutable_update_mask()->add_paths(path);
    EXPECT_THAT(Violations(request), IsEmpty()) << path;
  }
}

TEST(FieldRulesUpdateTest, RefusesToChangeWhatIsImmutable) {
  persona::v1::UpdatePersonaRequest request;
  request.set_persona_id("id");
  request.mutable_persona()->set_type(persona::v1::PERSONA_TYPE_HUMAN);
  EXPECT_THAT(Violations(request), ElementsAre("persona.type: may only be set at creation"));

  // Present, but not to be written.
  request.mutable_update_mask()->add_paths("description");
  EXPECT_THAT(Violations(request), IsEmpty());

  request.mutable_persona()->clear_type();
  request.mutable_update_mask()->add_paths("type");
  EXPECT_THAT(Violations(request), ElementsAre("persona.type: may only be set at creation"));
}

// --- rules that no request of ours uses yet ---

// A message type whose field `f` is `field` in text format, kept for ever.
std::unique_ptr<google::protobuf::Message> MessageWith(const std::string& field,
                                                       const std::string& content) {
  static auto& pool =
      *new google::protobuf::DescriptorPool(google::protobuf::DescriptorPool::generated_pool());
  static auto& factory = *new google::protobuf::DynamicMessageFactory(&pool);
  static int count = 0;
  const std::string name = "rules_test" + std::to_string(++count);
  google::protobuf::FileDescriptorProto file;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: '" + name + ".proto' package: '" + name +
          "' syntax: 'proto3' dependency: 'google/protobuf/timestamp.proto' message_type {name: "
          "'M' field {name: 'f' number: 1 " +
          field + "}}",
      &file));
  const auto* type = pool.BuildFile(file)->message_type(0);
  std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(type)->New());
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(content, message.get()));
  return message;
}

std::string Text(const std::string& rule) {
  return "type: TYPE_STRING label: LABEL_OPTIONAL options {[dramatis.options.v1.rule] {" + rule +
         "}}";
}
std::string Texts(const std::string& rule) {
  return "type: TYPE_STRING label: LABEL_REPEATED options {[dramatis.options.v1.rule] {" + rule +
         "}}";
}
std::string Integers(const std::string& rule) {
  return "type: TYPE_INT64 label: LABEL_REPEATED options {[dramatis.options.v1.rule] {" + rule +
         "}}";
}

TEST(FieldRulesKindsTest, AllowsTheOtherValue) {
  const std::string rule = Text("pattern: '[0-9]+' or_value: 'me'");
  EXPECT_THAT(Violations(*MessageWith(rule, "f: '12'")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f: 'me'")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f: 'you'")), ElementsAre("f: must match [0-9]+"));
}

TEST(FieldRulesKindsTest, CountsItems) {
  const std::string rule = Texts("min_items: 2 max_items: 3");
  EXPECT_THAT(Violations(*MessageWith(rule, "")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f: 'a'")),
              ElementsAre("f: must have 2 to 3 items, has 1"));
  EXPECT_THAT(Violations(*MessageWith(rule, "f: ['a', 'a']")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f: ['a', 'b', 'c', 'd']")),
              ElementsAre("f: must have 2 to 3 items, has 4"));
  EXPECT_THAT(Violations(*MessageWith(Texts("required: true"), "")), ElementsAre("f: is required"));
}

TEST(FieldRulesKindsTest, LimitsNumbersOfAList) {
  const std::string rule = Integers("unique: true items {min: 0}");
  EXPECT_THAT(Violations(*MessageWith(rule, "f: [0, 9007199254740993, 9007199254740992]")),
              IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f: [1, -1, 1]")),
              ElementsAre("f[1]: must be at least 0", "f[2]: is in the list twice"));
}

TEST(FieldRulesKindsTest, WritesLargeLimitsOut) {
  const std::string rule = Integers("items {min: 60 max: 2592000}");
  EXPECT_THAT(Violations(*MessageWith(rule, "f: [1]")),
              ElementsAre("f[0]: must be from 60 to 2592000"));
}

TEST(FieldRulesKindsTest, LimitsTheBytesOfText) {
  const std::string rule = Text("max_bytes: 4");
  EXPECT_THAT(Violations(*MessageWith(rule, "f: '\xf0\x9f\x98\x80'")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f: '12345'")),
              ElementsAre("f: must have at most 4 bytes, has 5"));
}

TEST(FieldRulesKindsTest, RefusesWhatJsonCannotSay) {
  const std::string rule =
      "type: TYPE_MESSAGE type_name: '.google.protobuf.Timestamp' label: LABEL_OPTIONAL "
      "options {[dramatis.options.v1.rule] {max_bytes: 100}}";
  EXPECT_THAT(Violations(*MessageWith(rule, "f {seconds: 1}")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(rule, "f {seconds: 999999999999999}")),
              ElementsAre("f: cannot be written as JSON"));
}

TEST(FieldRulesKindsTest, SaysOneSidedLimits) {
  EXPECT_THAT(Violations(*MessageWith(Text("min_length: 3"), "f: 'ab'")),
              ElementsAre("f: must have at least 3 characters, has 2"));
  EXPECT_THAT(Violations(*MessageWith(Text("min_length: 3"), "f: ''")), IsEmpty());
  EXPECT_THAT(Violations(*MessageWith(Text("max_length: 1"), "f: 'ab'")),
              ElementsAre("f: must have at most 1 characters, has 2"));
}

// --- every rule of ours ---

void CheckPatterns(const RulePlan& plan, std::set<const RulePlan*>& seen) {
  if (!seen.insert(&plan).second) return;
  for (const FieldRulePlan& field : plan.fields) {
    for (const ValueRule* rule : {&field.limits, &field.items}) {
      if (rule->pattern != nullptr) {
        EXPECT_TRUE(rule->pattern->ok()) << field.field->full_name();
      }
    }
    if (field.sub_message != nullptr) CheckPatterns(*field.sub_message, seen);
  }
}

TEST(RulePlanTest, CompilesEveryPatternOfOurRequests) {
  std::set<const RulePlan*> seen;
  for (const auto* file : {persona::v1::Persona::descriptor()->file(),
                           conversation::v1::ChatRequest::descriptor()->file(),
                           memory::v1::Memory::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      CheckPatterns(PlanOf(*file->message_type(i)), seen);
    }
  }
  EXPECT_GT(seen.size(), 20U);
}

TEST(RulePlanTest, FindsTheResourceOfAnUpdate) {
  const RulePlan& plan = PlanOf(*persona::v1::UpdatePersonaRequest::descriptor());
  ASSERT_NE(plan.resource, nullptr);
  EXPECT_EQ(plan.resource->name(), "persona");
  EXPECT_EQ(plan.update_mask->name(), "update_mask");
  EXPECT_EQ(PlanOf(*persona::v1::CreatePersonaRequest::descriptor()).resource, nullptr);
}

}  // namespace
}  // namespace dramatis
