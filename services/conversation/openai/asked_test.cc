#include "services/conversation/openai/asked.h"

#include <string>

#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

template <class Request>
Request Parse(const std::string& json) {
  Request request;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &request).ok()) << json;
  return request;
}

absl::StatusOr<Asked> Chat(const std::string& json, bool session_headers = false) {
  return ReadChat(Parse<openai::v1::ChatCompletionRequest>(json), session_headers);
}

// "user: Hello | assistant: Yes"
std::string Lines(const Asked& asked) {
  std::string lines;
  for (const auto& message : asked.messages) {
    if (!lines.empty()) lines += " | ";
    lines += message.role() == prompt::v1::ROLE_USER ? "user: " : "assistant: ";
    lines += message.text();
  }
  return lines;
}

TEST(AskedTest, LeadingSystemLinesAreInstructionsAndLaterOnesTheUsers) {
  const auto asked = Chat(R"({"messages": [
    {"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."},
    {"role": "user", "content": "One"}, {"role": "user", "content": "Two"},
    {"role": "assistant", "content": "Yes"}, {"role": "system", "content": "It rains."},
    {"role": "user", "content": "Three"}, {"role": "assistant", "content": ""}]})");
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(asked->instructions, "Be brief.\n\nBe kind.");
  EXPECT_EQ(Lines(*asked), "user: One\n\nTwo | assistant: Yes | user: It rains.\n\nThree");
  EXPECT_EQ(asked->newest, "Three");
  EXPECT_EQ(asked->newest_field, "messages[6].content");
}

TEST(AskedTest, NothingButSystemLinesIsTheUsersLine) {
  const auto asked = Chat(R"({"messages": [{"role": "system", "content": "Make a title."}]})");
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(Lines(*asked), "user: Make a title.");
  EXPECT_EQ(asked->newest, "Make a title.");
  EXPECT_EQ(asked->instructions, "");
}

TEST(AskedTest, AnAnswerBeforeASystemLineIsAnsweredAgain) {
  const auto asked = Chat(R"({"messages": [{"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"}, {"role": "system", "content": "Go on."}]})");
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(Lines(*asked), "user: Hi | assistant: Hello | user: Go on.");
}

TEST(AskedTest, TheNewerNameOfALimitCountsAndTooMuchIsTheMost) {
  const std::string line = R"("messages": [{"role": "user", "content": "Hi"}])";
  EXPECT_EQ(Chat("{" + line + R"(, "max_tokens": 5, "max_completion_tokens": 7})")
                ->parameters.max_output_tokens(),
            7);
  EXPECT_EQ(Chat("{" + line + R"(, "max_tokens": 100000})")->parameters.max_output_tokens(), 32768);
  const auto bare = Chat("{" + line + "}");
  EXPECT_FALSE(bare->parameters.has_max_output_tokens());
  EXPECT_FALSE(bare->parameters.has_temperature());
}

TEST(AskedTest, AHeaderIsASessionOnlyWhereItIsAllowed) {
  const std::string request =
      R"({"messages": [{"role": "user", "content": "Hi"}], "chat_id_header": "c-1"})";
  EXPECT_EQ(Chat(request, false)->session_id, "");
  EXPECT_EQ(Chat(request, true)->session_id, "c-1");
  EXPECT_EQ(Chat(R"({"messages": [{"role": "user", "content": "Hi"}], "chat_id_header": "c-1",
                     "metadata": {"session_id": "mine"}})",
                 true)
                ->session_id,
            "mine");
}

TEST(AskedTest, MalformedPartsAreNamed) {
  for (const char* content : {R"([{"type": "text"}])", R"([5])", R"({"type": "text"})", "true"}) {
    const auto asked =
        Chat(std::string(R"({"messages": [{"role": "user", "content": )") + content + "}]}");
    EXPECT_EQ(GetReason(asked.status()), "VALIDATION_FAILED") << content;
  }
}

TEST(AskedTest, ResponsesTakeATextOrItems) {
  const auto text = ReadResponse(
      Parse<openai::v1::ResponseRequest>(R"({"input": "Hi", "instructions": "Be brief."})"), false);
  EXPECT_EQ(Lines(*text), "user: Hi");
  EXPECT_EQ(text->instructions, "Be brief.");
  const auto items = ReadResponse(Parse<openai::v1::ResponseRequest>(R"({"input": [
      {"role": "system", "content": "Be kind."}, {"type": "reasoning", "summary": []},
      {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
      {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]},
      {"role": "user", "content": "And?"}], "instructions": "Be brief."})"),
                                  false);
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(items->instructions, "Be brief.\n\nBe kind.");
  EXPECT_EQ(Lines(*items), "user: Hi | assistant: Yes | user: And?");
  for (const char* bad : {R"({"input": 5})", R"({"input": [5]})", R"({"input": []})",
                          R"({"input": [{"role": "user"}]})"}) {
    EXPECT_FALSE(ReadResponse(Parse<openai::v1::ResponseRequest>(bad), false).ok()) << bad;
  }
}

}  // namespace
}  // namespace dramatis::conversation
