#include "services/inference/providers/provider_refusal.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;
using testing::HasSubstr;
using testing::Not;

TEST(ProviderRefusalTest, ReadsTheShapesThatServersUse) {
  const Refusal refusal =
      ReadRefusal(404, R"({"error":{"message":"No such model","type":"invalid_request_error",)"
                       R"("param":"model","code":"model_not_found"}})");
  EXPECT_EQ(refusal.status, 404);
  EXPECT_EQ(refusal.code, "model_not_found");
  EXPECT_EQ(refusal.type, "invalid_request_error");
  EXPECT_EQ(refusal.param, "model");
  EXPECT_EQ(refusal.message, "No such model");
  for (const char* const body :
       {R"({"error":"m"})", R"([{"error":{"message":"m"}}])", R"({"message":"m"})",
        R"({"detail":"m"})", R"({"object":"error","message":"m"})", "m", "\"m\""}) {
    EXPECT_EQ(ReadRefusal(400, body).message, "m") << body;
  }
  EXPECT_EQ(ReadRefusal(503, "").message, "");
}

TEST(ProviderRefusalTest, SaysWhatHasToBeDone) {
  const std::vector<std::pair<Refusal, Kind>> cases = {
      {{.status = 400}, Kind::kRejected},
      {{.status = 404, .code = "model_not_found"}, Kind::kRejected},
      {{.status = 302}, Kind::kRejected},
      {{.status = 401}, Kind::kUnauthorized},
      {{.status = 403}, Kind::kUnauthorized},
      {{.status = 402}, Kind::kSpent},
      {{.status = 429}, Kind::kBusy},
      {{.status = 429, .code = "insufficient_quota"}, Kind::kSpent},
      {{.status = 429, .type = "insufficient_quota"}, Kind::kSpent},
      {{.status = 429, .message = "You exceeded your current quota, please check"}, Kind::kSpent},
      {{.status = 400, .code = "billing_hard_limit_reached"}, Kind::kSpent},
      {{.status = 408}, Kind::kTransient},
      {{.status = 500}, Kind::kTransient},
      {{.status = 529}, Kind::kTransient},
      {{.status = 400, .code = "context_length_exceeded"}, Kind::kTooLarge},
      {{.status = 400, .message = "This model's maximum context length is 4097 tokens."},
       Kind::kTooLarge},
      {{.status = 400, .message = "the request exceeds the available context size"},
       Kind::kTooLarge},
      {{.status = 413}, Kind::kTooLarge},
      {{.status = 500, .message = "context length"}, Kind::kTransient}};
  for (const auto& [refusal, kind] : cases)
    EXPECT_EQ(KindOf(refusal), kind) << refusal.status << refusal.code << refusal.message;
}

TEST(ProviderRefusalTest, PrintsNoKeys) {
  const std::string key = "my-own-key-0123";
  for (const char* const message :
       {"bad key my-own-key-0123", "Incorrect API key provided: sk-abc***xyz. See",
        "Authorization: Bearer abcdefgh was refused", "(sk-proj-AAAA)", "key=sk-proj-AAAA",
        "AIzaSyAAAA", "got \"gsk_AAAA\"", "abc****789"}) {
    const std::string printed = Printable({.message = message}, key).message;
    EXPECT_THAT(printed, HasSubstr("[key]")) << message;
    EXPECT_THAT(printed, Not(HasSubstr("AAAA")));
    EXPECT_THAT(printed, Not(HasSubstr("0123")));
    EXPECT_THAT(printed, Not(HasSubstr("abc")));
  }
  EXPECT_EQ(
      Printable({.message = "Conversation roles must alternate user/assistant/..."}, key).message,
      "Conversation roles must alternate user/assistant/...");
}

TEST(ProviderRefusalTest, PrintsOneLineOfSoMuch) {
  const Refusal printed =
      Printable({.code = std::string(1000, 'c'),
                 .message = "a\r\nb\x01 \xFF\xE2\x80\xA8" + std::string(999, 'x')},
                "");
  EXPECT_EQ(printed.code.size(), 64);
  EXPECT_LE(printed.message.size(), kRefusalBytes);
  EXPECT_TRUE(IsValidUtf8(printed.message));
  EXPECT_EQ(printed.message.find_first_of("\r\n\x01"), std::string::npos);
}

}  // namespace
}  // namespace dramatis::inference
