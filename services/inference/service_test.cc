#include "services/inference/service.h"

#include <memory>
#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.grpc.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/providers/http_provider.h"
#include "services/inference/providers/local_provider.h"
#include "services/inference/providers/openai_wire.h"
#include "services/inference/testing/fakes.h"
#include "services/inference/testing/scripted_server.h"
#include "services/inference/transport/curl_loop.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using Reply = ScriptedServer::Reply;
using testing::HasSubstr;

constexpr char kService[] = "Bearer local:u:service";

std::string Token(const std::string& text) {
  return R"(data: {"choices":[{"delta":{"content":")" + text +
         R"("}}]})"
         "\n\n";
}

// The service with both providers, behind a real gRPC server.
class InferenceServiceTest : public testing::Test {
 protected:
  explicit InferenceServiceTest(Reply reply = {})
      : provider_server_([reply](const ScriptedServer::Request&) { return reply; }) {
    ServeInference(rpc_, {generations_, tasks_, models_, usage_, budgets_, embeddings_});
    server_ = std::make_unique<TestServer>(std::vector<const MethodTable*>{&rpc_});
    stub_ = v1::InferenceService::NewStub(server_->channel());
  }
  ~InferenceServiceTest() override {
    server_.reset();
    tasks_.Stop();
    executor_.Stop();
    loop_.Stop();
  }

  std::vector<std::unique_ptr<Provider>> Providers() {
    std::vector<std::unique_ptr<Provider>> providers;
    providers.push_back(std::make_unique<HttpProvider>(
        ProviderConfig{.description = "A server",
                       .base_url = provider_server_.url(),
                       .models = {{.name = "gpt-4o-mini"}}},
        std::make_unique<OpenAiFormat>(), HttpProviderParts{clock_, loop_, logger_, catalogue_}));
    providers.push_back(std::make_unique<LocalProvider>(loop_, absl::ZeroDuration()));
    return providers;
  }

  static v1::StreamGenerateRequest Asked(const std::string& model) {
    v1::StreamGenerateRequest request;
    request.set_user_id("u");
    request.set_turn_key("t:1");
    request.set_persona_name("Ada");
    request.mutable_parameters()->set_model(model);
    prompt::v1::PromptPart& part = *request.add_parts();
    part.set_kind(prompt::v1::PART_KIND_BIOGRAPHY);
    part.set_text("I bake rye bread.");
    prompt::v1::PromptMessage& message = *request.add_messages();
    message.set_role(prompt::v1::ROLE_USER);
    message.set_text("What do you bake?");
    return request;
  }

  struct Answer {
    std::vector<v1::StreamGenerateResponse> events;
    std::string text;
    absl::Status status;
  };
  Answer Generate(const v1::StreamGenerateRequest& request, const char* authorization = kService) {
    const auto context = TestContext(authorization);
    const auto reader = stub_->StreamGenerate(context.get(), request);
    Answer answer;
    v1::StreamGenerateResponse event;
    while (reader->Read(&event)) {
      answer.events.push_back(event);
      answer.text += event.delta().text();
    }
    answer.status = FromGrpc(reader->Finish());
    return answer;
  }

  ScriptedServer provider_server_;
  SystemClock clock_;
  const Catalogue catalogue_;
  FakeStore store_;
  FakeLedger ledger_{store_, clock_};
  Executor executor_{2, 10};
  CurlLoop loop_{{}};
  RecordingLogger logger_;
  Metrics metrics_;
  const Router router_{Providers(), {"openai"}, clock_};
  const Generations generations_{
      router_, ledger_.ledger, {executor_, loop_, clock_, [] { return 0.0; }, logger_, metrics_}};
  Tasks tasks_{
      router_, ledger_.ledger, {executor_, loop_, clock_, [] { return 0.0; }, logger_, metrics_}};
  const Models models_{router_};
  Budgets budgets_{ledger_.ledger};
  Usage usage_{store_, budgets_, clock_};
  Embeddings embeddings_{nullptr,
                         {.ledger = ledger_.ledger, .executor = executor_, .ids = ledger_.ids}};
  MethodTable rpc_{v1::InferenceService::service_full_name(), executor_, clock_, logger_, metrics_};
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<v1::InferenceService::Stub> stub_;
};

TEST_F(InferenceServiceTest, RunsATaskForServicesOnly) {
  v1::RunTaskRequest request;
  request.set_user_id("u");
  request.set_task_key("extraction:1");
  request.set_task(v1::TASK_EXTRACTION);
  request.set_model("local");
  request.add_lines()->set_text("My name is Ada.");
  request.mutable_lines(0)->set_from_user(true);
  v1::RunTaskResponse response;

  const auto context = TestContext(kService);
  const grpc::Status status = stub_->RunTask(context.get(), request, &response);
  const auto stranger = TestContext("Bearer local:u");
  const grpc::Status refused = stub_->RunTask(stranger.get(), request, &response);
  request.clear_lines();
  const auto again = TestContext(kService);
  const grpc::Status empty = stub_->RunTask(again.get(), request, &response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(empty.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(store_.rows().size(), 1);
}

TEST_F(InferenceServiceTest, StreamsTheBuiltInModelWordByWordAndSaysWhatItIs) {
  const Answer answer = Generate(Asked("local"));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.text, "I bake rye bread.");
  ASSERT_EQ(answer.events.size(), 6);
  EXPECT_EQ(answer.events.front().start().model(), "local/retrieval");
  EXPECT_EQ(answer.events.front().start().manifest().items_size(), 2);
  EXPECT_TRUE(answer.events.back().done().retrieval());
  EXPECT_EQ(answer.events.back().done().usage().cost_micros(), 0);
  EXPECT_EQ(store_.rows().size(), 1);
}

TEST_F(InferenceServiceTest, IsForServicesOnly) {
  EXPECT_EQ(Generate(Asked("local"), "Bearer local:u").status.code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(InferenceServiceTest, NamesTheFieldThatIsMissing) {
  v1::StreamGenerateRequest request = Asked("local");
  request.clear_turn_key();
  const absl::Status status = Generate(request).status;
  ASSERT_TRUE(GetBadRequest(status).has_value());
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "turn_key");
}

TEST_F(InferenceServiceTest, RefusesAnUnknownModelWithItsReason) {
  const absl::Status status = Generate(Asked("openai/other")).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetReason(status), "UNKNOWN_MODEL");
}

TEST_F(InferenceServiceTest, SaysWhatTheProvidersAre) {
  const auto context = TestContext("Bearer local:u");
  v1::GetStatusResponse response;
  ASSERT_TRUE(stub_->GetStatus(context.get(), {}, &response).ok());
  EXPECT_TRUE(response.configured());
  ASSERT_EQ(response.providers_size(), 2);
  EXPECT_THAT(response.providers(1).description(), HasSubstr("retrieval model"));
}

TEST_F(InferenceServiceTest, ListsTheCatalogue) {
  const auto context = TestContext(kService);
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub_->ListModels(context.get(), {}, &response).ok());
  EXPECT_EQ(response.models_size(), 2);
}

class StreamingServiceTest : public InferenceServiceTest {
 protected:
  StreamingServiceTest()
      : InferenceServiceTest(
            {.pieces = {ChunkedHead(), Chunk(Token("Ada: Hello") + Token(" there\\n")),
                        Chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                              "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,"
                              "\"completion_tokens\":100}}\n\ndata: [DONE]\n\n"),
                        LastChunk()},
             .then = Reply::Then::kKeepOpen}) {}
};

TEST_F(StreamingServiceTest, StreamsAProvidersAnswerTidied) {
  const Answer answer = Generate(Asked(""));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.text, "Hello there");
  const v1::StreamGenerateResponse::Done& done = answer.events.back().done();
  EXPECT_EQ(done.model(), "openai/gpt-4o-mini");
  EXPECT_FALSE(done.retrieval());
  EXPECT_EQ(done.usage().cost_micros(), 210);
}

class FailingServiceTest : public InferenceServiceTest {
 protected:
  FailingServiceTest()
      : InferenceServiceTest({.pieces = {Plain(429, "Retry-After: 9999\r\n", "secret detail")},
                              .then = Reply::Then::kKeepOpen}) {}
};

TEST_F(FailingServiceTest, SaysWhenToComeBackAndNothingOfTheProvidersBody) {
  const absl::Status status = Generate(Asked("")).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(GetReason(status), "PROVIDER_FAILED");
  EXPECT_EQ(GetRetryAfter(status), absl::Seconds(9999));
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("secret")));
}

class HangingServiceTest : public InferenceServiceTest {
 protected:
  HangingServiceTest()
      : InferenceServiceTest(
            {.pieces = {ChunkedHead(), Chunk(Token("Hel"))}, .then = Reply::Then::kHang}) {}
};

TEST_F(HangingServiceTest, StopsTheProviderWhenTheCallIsCancelled) {
  const auto context = TestContext(kService);
  const auto reader = stub_->StreamGenerate(context.get(), Asked(""));
  v1::StreamGenerateResponse event;
  ASSERT_TRUE(reader->Read(&event));
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.delta().text(), "Hel");
  context->TryCancel();
  provider_server_.AwaitHangUp();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(HangingServiceTest, ReportsTheProviderBeforeTheCallersDeadline) {
  const auto context = TestContext(kService);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(400));
  const auto reader = stub_->StreamGenerate(context.get(), Asked(""));
  v1::StreamGenerateResponse event;
  while (reader->Read(&event)) {
  }
  EXPECT_EQ(GetReason(FromGrpc(reader->Finish())), "PROVIDER_TIMEOUT");
}

TEST_F(InferenceServiceTest, TellsUsageToAdminsOnly) {
  store_.SetSums({{.key = "2026-03-01", .calls = 1}});
  v1::ListUsageResponse response;
  for (const char* authorization : {"Bearer local:u", kService}) {
    const grpc::Status refused = stub_->ListUsage(TestContext(authorization).get(), {}, &response);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  }
  EXPECT_EQ(response.groups_size(), 0);
  ASSERT_TRUE(stub_->ListUsage(TestContext("Bearer local:root:admin").get(), {}, &response).ok());
  EXPECT_EQ(response.groups(0).key(), "2026-03-01");
}

}  // namespace
}  // namespace dramatis::inference
