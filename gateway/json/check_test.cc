#include "gateway/json/check.h"

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/memory/v1/goals.pb.h"
#include "dramatis/memory/v1/memory.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

absl::StatusOr<CheckedJson> CheckPersona(const std::string& json) {
  return CheckJson(json, *persona::v1::Persona::descriptor());
}

// "REASON field: what; field: what".
std::string Explain(const absl::Status& status) {
  std::string text = GetReason(status);
  const auto bad_request = GetBadRequest(status);
  if (!bad_request.has_value()) return text;
  for (const auto& violation : bad_request->field_violations()) {
    text += " " + violation.field() + ": " + violation.description() + ";";
  }
  return text;
}

std::string ExplainPersona(const std::string& json) {
  return Explain(CheckPersona(json).status());
}

TEST(JsonCheckTest, NamesTheFieldsPresentInTheProtosSpelling) {
  const auto checked = CheckPersona(
      R"({"name":"Ada","modelConfig":{"top_p":0.5,"stop":["x"]},"isPublic":false,"greeting":null})");
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->present, UnorderedElementsAre("name", "model_config.top_p",
                                                     "model_config.stop", "is_public", "greeting"));
}

TEST(JsonCheckTest, LeavesOutWhatTheServerSets) {
  const auto checked = CheckPersona(
      R"({"personaId":"7","etag":"1","createTime":"2026-01-01T00:00:00Z","name":"A"})");
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->present, ElementsAre("name"));
}

TEST(JsonCheckTest, PassesOverUnknownFieldsWhereThatIsAllowed) {
  const auto check = [](const char* json) {
    return CheckJson(json, *persona::v1::Persona::descriptor(), {}, nullptr,
                     UnknownFields::kIgnored);
  };
  const auto checked = check(R"({"name":"Ada","more":{"a":[1,{"b":2}]},"personality":{"wit":1}})");
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->present, ElementsAre("name"));
  EXPECT_FALSE(check(R"({"more":1,"name":5})").ok());
  EXPECT_FALSE(check(R"({"more":})").ok());
}

TEST(JsonCheckTest, AnEmptyObjectNamesNothing) {
  EXPECT_THAT(CheckPersona("{}")->present, IsEmpty());
  EXPECT_THAT(CheckPersona(" { \"personality\" : {} }\r\n")->present, IsEmpty());
}

TEST(JsonCheckTest, SaysWhetherAStreamIsAsked) {
  const auto& chat = *conversation::v1::ChatRequest::descriptor();
  EXPECT_TRUE(CheckJson(R"({"message":"a","stream":true})", chat)->stream);
  EXPECT_FALSE(CheckJson(R"({"message":"a","stream":false})", chat)->stream);
  EXPECT_FALSE(CheckJson(R"({"message":"a"})", chat)->stream);
}

TEST(JsonCheckTest, RefusesWhatIsNotJson) {
  for (const char* json : {"",
                           " ",
                           "{",
                           "}",
                           "{}}",
                           "{} {}",
                           "{'name':'a'}",
                           R"({"name":"a",})",
                           R"({"name" "a"})",
                           "{name:\"a\"}",
                           R"({"name":"a")",
                           "{\"version\":01}",
                           "{\"version\":+1}",
                           "{\"version\":.5}",
                           "{\"version\":1.}",
                           "{\"version\":NaN}",
                           "{\"name\":\"\t\"}",
                           R"({"name":"\x"})",
                           R"({"name":"\ud800"})",
                           R"({"name":"a"} // b)",
                           "/**/{}",
                           "nul"}) {
    EXPECT_THAT(Explain(CheckPersona(json).status()), ::testing::StartsWith("MALFORMED_JSON"))
        << json;
  }
}

TEST(JsonCheckTest, RefusesWhatIsNotAnObject) {
  for (const char* json : {"[]", "1", "\"a\"", "null", "true", "[{}]"}) {
    EXPECT_EQ(ExplainPersona(json), "MALFORMED_JSON body: must be a JSON object;") << json;
  }
}

TEST(JsonCheckTest, NamesTheFieldWithInvalidUtf8) {
  EXPECT_EQ(ExplainPersona("{\"name\":\"\xff\"}"), "MALFORMED_JSON name: is not valid UTF-8;");
  EXPECT_EQ(ExplainPersona("{\"name\":\"\xed\xa0\x80\"}"),
            "MALFORMED_JSON name: is not valid UTF-8;");
}

TEST(JsonCheckTest, TakesEveryCodePoint) {
  EXPECT_TRUE(CheckPersona("{\"name\":\"\\u0041\\ud83d\\ude00\xf0\x9f\x98\x80\"}").ok());
}

TEST(JsonCheckTest, TakesThirtyTwoLevelsAndNotOneMore) {
  const auto nested = [](int levels) {
    // The body and `metadata` are two of them.
    std::string json = R"({"metadata":{"a":)";
    for (int i = 2; i < levels; ++i)
      json += '[';
    json += '1';
    for (int i = 2; i < levels; ++i)
      json += ']';
    return json + "}}";
  };
  const auto& session = *conversation::v1::CreateSessionRequest::descriptor();
  EXPECT_TRUE(CheckJson(nested(32), session).ok());
  EXPECT_THAT(Explain(CheckJson(nested(33), session).status()),
              ::testing::HasSubstr("nests deeper than 32"));
}

TEST(JsonCheckTest, NamesUnknownFieldsAsTheyCame) {
  EXPECT_EQ(ExplainPersona(R"({"nmae":"a","personality":{"Openness":1},"x.y":{"a":[1]}})"),
            "VALIDATION_FAILED nmae: is not a known field; personality.Openness: is not a known "
            "field; x.y: is not a known field;");
}

TEST(JsonCheckTest, NamesFieldsThatStandTwice) {
  EXPECT_EQ(ExplainPersona(R"({"name":"a","name":"a"})"),
            "VALIDATION_FAILED name: is given twice;");
  EXPECT_EQ(ExplainPersona(R"({"isPublic":true,"is_public":true})"),
            "VALIDATION_FAILED is_public: is given twice;");
  EXPECT_EQ(ExplainPersona(R"({"personality":{"empathy":1,"empathy":1}})"),
            "VALIDATION_FAILED personality.empathy: is given twice;");
}

TEST(JsonCheckTest, FindsDoubleKeysInFreeObjectsAndMaps) {
  const auto& session = *conversation::v1::CreateSessionRequest::descriptor();
  EXPECT_EQ(Explain(CheckJson(R"({"metadata":{"a":{"b":1,"b":2}}})", session).status()),
            "VALIDATION_FAILED metadata.a.b: is given twice;");
  EXPECT_EQ(
      Explain(CheckJson(R"({"preferences":{"a":"1","a":"2"}})", *memory::v1::Profile::descriptor())
                  .status()),
      "VALIDATION_FAILED preferences.a: is given twice;");
}

TEST(JsonCheckTest, ChecksTheTypeOfEveryField) {
  struct Case {
    const char* json;
    const char* says;
  };
  const Case cases[] = {
      {R"({"name":1})", "name: must be a string;"},
      {R"({"name":["a"]})", "name: must be a string;"},
      {R"({"name":{"a":1}})", "name: must be a string;"},
      {R"({"isPublic":"true"})", "isPublic: must be true or false;"},
      {R"({"isPublic":1})", "isPublic: must be true or false;"},
      {R"({"type":"robot"})", "type: must be human, ai_agent, ai_ambiguous or unknown;"},
      {R"({"type":"AI_AGENT"})", "type: must be human, ai_agent, ai_ambiguous or unknown;"},
      {R"({"type":2})", "type: must be human, ai_agent, ai_ambiguous or unknown;"},
      {R"({"version":"1"})", "version: must be a whole number from -2147483648 to 2147483647;"},
      {R"({"version":1.5})", "version: must be a whole number from -2147483648 to 2147483647;"},
      {R"({"version":2147483648})",
       "version: must be a whole number from -2147483648 to 2147483647;"},
      {R"({"version":99999999999999999999})",
       "version: must be a whole number from -2147483648 to 2147483647;"},
      {R"({"modelConfig":{"temperature":"1"}})", "modelConfig.temperature: must be a number;"},
      {R"({"modelConfig":[]})", "modelConfig: must be an object;"},
      {R"({"modelConfig":7})", "modelConfig: must be an object;"},
      {R"({"modelConfig":{"stop":"x"}})", "modelConfig.stop: must be a list;"},
      {R"({"modelConfig":{"stop":{}}})", "modelConfig.stop: must be a list;"},
      {R"({"modelConfig":{"stop":["a",1]}})", "modelConfig.stop[1]: must be a string;"},
      {R"({"modelConfig":{"stop":[null]}})", "modelConfig.stop[0]: must not be null;"},
      {R"({"modelConfig":{"stop":[["a"]]}})", "modelConfig.stop[0]: must be a string;"},
      {R"({"createTime":"yesterday"})",
       "createTime: must be an RFC 3339 time such as \"2026-01-31T12:00:00Z\";"},
      {R"({"createTime":0})",
       "createTime: must be an RFC 3339 time such as \"2026-01-31T12:00:00Z\";"},
      {R"({"createTime":{"seconds":1}})",
       "createTime: must be an RFC 3339 time such as \"2026-01-31T12:00:00Z\";"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ExplainPersona(c.json), std::string("VALIDATION_FAILED ") + c.says) << c.json;
  }
}

TEST(JsonCheckTest, ChecksMapsAndFreeObjects) {
  const auto& profile = *memory::v1::Profile::descriptor();
  const auto& session = *conversation::v1::CreateSessionRequest::descriptor();
  EXPECT_TRUE(CheckJson(R"({"preferences":{"a":"1","b":""}})", profile).ok());
  EXPECT_EQ(Explain(CheckJson(R"({"preferences":{"a":1}})", profile).status()),
            "VALIDATION_FAILED preferences.a: must be a string;");
  EXPECT_EQ(Explain(CheckJson(R"({"preferences":{"a":null}})", profile).status()),
            "VALIDATION_FAILED preferences.a: must not be null;");
  EXPECT_EQ(Explain(CheckJson(R"({"preferences":[]})", profile).status()),
            "VALIDATION_FAILED preferences: must be an object;");
  EXPECT_TRUE(CheckJson(R"({"metadata":{"a":[1,null,{"b":true}],"c":{"d":"e"}}})", session).ok());
  EXPECT_EQ(Explain(CheckJson(R"({"metadata":[]})", session).status()),
            "VALIDATION_FAILED metadata: must be an object;");
  EXPECT_EQ(Explain(CheckJson(R"({"metadata":"a"})", session).status()),
            "VALIDATION_FAILED metadata: must be an object;");
}

TEST(JsonCheckTest, TakesWholeNumbersHoweverTheyAreWritten) {
  EXPECT_TRUE(CheckPersona(R"({"responseDelay":{"minMs":1e2,"maxMs":2.0}})").ok());
  EXPECT_TRUE(CheckPersona(R"({"modelConfig":{"temperature":1}})").ok());
}

TEST(JsonCheckTest, RefusesFieldsThatThePathSets) {
  const auto& cancel = *conversation::v1::CancelTurnRequest::descriptor();
  const std::vector<const google::protobuf::FieldDescriptor*> taken = {cancel.field(0)};
  EXPECT_EQ(Explain(CheckJson(R"({"turnId":"7"})", cancel, taken).status()),
            "VALIDATION_FAILED turnId: is set by the path;");
}

TEST(JsonCheckTest, StopsNamingAfterTwentyFields) {
  std::string json = "{";
  for (int i = 0; i < 50; ++i)
    json += (i > 0 ? ",\"x" : "\"x") + std::to_string(i) + "\":1";
  const auto bad_request = GetBadRequest(CheckPersona(json + "}").status());
  ASSERT_TRUE(bad_request.has_value());
  EXPECT_THAT(bad_request->field_violations(), SizeIs(20));
}

TEST(JsonCheckTest, FreeJsonTakesNoIntegerThatADoubleDoesNotHold) {
  const auto explain = [](const std::string& value) {
    return Explain(
        CheckJson("{\"metadata\":" + value + "}", *memory::v1::Goal::descriptor()).status());
  };
  for (const char* value : {R"({"a":9007199254740991})", R"({"a":-9007199254740991})",
                            R"({"a":1e300})", R"({"a":0.1,"b":[1,2,{"c":3}]})",
                            R"({"a":"9007199254740993"})", R"({"a":9007199254740993.5})"}) {
    EXPECT_EQ(explain(value), "") << value;
  }
  const std::string why =
      "must be an integer from -9007199254740991 to 9007199254740991: write larger ones as text;";
  EXPECT_EQ(explain(R"({"a":9007199254740993})"), "VALIDATION_FAILED metadata.a: " + why);
  EXPECT_EQ(explain(R"({"a":-9007199254740993})"), "VALIDATION_FAILED metadata.a: " + why);
  EXPECT_EQ(explain(R"({"a":[1,{"b":18446744073709551615}]})"),
            "VALIDATION_FAILED metadata.a[1].b: " + why);
  EXPECT_EQ(explain(R"({"a":123456789012345678901234567890})"),
            "VALIDATION_FAILED metadata.a: " + why);
}

}  // namespace
}  // namespace dramatis::gateway
