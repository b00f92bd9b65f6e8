#include "gateway/routing/transcoder.h"

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gateway/testing/tables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Pair;

absl::StatusOr<HttpAnswer> AnswerOf(const std::string& rpc, const std::string& wire) {
  const TestTables& tables = TestTables::Get();
  return tables.transcoder->Answer(tables.Method("dramatis." + rpc), wire);
}

TEST(TranscoderTest, AnswersInTheSpellingOfTheMethod) {
  conversation::v1::GetChatHistoryResponse history;
  history.set_session_id("s");
  EXPECT_EQ(
      AnswerOf("conversation.v1.ConversationService.GetChatHistory", history.SerializeAsString())
          ->body,
      R"({"session_id":"s","messages":[],"next_page_token":""})");
  EXPECT_EQ(AnswerOf("persona.v1.PersonaService.ListPersonas", "")->body,
            R"({"personas":[],"nextPageToken":""})");
}

TEST(TranscoderTest, SaysWhereANewResourceIsAndItsEtag) {
  persona::v1::Persona persona;
  persona.set_persona_id("a/b");
  persona.set_etag("3");
  const auto answer =
      AnswerOf("persona.v1.PersonaService.CreatePersona", persona.SerializeAsString());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 201);
  EXPECT_THAT(answer->headers, Contains(Pair("Location", "/api/personas/a%2Fb")));
  EXPECT_THAT(answer->headers, Contains(Pair("ETag", "\"3\"")));
}

TEST(TranscoderTest, LeavesOutAnEtagThatIsNone) {
  persona::v1::Persona persona;
  persona.set_etag("a\"\r\nb");
  EXPECT_THAT(
      AnswerOf("persona.v1.PersonaService.GetPersona", persona.SerializeAsString())->headers,
      IsEmpty());
}

TEST(TranscoderTest, NoContentHasNoBody) {
  const auto answer = AnswerOf("persona.v1.PersonaService.DeletePersona", "");
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(answer->content_type, "");
}

TEST(TranscoderTest, BytesThatAreNoMessageAreOurFailure) {
  EXPECT_EQ(AnswerOf("persona.v1.PersonaService.GetPersona", "\xff").status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace dramatis::gateway
