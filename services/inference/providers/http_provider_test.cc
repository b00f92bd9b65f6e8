#include "services/inference/providers/http_provider.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/providers/openai_wire.h"
#include "services/inference/testing/awaited_sink.h"
#include "services/inference/testing/scripted_server.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;
using testing::HasSubstr;
using testing::Not;

std::string Token(const std::string& text) {
  return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text +
         R"("},"finish_reason":null}]})"
         "\n\n";
}
constexpr char kFinish[] = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
constexpr char kUsage[] =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";
constexpr char kDone[] = "data: [DONE]\n\n";

std::string Whole() {
  return Token("Hé ") + Token("😀!") + kFinish + kUsage + kDone;
}

Reply Answer(const std::string& body) {
  return {.pieces = {ChunkedHead(), Chunk(body), LastChunk()}, .then = Reply::Then::kKeepOpen};
}

class HttpProviderTest : public testing::Test {
 protected:
  std::shared_ptr<ProviderCall> Start(HttpProvider& provider,
                                      const std::shared_ptr<AwaitedSink>& sink,
                                      absl::Duration patience = absl::Hours(1)) {
    auto prompt = std::make_shared<PackedPrompt>();
    prompt->messages.emplace_back().set_role(prompt::v1::ROLE_USER);
    prompt->messages.back().set_text("hi");
    ModelRequest model_request;
    model_request.model.name = "m";
    model_request.prompt = prompt;
    model_request.deadline = clock_.Now() + patience;
    return provider.Start(model_request, sink);
  }
  std::unique_ptr<HttpProvider> Make(const ProviderConfig& config) {
    return std::make_unique<HttpProvider>(
        config, std::make_unique<OpenAiFormat>(),
        HttpProviderParts{clock_, loop_, *logger_, catalogue_, nullptr, &secret_store_});
  }
  std::shared_ptr<AwaitedSink> Ask(const ScriptedServer& server) {
    ProviderConfig config = config_;
    config.base_url = server.url();
    provider_ = Make(config);
    auto sink = std::make_shared<AwaitedSink>();
    Start(*provider_, sink);
    sink->over.WaitForNotification();
    return sink;
  }
  std::shared_ptr<AwaitedSink> AskFor(const Reply& reply) {
    const ScriptedServer server([&](const Request&) { return reply; });
    return Ask(server);
  }

  FakeClock clock_;
  const Catalogue catalogue_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  ProviderConfig config_ = {.base_url = "", .models = {{.name = "gpt-4o-mini"}}};
  std::unique_ptr<HttpProvider> provider_;  // outlives the loop's thread
  CurlLoop loop_{{}};
  secrets::SecretStore secret_store_{{}, clock_, SendWebRequest};  // stops before the loop
};

TEST_F(HttpProviderTest, StreamsAnAnswerWithItsUsage) {
  const auto sink = AskFor(Answer(Whole()));
  EXPECT_EQ(sink->text, "Hé 😀!");
  ASSERT_TRUE(sink->end.has_value());
  EXPECT_EQ(sink->end->finish_reason, "stop");
  ASSERT_TRUE(sink->end->tokens.has_value());
  EXPECT_EQ(sink->end->tokens->input_tokens, 5);
  EXPECT_EQ(sink->end->tokens->output_tokens, 2);
}

TEST_F(HttpProviderTest, ReadsTheSameHoweverTheBodyIsCut) {
  const std::string body = Whole();
  std::atomic<int> cut = 1;
  const ScriptedServer server([&](const Request&) {
    return Reply{
        .pieces = {ChunkedHead(), Chunk(body.substr(0, cut)), Chunk(body.substr(cut)), LastChunk()},
        .then = Reply::Then::kKeepOpen};
  });
  for (; cut < static_cast<int>(body.size()); ++cut) {
    const auto sink = Ask(server);
    EXPECT_EQ(sink->text, "Hé 😀!") << cut;
    EXPECT_TRUE(sink->end.has_value()) << cut;
  }
}

TEST_F(HttpProviderTest, SendsTheKeyAndAStreamedRequest) {
  config_.key.value = "sk-secret";
  const ScriptedServer server([](const Request&) { return Answer(Whole()); });
  Ask(server);
  const Request seen = server.seen().at(0);
  EXPECT_THAT(seen.head, HasSubstr("POST /v1/chat/completions HTTP/1.1"));
  EXPECT_THAT(seen.head, HasSubstr("Authorization: Bearer sk-secret"));
  EXPECT_THAT(seen.head, Not(HasSubstr("Expect")));
  EXPECT_THAT(seen.body, HasSubstr(R"("stream":true)"));
}

TEST_F(HttpProviderTest, SendsNoCredentialsWhereThereAreNone) {
  const ScriptedServer server([](const Request&) { return Answer(Whole()); });
  Ask(server);
  EXPECT_THAT(server.seen().at(0).head, Not(HasSubstr("Authorization")));
}

TEST_F(HttpProviderTest, UsesAConnectionAgain) {
  const ScriptedServer server([](const Request&) { return Answer(Whole()); });
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(Ask(server)->end.has_value());
  EXPECT_EQ(server.seen().at(4).connection, 0);
}

TEST_F(HttpProviderTest, TakesAnAnswerWithoutUsageOrEndMark) {
  const auto without_usage = AskFor(Answer(Token("a") + kFinish + kDone));
  ASSERT_TRUE(without_usage->end.has_value());
  EXPECT_FALSE(without_usage->end->tokens.has_value());
  const auto without_done = AskFor(Answer(Token("a") + kFinish));
  EXPECT_TRUE(without_done->end.has_value());
  const auto without_reason = AskFor(Answer(Token("a") + kDone));
  ASSERT_TRUE(without_reason->end.has_value());
  EXPECT_EQ(without_reason->end->finish_reason, "stop");
}

TEST_F(HttpProviderTest, TakesACutAnswerForAFailure) {
  for (const Reply& reply :
       {Reply{.pieces = {ChunkedHead(), Chunk(Token("a"))}, .then = Reply::Then::kClose},
        Answer(Token("a")),
        Reply{.pieces = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + Token("a")},
              .then = Reply::Then::kClose},
        Reply{.pieces = {}, .then = Reply::Then::kClose}}) {
    const auto sink = AskFor(reply);
    ASSERT_TRUE(sink->failure.has_value());
    EXPECT_EQ(sink->failure->kind, Kind::kTransient);
  }
}

TEST_F(HttpProviderTest, TakesAMalformedLineForABrokenProvider) {
  const auto sink = AskFor(Answer(Token("a") + "data: {oops\n\n" + Token("b")));
  EXPECT_EQ(sink->text, "a");
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kBroken);
}

TEST_F(HttpProviderTest, KnowsAnErrorWithinTheStream) {
  const auto sink = AskFor(Answer("data: {\"error\":{\"message\":\"secret detail\"}}\n\n"));
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTransient);
  EXPECT_THAT(sink->failure->message, Not(HasSubstr("secret")));
}

TEST_F(HttpProviderTest, TellsStatusesApartAndTheirBodiesToTheLogOnly) {
  const std::vector<std::pair<int, Kind>> cases = {
      {400, Kind::kRejected},  {404, Kind::kRejected},  {408, Kind::kTransient}, {429, Kind::kBusy},
      {500, Kind::kTransient}, {503, Kind::kTransient}, {302, Kind::kRejected}};
  for (const auto& [status, kind] : cases) {
    const auto sink =
        AskFor({.pieces = {Plain(status, "Location: http://127.0.0.1:1/\r\n", "secret detail")},
                .then = Reply::Then::kKeepOpen});
    ASSERT_TRUE(sink->failure.has_value()) << status;
    EXPECT_EQ(sink->failure->kind, kind) << status;
    EXPECT_EQ(sink->failure->message, absl::StrCat("status ", status));
    EXPECT_EQ(sink->failure->refusal.status, status);
    EXPECT_EQ(sink->failure->refusal.message, "secret detail");
    EXPECT_FALSE(sink->failure->retry_after.has_value());
  }
}

TEST_F(HttpProviderTest, ReadsRetryAfter) {
  const auto sink =
      AskFor({.pieces = {Plain(429, "retry-after: 7\r\n", "")}, .then = Reply::Then::kKeepOpen});
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->retry_after, absl::Seconds(7));
}

TEST_F(HttpProviderTest, ReadsOnlyTheStartOfAnErrorsBody) {
  const std::string head = "HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n";
  Reply reply = {.pieces = {head}, .then = Reply::Then::kHang};
  for (int i = 0; i < 20; ++i)
    reply.pieces.push_back(Chunk(std::string(8192, 'x')));
  const auto sink = AskFor(reply);  // would wait for the end otherwise
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTransient);
}

TEST_F(HttpProviderTest, FetchesTheKeyOnceMoreWhenItIsRefused) {
  const std::string path = testing::TempDir() + "/dramatis_rotated_key";
  std::ofstream(path) << "old\n";
  config_.key = {.reference = "file:" + path, .value = "old"};
  const ScriptedServer server([&](const Request& request) {
    if (absl::StrContains(request.head, "Bearer new")) return Answer(Whole());
    std::ofstream(path) << "new\n";
    return Reply{.pieces = {Plain(401, "", "")}, .then = Reply::Then::kKeepOpen};
  });
  EXPECT_TRUE(Ask(server)->end.has_value());
  EXPECT_EQ(server.requests(), 2);
  std::remove(path.c_str());
}

TEST_F(HttpProviderTest, GivesUpOnCredentialsThatStayRefused) {
  const ScriptedServer server([](const Request&) {
    return Reply{.pieces = {Plain(403, "", "")}, .then = Reply::Then::kKeepOpen};
  });
  const auto sink = Ask(server);
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kUnauthorized);
  EXPECT_EQ(server.requests(), 2);
}

TEST_F(HttpProviderTest, TimesOutWhereNothingComes) {
  config_.timeouts.private_first_byte = absl::Milliseconds(30);
  const auto sink = AskFor({.pieces = {}, .then = Reply::Then::kHang});
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTimeout);
}

TEST_F(HttpProviderTest, TimesOutWhereNothingMoreComes) {
  config_.timeouts.idle = absl::Milliseconds(30);
  const auto sink =
      AskFor({.pieces = {ChunkedHead(), Chunk(Token("a"))}, .then = Reply::Then::kHang});
  EXPECT_EQ(sink->text, "a");
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTimeout);
}

TEST_F(HttpProviderTest, FailsWhereNobodyListens) {
  config_.base_url = "http://127.0.0.1:1/v1";
  provider_ = Make(config_);
  const auto sink = std::make_shared<AwaitedSink>();
  Start(*provider_, sink);
  sink->over.WaitForNotification();
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTransient);
}

TEST_F(HttpProviderTest, KeepsToTheCallersDeadline) {
  const ScriptedServer server(
      [](const Request&) { return Reply{.pieces = {}, .then = Reply::Then::kHang}; });
  config_.base_url = server.url();
  provider_ = Make(config_);
  const auto sink = std::make_shared<AwaitedSink>();
  Start(*provider_, sink, absl::Milliseconds(30));
  sink->over.WaitForNotification();
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTimeout);
}

TEST_F(HttpProviderTest, ClosesTheConnectionWhenCancelled) {
  ScriptedServer server([](const Request&) {
    return Reply{.pieces = {ChunkedHead(), Chunk(Token("a"))}, .then = Reply::Then::kHang};
  });
  config_.base_url = server.url();
  provider_ = Make(config_);
  const auto sink = std::make_shared<AwaitedSink>();
  const auto call = Start(*provider_, sink);
  sink->spoke.WaitForNotification();
  call->Cancel();
  server.AwaitHangUp();
  EXPECT_FALSE(sink->over.HasBeenNotified());
}

TEST_F(HttpProviderTest, StopsWithCallsUnderWay) {
  ScriptedServer server(
      [](const Request&) { return Reply{.pieces = {}, .then = Reply::Then::kHang}; });
  config_.base_url = server.url();
  provider_ = Make(config_);
  const auto sink = std::make_shared<AwaitedSink>();
  const auto call = Start(*provider_, sink);
  loop_.Stop();
  call->Cancel();
  EXPECT_FALSE(sink->over.HasBeenNotified());
}

TEST_F(HttpProviderTest, WhatFollowsAFinishedAnswerHasSoMuchTime) {
  config_.finish_grace = absl::Milliseconds(30);
  ScriptedServer server([](const Request&) {
    return Reply{.pieces = {ChunkedHead(), Chunk(Token("a") + kFinish), Chunk(": alive\n\n")},
                 .then = Reply::Then::kHang};
  });
  const auto sink = Ask(server);
  EXPECT_EQ(sink->text, "a");
  ASSERT_TRUE(sink->end.has_value());
  EXPECT_EQ(sink->end->finish_reason, "stop");
  server.AwaitHangUp();  // the connection goes with it
}

TEST_F(HttpProviderTest, NothingTakesAFinishedAnswerBack) {
  for (const std::string& tail : {std::string("data: [DONE] \n\ndata: bye\n\n"),
                                  std::string("data: {oops\n\n"), std::string()}) {
    const auto sink = AskFor({.pieces = {ChunkedHead(), Chunk(Token("a") + kFinish + tail)},
                              .then = Reply::Then::kClose});
    EXPECT_EQ(sink->text, "a");
    EXPECT_TRUE(sink->end.has_value()) << tail;
  }
}

// Refuses the fields, one at a time.
Reply Picky(const Request& request, const std::vector<std::string>& refused) {
  for (const std::string& field : refused) {
    if (!absl::StrContains(request.body, "\"" + field + "\":")) continue;
    return {
        .pieces = {Plain(400, "",
                         R"({"error":{"message":"Unsupported parameter: ')" + field +
                             R"('","code":"unsupported_parameter","param":")" + field + "\"}}")},
        .then = Reply::Then::kKeepOpen};
  }
  return Answer(Whole());
}

TEST_F(HttpProviderTest, AsksWithoutWhatIsRefusedAndRemembersIt) {
  const ScriptedServer server([](const Request& request) {
    return Picky(request, {"max_tokens", "stream_options", "temperature"});
  });
  config_.base_url = server.url();
  provider_ = Make(config_);
  auto prompt = std::make_shared<PackedPrompt>();
  prompt->messages.emplace_back().set_role(prompt::v1::ROLE_USER);
  prompt->messages.back().set_text("hi");
  ModelRequest model_request;
  model_request.model.name = "m";
  model_request.prompt = prompt;
  model_request.parameters.set_temperature(0.5);
  model_request.parameters.set_max_output_tokens(7);
  for (const int requests : {4, 5}) {
    const auto sink = std::make_shared<AwaitedSink>();
    provider_->Start(model_request, sink);
    sink->over.WaitForNotification();
    EXPECT_TRUE(sink->end.has_value());
    EXPECT_EQ(server.requests(), requests);
  }
  EXPECT_THAT(server.seen().back().body, HasSubstr("\"max_completion_tokens\":7"));
}

TEST_F(HttpProviderTest, RemembersNothingOfACallThatFailsAllTheSame) {
  const ScriptedServer server([](const Request& request) {
    if (request.number % 2 == 1) {
      return Reply{.pieces = {Plain(400, "", "bad messages")}, .then = Reply::Then::kKeepOpen};
    }
    return Picky(request, {"stream_options"});
  });
  config_.base_url = server.url();
  provider_ = Make(config_);
  for (int i = 0; i < 2; ++i) {
    const auto sink = std::make_shared<AwaitedSink>();
    Start(*provider_, sink);
    sink->over.WaitForNotification();
    ASSERT_TRUE(sink->failure.has_value());
    EXPECT_EQ(sink->failure->kind, Kind::kRejected);
  }
  EXPECT_EQ(server.requests(), 4);
}

TEST_F(HttpProviderTest, TellsTheUrlWhereNothingIsFound) {
  config_.key.value = "my-own-key";
  const ScriptedServer server([](const Request&) {
    return Reply{.pieces = {Plain(404, "", "no page for my-own-key")},
                 .then = Reply::Then::kKeepOpen};
  });
  const auto sink = Ask(server);
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->refusal.url, server.url() + "/chat/completions");
  EXPECT_EQ(sink->failure->refusal.message, "no page for [key]");
}

TEST_F(HttpProviderTest, AServerOfOnesOwnHasLongerToLoadItsModel) {
  config_.timeouts.first_byte = absl::Milliseconds(1);
  config_.timeouts.private_first_byte = absl::Hours(1);
  const ScriptedServer server([](const Request&) {
    absl::SleepFor(absl::Milliseconds(50));
    return Answer(Whole());
  });
  EXPECT_TRUE(Ask(server)->end.has_value());
}

TEST_F(HttpProviderTest, TheHeadAloneIsNoFirstByte) {
  config_.timeouts.idle = absl::Milliseconds(1);
  config_.timeouts.private_first_byte = absl::Milliseconds(200);
  const auto sink = AskFor({.pieces = {ChunkedHead()}, .then = Reply::Then::kHang});
  ASSERT_TRUE(sink->failure.has_value());
  EXPECT_EQ(sink->failure->kind, Kind::kTimeout);
}

TEST(PrivateAddressTest, IsOfThisHostOrANetworkOfOnesOwn) {
  for (const char* const address :
       {"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "100.64.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(IsPrivateAddress(address)) << address;
  }
  for (const char* const address : {"8.8.8.8", "172.32.0.1", "11.0.0.1", "192.169.0.1",
                                    "2001:db8::1", "::ffff:8.8.8.8", "", "localhost"}) {
    EXPECT_FALSE(IsPrivateAddress(address)) << address;
  }
}

TEST_F(HttpProviderTest, OffersItsModelsAndAnyOtherWhereToldTo) {
  const std::unique_ptr<HttpProvider> made = Make(config_);
  HttpProvider& provider = *made;
  EXPECT_EQ(provider.FindModel("")->name, "gpt-4o-mini");
  EXPECT_FALSE(provider.FindModel("llama").has_value());
  config_.any_model = true;
  const std::unique_ptr<HttpProvider> made_open = Make(config_);
  HttpProvider& open = *made_open;
  EXPECT_EQ(open.FindModel("llama")->window_tokens, kUnknownWindow);
}

TEST(RetryAfterTest, IsSecondsOrADate) {
  const absl::Time now = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseRetryAfter("120", now), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", now), absl::Seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), absl::ZeroDuration());
  EXPECT_FALSE(ParseRetryAfter("soon", now).has_value());
  EXPECT_FALSE(ParseRetryAfter("-1", now).has_value());
}

}  // namespace
}  // namespace dramatis::inference
