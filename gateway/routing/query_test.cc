#include "gateway/routing/query.h"

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

template <class Request>
std::string Read(std::string_view query) {
  const auto fields = ReadQuery(query, Request::descriptor(), {});
  if (!fields.ok()) {
    std::string text = GetReason(fields.status());
    const auto bad_request = GetBadRequest(fields.status());
    for (const auto& violation : bad_request->field_violations()) {
      text += " " + violation.field() + ": " + violation.description() + ";";
    }
    return text;
  }
  Request request;
  EXPECT_TRUE(request.ParseFromString(fields->wire));
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(request, &text);
  return text;
}

TEST(QueryTest, ReadsEveryKindOfField) {
  using persona::v1::ListPersonasRequest;
  EXPECT_EQ(Read<ListPersonasRequest>("type=ai_agent&isPublic=true&pageSize=5&q=a+b%26c"),
            "type: PERSONA_TYPE_AI_AGENT is_public: true q: \"a b&c\" page_size: 5 ");
  EXPECT_EQ(Read<ListPersonasRequest>("is_public=false&page_size=0"),
            "is_public: false page_size: 0 ");
  EXPECT_EQ(Read<ListPersonasRequest>("knowledge=arts&knowledge=science"),
            "knowledge: KNOWLEDGE_ARTS knowledge: KNOWLEDGE_SCIENCE ");
  EXPECT_EQ(Read<conversation::v1::ListHistoryRequest>("from=1970-01-01T00:00:01Z"),
            "from { seconds: 1 } ");
  EXPECT_EQ(Read<persona::v1::UpdatePersonaRequest>("updateMask=name,modelConfig.topP"),
            R"(update_mask { paths: "name" paths: "model_config.top_p" } )");
}

TEST(QueryTest, TakesEmptyPartsAndEmptyText) {
  EXPECT_EQ(Read<persona::v1::ListPersonasRequest>(""), "");
  EXPECT_EQ(Read<persona::v1::ListPersonasRequest>("&&"), "");
  EXPECT_EQ(Read<persona::v1::ListPersonasRequest>("q=&orderBy"), "");
}

TEST(QueryTest, NamesWhatIsWrong) {
  struct Case {
    const char* query;
    const char* says;
  };
  const Case cases[] = {
      {"nope=1", "VALIDATION_FAILED nope: is not a known parameter;"},
      {"=1", "VALIDATION_FAILED : is not a known parameter;"},
      {"pageSize=x",
       "VALIDATION_FAILED pageSize: must be a whole number from -2147483648 to "
       "2147483647;"},
      {"page_size=",
       "VALIDATION_FAILED page_size: must be a whole number from -2147483648 to "
       "2147483647;"},
      {"pageSize=1.0",
       "VALIDATION_FAILED pageSize: must be a whole number from -2147483648 to "
       "2147483647;"},
      {"pageSize=2147483648",
       "VALIDATION_FAILED pageSize: must be a whole number from "
       "-2147483648 to 2147483647;"},
      {"isPublic=1", "VALIDATION_FAILED isPublic: must be true or false;"},
      {"isPublic=TRUE", "VALIDATION_FAILED isPublic: must be true or false;"},
      {"type=AI_AGENT",
       "VALIDATION_FAILED type: must be human, ai_agent, ai_ambiguous or unknown;"},
      {"type=", "VALIDATION_FAILED type: must be human, ai_agent, ai_ambiguous or unknown;"},
      {"q=a&q=b", "VALIDATION_FAILED q: is given twice;"},
      {"pageSize=1&page_size=1", "VALIDATION_FAILED page_size: is given twice;"},
      {"x=1&y=2", "VALIDATION_FAILED x: is not a known parameter; y: is not a known parameter;"},
      {"q=%zz",
       "MALFORMED_REQUEST query: has a percent escape that is broken, of U+0000 or of no UTF-8;"},
      {"q=%ff",
       "MALFORMED_REQUEST query: has a percent escape that is broken, of U+0000 or of no UTF-8;"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Read<persona::v1::ListPersonasRequest>(c.query), c.says) << c.query;
  }
}

TEST(QueryTest, DoesNotKnowMessagesOrWhatIsTaken) {
  EXPECT_EQ(Read<persona::v1::CreatePersonaRequest>("persona=x"),
            "VALIDATION_FAILED persona: is not a known parameter;");
  const auto& update = *persona::v1::UpdatePersonaRequest::descriptor();
  EXPECT_FALSE(ReadQuery("personaId=7", &update, {update.field(0)}).ok());
  EXPECT_FALSE(ReadQuery("a=1", nullptr, {}).ok());
  EXPECT_TRUE(ReadQuery("", nullptr, {}).ok());
}

}  // namespace
}  // namespace dramatis::gateway
