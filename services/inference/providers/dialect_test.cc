#include "services/inference/providers/dialect.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/inference/providers/provider_refusal.h"

namespace dramatis::inference {
namespace {

const std::vector<OptionalField>& Sent() {
  static const std::vector<OptionalField> sent = {{"max_tokens", "1024"},
                                                  {"temperature", "1.8E0"},
                                                  {"stop", "[\"END\"]"},
                                                  {"stream", "true"},
                                                  {"stream_options", "{\"include_usage\":true}"}};
  return sent;
}

std::string Lesson(int status, const std::string& body) {
  return LessonOf(ReadRefusal(status, body), Sent()).value_or("");
}

TEST(DialectTest, LearnsFromTheWaysInWhichServersRefuseAField) {
  EXPECT_EQ(
      Lesson(400, R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not supported )"
                  R"(with this model. Use 'max_completion_tokens' instead.","type":)"
                  R"("invalid_request_error","param":"max_tokens",)"
                  R"("code":"unsupported_parameter"}})"),
      "max_tokens");
  EXPECT_EQ(
      Lesson(400, R"({"error":{"message":"Unsupported value: 'temperature' does not support 1.8 )"
                  R"(with this model. Only the default (1) value is supported.",)"
                  R"("param":"temperature","code":"unsupported_value"}})"),
      "temperature");
  EXPECT_EQ(
      Lesson(400, R"({"error":{"message":"Unknown parameter: 'stream_options.include_usage'",)"
                  R"("param":"stream_options.include_usage"}})"),
      "stream_options");
  // FastAPI, Mistral.
  EXPECT_EQ(Lesson(422, R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],)"
                        R"("msg":"Extra inputs are not permitted"}]})"),
            "stream_options");
  // Anthropic's.
  EXPECT_EQ(Lesson(400, R"({"type":"error","error":{"type":"invalid_request_error",)"
                        R"("message":"`temperature` is deprecated for this model."}})"),
            "temperature");
  EXPECT_EQ(Lesson(400, R"({"error":"stream_options: unsupported"})"), "stream_options");
  EXPECT_EQ(Lesson(400, "unrecognized request argument supplied: 'stop'"), "stop");
}

TEST(DialectTest, LearnsOfAValueNoMoreThanThatValue) {
  EXPECT_EQ(Lesson(400, R"({"error":{"message":"temperature: must be at most 1","param":null}})"),
            "temperature=1.8E0");
  EXPECT_EQ(Lesson(400, R"({"error":{"message":"max_tokens is too large: 1024. At most 512.",)"
                        R"("param":"max_tokens","code":"invalid_value"}})"),
            "max_tokens=1024");
}

TEST(DialectTest, LearnsNothingFromWhatIsAboutSomethingElse) {
  EXPECT_EQ(Lesson(400, R"({"error":{"message":"Please stop; the stream is broken"}})"), "");
  EXPECT_EQ(Lesson(400, R"({"error":{"message":"'max_tokens_to_sample' is not supported"}})"), "");
  EXPECT_EQ(Lesson(400, R"({"error":{"message":"bad","param":"messages"}})"), "");
  EXPECT_EQ(Lesson(500, R"({"error":{"message":"bad","param":"temperature"}})"), "");
  EXPECT_EQ(Lesson(401, R"({"error":{"message":"bad","param":"temperature"}})"), "");
  EXPECT_EQ(Lesson(400, ""), "");
}

TEST(DialectTest, RemembersByModelWithinBounds) {
  Dialects dialects;
  EXPECT_TRUE(dialects.Learn("a", {"temperature"}));
  EXPECT_FALSE(dialects.Learn("a", {"temperature"}));
  EXPECT_TRUE(dialects.Learn("a", {"stop"}));
  EXPECT_EQ(dialects.Of("a"), (Dialect{"stop", "temperature"}));
  EXPECT_TRUE(dialects.Of("b").empty());
  EXPECT_FALSE(dialects.Learn("c", {}));
  for (int i = 0; i < 1000; ++i) {
    dialects.Learn(absl::StrCat("m", i), {"stop"});
    dialects.Learn("z", {absl::StrCat("temperature=", i)});
  }
  EXPECT_LE(dialects.Of("z").size(), Dialects::kMostLessons);
}

}  // namespace
}  // namespace dramatis::inference
