// A whole provider that speaks Anthropic's Messages, over HTTP.
#include <atomic>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/anthropic/anthropic_wire.h"
#include "services/inference/providers/http_provider.h"
#include "services/inference/testing/awaited_sink.h"
#include "services/inference/testing/scripted_server.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;
using Request = ScriptedServer::Request;
using Reply = ScriptedServer::Reply;
using testing::HasSubstr;
using testing::Not;

std::string Http(int status, const std::string& body, const std::string& headers = "") {
  return absl::StrCat("HTTP/1.1 ", status, " X\r\nContent-Length: ", body.size(), "\r\n", headers,
                      "\r\n", body);
}
std::string Event(const std::string& data) {
  return "event: x\ndata: " + data + "\n\n";
}
std::string Said(const std::string& text, const std::string& reason) {
  return Event(
             R"({"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}})") +
         (text.empty()
              ? ""
              : Event(R"({"type":"content_block_delta","delta":{"type":"text_delta","text":")" +
                      text + R"("}})")) +
         Event(R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
               R"("},"usage":{"output_tokens":5}})") +
         Event(R"({"type":"message_stop"})");
}
std::string Error(const std::string& type, const std::string& message) {
  return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message + R"("}})";
}

class AnthropicProviderTest : public testing::Test {
 protected:
  std::shared_ptr<AwaitedSink> Ask(const ScriptedServer& server,
                                   const std::string& model = "claude") {
    std::string base = server.url();
    base.resize(base.size() - std::string("/v1").size());
    if (provider_ == nullptr) {
      provider_ =
          std::make_unique<HttpProvider>(ProviderConfig{.name = "anthropic",
                                                        .api = Api::kAnthropic,
                                                        .base_url = base,
                                                        .auth = Auth::kXApiKey,
                                                        .key = {.value = "sk-ant-secret"},
                                                        .any_model = true,
                                                        .catalogue = {"anthropic"},
                                                        .query = "beta=true"},
                                         std::make_unique<AnthropicFormat>(),
                                         HttpProviderParts{clock_, loop_, *logger_, catalogue_});
    }
    auto prompt = std::make_shared<PackedPrompt>();
    prompt->messages.emplace_back().set_role(prompt::v1::ROLE_USER);
    prompt->messages.back().set_text("hi");
    ModelRequest model_request;
    model_request.model = *provider_->FindModel(model);
    model_request.prompt = prompt;
    model_request.parameters.set_max_output_tokens(100);
    auto heard = std::make_shared<AwaitedSink>();
    provider_->Start(model_request, heard);
    heard->over.WaitForNotification();
    return heard;
  }

  SystemClock clock_;
  const Catalogue catalogue_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  std::unique_ptr<HttpProvider> provider_;  // outlives the loop's thread
  CurlLoop loop_{{}};
};

TEST_F(AnthropicProviderTest, SendsKeyVersionAndModelAndReadsTheAnswer) {
  const ScriptedServer server(
      [](const Request&) { return Reply{.pieces = {Http(200, Said("Hé", "end_turn"))}}; });
  const auto heard = Ask(server);
  EXPECT_EQ(heard->text, "Hé");
  ASSERT_TRUE(heard->end.has_value());
  EXPECT_EQ(heard->end->finish_reason, "stop");
  EXPECT_EQ(heard->end->tokens, (TokenCounts{3, 5}));
  const Request seen = server.seen().at(0);
  EXPECT_THAT(seen.head, HasSubstr("POST /v1/messages?beta=true HTTP/1.1"));
  EXPECT_THAT(seen.head, HasSubstr("x-api-key: sk-ant-secret"));
  EXPECT_THAT(seen.head, HasSubstr("anthropic-version: 2026-10-21"));
  EXPECT_THAT(seen.head, Not(HasSubstr("Authorization")));
  EXPECT_THAT(seen.body, HasSubstr(R"("model":"claude","max_tokens":100)"));
}

TEST_F(AnthropicProviderTest, TellsTheApisErrorsApart) {
  const auto kind = [&](int status, const std::string& type, const std::string& message) {
    const ScriptedServer server(
        [&](const Request&) { return Reply{.pieces = {Http(status, Error(type, message))}}; });
    provider_ = nullptr;
    const auto heard = Ask(server);
    EXPECT_THAT(heard->failure->refusal.message, Not(HasSubstr("sk-ant-secret")));
    return heard->failure->kind;
  };
  EXPECT_EQ(kind(529, "overloaded_error", "Overloaded"), Kind::kTransient);
  EXPECT_EQ(kind(500, "api_error", "m"), Kind::kTransient);
  EXPECT_EQ(kind(429, "rate_limit_error", "m"), Kind::kBusy);
  EXPECT_EQ(kind(401, "authentication_error", "invalid x-api-key sk-ant-secret"),
            Kind::kUnauthorized);
  EXPECT_EQ(kind(400, "invalid_request_error", "prompt is too long: 9 tokens > 5 maximum"),
            Kind::kTooLarge);
  EXPECT_EQ(kind(400, "invalid_request_error", "Your credit balance is too low"), Kind::kSpent);
  EXPECT_EQ(kind(404, "not_found_error", "model: claude"), Kind::kRejected);
}

TEST_F(AnthropicProviderTest, LearnsWhatAModelRefuses) {
  const ScriptedServer server([](const Request& request) {
    if (request.body.find("\"thinking\"") == std::string::npos) {
      return Reply{.pieces = {Http(200, Said("ok", "end_turn"))}};
    }
    return Reply{
        .pieces = {Http(400, Error("invalid_request_error",
                                   "thinking: this model does not support disabling it"))}};
  });
  EXPECT_EQ(Ask(server)->text, "ok");
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(Ask(server)->text, "ok");
  EXPECT_EQ(server.requests(), 3);
}

// Thinking counts towards the limit: a model that thought all of it away is given more, once.
TEST_F(AnthropicProviderTest, AsksForMoreWhereAllWasThought) {
  const ScriptedServer server([](const Request& request) {
    const bool more = request.body.find("\"max_tokens\":100,") == std::string::npos;
    return Reply{.pieces = {Http(200, more ? Said("ok", "end_turn") : Said("", "max_tokens"))}};
  });
  const auto heard = Ask(server);
  EXPECT_EQ(heard->text, "ok");
  EXPECT_EQ(server.requests(), 2);
  // Both are paid for.
  EXPECT_EQ(heard->end->tokens, (TokenCounts{6, 10}));
}

TEST_F(AnthropicProviderTest, SaysHonestlyThatNothingWasSaid) {
  const ScriptedServer server(
      [](const Request&) { return Reply{.pieces = {Http(200, Said("", "max_tokens"))}}; });
  const auto heard = Ask(server);
  EXPECT_EQ(server.requests(), 2);
  ASSERT_TRUE(heard->failure.has_value());
  EXPECT_EQ(heard->failure->kind, Kind::kRejected);
  EXPECT_THAT(heard->failure->message, HasSubstr("limit"));
}

TEST_F(AnthropicProviderTest, ARefusalIsAFilteredAnswer) {
  const ScriptedServer server(
      [](const Request&) { return Reply{.pieces = {Http(200, Said("", "refusal"))}}; });
  EXPECT_EQ(Ask(server)->end->finish_reason, "content_filter");
}

// Claude on Bedrock: the same API, signed. Refused credentials are fetched once more.
TEST_F(AnthropicProviderTest, SignsRequestsAndFetchesRefusedCredentialsOnceMore) {
  std::atomic<int> fetched = 0;
  aws::CredentialCache credentials(
      [&] { return aws::Credentials{absl::StrCat("AKIA", ++fetched), "secret", "token"}; }, clock_);
  const ScriptedServer server([](const Request& request) {
    const bool second = request.head.find("Credential=AKIA2/") != std::string::npos;
    return Reply{.pieces = {second ? Http(200, Said("ok", "end_turn"))
                                   : Http(403, R"({"message":"expired"})")}};
  });
  std::string base = server.url();
  base.resize(base.size() - std::string("/v1").size());
  provider_ = std::make_unique<HttpProvider>(
      ProviderConfig{.name = "bedrock",
                     .base_url = base,
                     .auth = Auth::kSigV4,
                     .region = "eu-central-1",
                     .any_model = true},
      std::make_unique<AnthropicFormat>(),
      HttpProviderParts{clock_, loop_, *logger_, catalogue_, &credentials});
  EXPECT_EQ(Ask(server)->text, "ok");
  EXPECT_EQ(server.requests(), 2);
  const std::string head = server.seen().at(1).head;
  EXPECT_THAT(head, HasSubstr("/eu-central-1/bedrock/aws4_request, SignedHeaders=accept;"
                              "anthropic-version;content-type;host;x-amz-content-sha256;"
                              "x-amz-date;x-amz-security-token, Signature="));
  EXPECT_THAT(head, HasSubstr("X-Amz-Security-Token: token"));
}

TEST_F(AnthropicProviderTest, FailsWhereThereAreNoCredentials) {
  aws::CredentialCache credentials(
      [] { return absl::StatusOr<aws::Credentials>(absl::UnavailableError("no role")); }, clock_);
  const ScriptedServer server([](const Request&) { return Reply{}; });
  provider_ = std::make_unique<HttpProvider>(
      ProviderConfig{.base_url = server.url(), .auth = Auth::kSigV4, .any_model = true},
      std::make_unique<AnthropicFormat>(),
      HttpProviderParts{clock_, loop_, *logger_, catalogue_, &credentials});
  const auto heard = Ask(server);
  EXPECT_EQ(heard->failure->kind, Kind::kUnauthorized);
  EXPECT_EQ(heard->failure->refusal.message, "no role");
  EXPECT_EQ(server.requests(), 0);
}

}  // namespace
}  // namespace dramatis::inference
