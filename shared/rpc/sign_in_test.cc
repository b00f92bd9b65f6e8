// Who calls is found out in one place, however a call came: over TCP, over the in-process channel
// and relayed; unary, asynchronous and streamed; also where the answer takes a while.
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"
#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/call/authenticator.h"
#include "shared/call/process_identity.h"
#include "shared/methods/local_methods.h"
#include "shared/methods/local_wire.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"

namespace dramatis {
namespace {

namespace memory = ::dramatis::memory::v1;
namespace conversation = ::dramatis::conversation::v1;

// Knows "Bearer known" at once and "Bearer late" after Arrive.
class SlowAuthenticator : public Authenticator {
 public:
  SlowAuthenticator() { SetProcessAuthenticator(this); }
  ~SlowAuthenticator() override { SetProcessAuthenticator(nullptr); }

  std::optional<SignIn> Recall(const std::vector<std::string>&) override { return std::nullopt; }
  std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) override {
    if (authorizations.empty()) return SignIn{UnauthenticatedError(), kNoCredentials};
    if (authorizations[0] == "Bearer known") return SignIn{Identity{"ada", AccessRole::kUser}};
    if (authorizations[0] == "Bearer late") return std::nullopt;
    return SignIn{UnauthenticatedError(), "malformed"};
  }
  void AuthenticateLater(const std::vector<std::string>&,
                         std::function<void(SignIn)> done) override {
    const absl::MutexLock lock(&mutex_);
    waiting_.push_back(std::move(done));
  }
  // Says it of `count` calls, once they wait.
  void Arrive(size_t count, const SignIn& sign_in) {
    std::vector<std::function<void(SignIn)>> waiting;
    {
      const auto complete = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return waiting_.size() == count;
      };
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&complete));
      waiting.swap(waiting_);
    }
    for (const auto& done : waiting)
      done(sign_in);
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::function<void(SignIn)>> waiting_ ABSL_GUARDED_BY(mutex_);
};

// Says who calls, and ends.
class Caller : public EventSource<conversation::ChatEvent> {
 public:
  explicit Caller(const std::string& user) { event_.mutable_delta()->set_text(user); }
  Next Poll() override { return {.event = event_, .end = absl::OkStatus()}; }
  void OnReady(std::function<void()>) override {}
  void Cancelled() override {}

 private:
  conversation::ChatEvent event_;
};

// RPCs that answer who calls.
void Serve(MethodTable& memory_rpc, MethodTable& chat_rpc) {
  memory_rpc.Unary("GetMemory", [](const CallContext& call, const memory::GetMemoryRequest&) {
    memory::Memory memory;
    memory.set_memory_id(call.identity.user_id);
    return memory;
  });
  memory_rpc.Async("GetProfile",
                   [](const CallContext& call, const memory::GetProfileRequest&,
                      const std::function<void(absl::StatusOr<memory::Profile>)>& done) {
                     memory::Profile profile;
                     profile.set_bio(call.identity.user_id);
                     done(profile);
                   });
  memory_rpc.Unary("Recall", [](const memory::RecallRequest&) { return memory::RecallResponse(); });
  chat_rpc.Stream("StreamChat",
                  [](const CallContext& call,
                     const conversation::ChatRequest&) -> absl::StatusOr<std::unique_ptr<Caller>> {
                    return std::make_unique<Caller>(call.identity.user_id);
                  });
}

class Reader : public LocalReader<std::string> {
 public:
  bool OnEvent(std::string bytes) override {
    conversation::ChatEvent event;
    EXPECT_TRUE(event.ParseFromString(bytes));
    user = event.delta().text();
    return true;
  }
  void OnEnd(const absl::Status& status) override { end.set_value(status); }
  std::string user;
  std::promise<absl::Status> end;
};

class SignInTest : public testing::Test {
 protected:
  SignInTest() {
    Serve(memory_rpc_, chat_rpc_);
    local_.Add(memory_rpc_);
    local_.Add(chat_rpc_);
    memories_.emplace(memory_rpc_, GrpcService::Missing::kUnimplemented);
    chats_.emplace(chat_rpc_, GrpcService::Missing::kUnimplemented);
    server_ = *RpcServer::Start("127.0.0.1:0", {&*memories_, &*chats_});
    tcp_ = MakeChannel(server_->address());
    in_process_ = server_->InProcessChannel();
  }
  ~SignInTest() override { executor_.Stop(); }

  // Who each kind of call was from, with this authorization; or the code of its error.
  std::string Unary(const std::shared_ptr<grpc::Channel>& channel, const std::string& auth) {
    memory::GetMemoryRequest request;
    request.set_memory_id("7");
    memory::Memory memory;
    const absl::Status status = FromGrpc(memory::MemoryService::NewStub(channel)->GetMemory(
        TestContext(auth).get(), request, &memory));
    return status.ok() ? memory.memory_id() : absl::StatusCodeToString(status.code());
  }
  std::string Async(const std::shared_ptr<grpc::Channel>& channel, const std::string& auth) {
    memory::Profile profile;
    const absl::Status status = FromGrpc(
        memory::MemoryService::NewStub(channel)->GetProfile(TestContext(auth).get(), {}, &profile));
    return status.ok() ? profile.bio() : absl::StatusCodeToString(status.code());
  }
  std::string Stream(const std::shared_ptr<grpc::Channel>& channel, const std::string& auth) {
    conversation::ChatRequest request;
    request.set_message("Hello");
    const auto context = TestContext(auth);
    const auto stream =
        conversation::ConversationService::NewStub(channel)->StreamChat(context.get(), request);
    std::string user;
    for (conversation::ChatEvent event; stream->Read(&event);)
      user = event.delta().text();
    const absl::Status status = FromGrpc(stream->Finish());
    return status.ok() ? user : absl::StatusCodeToString(status.code());
  }
  std::string Relayed(const std::string& auth) {
    memory::GetMemoryRequest request;
    request.set_memory_id("7");
    std::promise<BytesReply> promise;
    CallMetadata metadata;
    if (!auth.empty()) metadata.Add("authorization", auth);
    CallLocally(*local_.Find("dramatis.memory.v1.MemoryService/GetMemory"), metadata,
                absl::InfiniteFuture(), request.SerializeAsString(),
                [&](BytesReply reply) { promise.set_value(std::move(reply)); });
    const BytesReply reply = promise.get_future().get();
    memory::Memory memory;
    if (!reply.message.ok()) return absl::StatusCodeToString(reply.message.status().code());
    EXPECT_TRUE(memory.ParseFromString(*reply.message));
    return memory.memory_id();
  }
  std::string RelayedStream(const std::string& auth) {
    conversation::ChatRequest request;
    request.set_message("Hello");
    const auto reader = std::make_shared<Reader>();
    CallMetadata metadata;
    if (!auth.empty()) metadata.Add("authorization", auth);
    StreamLocally(*local_.Find("dramatis.conversation.v1.ConversationService/StreamChat"), metadata,
                  request.SerializeAsString(), reader);
    const absl::Status status = reader->end.get_future().get();
    return status.ok() ? reader->user : absl::StatusCodeToString(status.code());
  }
  std::vector<std::string> Everywhere(const std::string& auth) {
    std::vector<std::future<std::string>> asked;
    for (const auto& channel : {tcp_, in_process_}) {
      for (const auto call : {&SignInTest::Unary, &SignInTest::Async, &SignInTest::Stream}) {
        asked.push_back(std::async(std::launch::async, call, this, channel, auth));
      }
    }
    asked.push_back(std::async(std::launch::async, &SignInTest::Relayed, this, auth));
    asked.push_back(std::async(std::launch::async, &SignInTest::RelayedStream, this, auth));
    std::vector<std::string> answers;
    for (std::future<std::string>& answer : asked)
      answers.push_back(answer.get());
    return answers;
  }
  static constexpr size_t kWays = 8;

  SlowAuthenticator authenticator_;
  SystemClock clock_;
  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{2, 100};
  MethodTable memory_rpc_{memory::MemoryService::service_full_name(), executor_, clock_, logger_,
                          metrics_};
  MethodTable chat_rpc_{conversation::ConversationService::service_full_name(), executor_, clock_,
                        logger_, metrics_};
  LocalMethods local_;
  std::optional<GrpcService> memories_;
  std::optional<GrpcService> chats_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> tcp_;
  std::shared_ptr<grpc::Channel> in_process_;
};

TEST_F(SignInTest, TheProcessesAuthenticatorSaysWhoCalls) {
  EXPECT_THAT(Everywhere("Bearer known"), testing::Each("ada"));
  EXPECT_THAT(Everywhere("Bearer local:root:admin"), testing::Each("UNAUTHENTICATED"));
  EXPECT_THAT(Everywhere(""), testing::Each("UNAUTHENTICATED"));
}

TEST_F(SignInTest, CallsWaitForAnAuthenticatorThatTakesAWhile) {
  std::future<std::vector<std::string>> answers =
      std::async(std::launch::async, [this] { return Everywhere("Bearer late"); });
  // More calls than the executor has threads.
  authenticator_.Arrive(kWays, {Identity{"bob", AccessRole::kUser}});
  EXPECT_THAT(answers.get(), testing::Each("bob"));

  answers = std::async(std::launch::async, [this] { return Everywhere("Bearer late"); });
  authenticator_.Arrive(kWays, {UnauthenticatedError(), "unknown_key"});
  EXPECT_THAT(answers.get(), testing::Each("UNAUTHENTICATED"));
}

TEST_F(SignInTest, RefusalsAreCountedAndAudited) {
  EXPECT_EQ(Relayed("Bearer nonsense"), "UNAUTHENTICATED");
  EXPECT_EQ(Relayed(""), "UNAUTHENTICATED");
  std::vector<std::string> audited;
  for (const RecordingLogger::Record& record : logger_.records()) {
    if (record.level == LogLevel::kAudit) audited.push_back(record.fields.at("reason"));
    for (const auto& [name, value] : record.fields)
      EXPECT_EQ(value.find("nonsense"), std::string::npos) << name;
  }
  EXPECT_THAT(audited, testing::ElementsAre("malformed"));
  const std::string text = metrics_.Text();
  EXPECT_NE(text.find("dramatis_sign_in_failures_total{reason=\"malformed\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("dramatis_sign_in_failures_total{reason=\"missing\"} 1"), std::string::npos);
}

// A service's call to a neighbour as PrepareContext makes it.
absl::Status Recall(const std::shared_ptr<grpc::Channel>& channel, const std::string& mark = "") {
  CallContext call;
  call.identity = {"caf\u00e9|1", AccessRole::kService};
  grpc::ClientContext context;
  PrepareContext(call, absl::Seconds(20), context);
  if (!mark.empty()) context.AddMetadata(kMarkEntry, mark);
  memory::RecallRequest request;
  request.set_user_id("u");
  request.set_persona_id("p");
  memory::RecallResponse response;
  return FromGrpc(memory::MemoryService::NewStub(channel)->Recall(&context, request, &response));
}

TEST_F(SignInTest, ServicesOfTheProcessNeedNoCredentialsAndOthersCannotPretend) {
  EXPECT_TRUE(Recall(in_process_).ok());
  EXPECT_EQ(Recall(tcp_).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Recall(tcp_, std::string(64, '0')).code(), absl::StatusCode::kUnauthenticated);
}

// Signs and verifies by text alone.
class PlainSigner : public ProgramSigner, public ProgramVerifier {
 public:
  PlainSigner() { SetProcessProgramVerifier(this); }
  ~PlainSigner() override { SetProcessProgramVerifier(nullptr); }
  std::string TokenFor(const std::string& audience, const std::string& identity) override {
    if (refuses) return "";
    return audience + "|" + identity;
  }
  SignIn Verify(std::string_view token) override {
    const size_t bar = token.find('|');
    if (token.substr(0, bar) != "memory") return {UnauthenticatedError(), "audience"};
    Identity identity = ParseProcessIdentity(token.substr(bar + 1)).value();
    identity.caller = caller;
    return {std::move(identity)};
  }
  bool refuses = false;
  std::string caller = "conversation";
};

TEST_F(SignInTest, AChannelToAnotherProgramSaysForWhomByATokenAndByNothingElse) {
  PlainSigner signer;
  const auto to = [&](const std::string& audience) {
    return MakeChannel(server_->address(), {.audience = audience, .signer = &signer});
  };
  // Two identities would be refused: what the channel sends is the token alone.
  EXPECT_TRUE(Recall(to("memory")).ok());
  EXPECT_EQ(Recall(to("persona")).code(), absl::StatusCode::kUnauthenticated);
  signer.refuses = true;
  EXPECT_EQ(Recall(to("memory")).code(), absl::StatusCode::kUnauthenticated);
  signer.refuses = false;
  signer.caller = "inference";
  EXPECT_EQ(Recall(to("memory")).code(), absl::StatusCode::kPermissionDenied);
  // Within the process nothing is signed.
  EXPECT_TRUE(Recall(in_process_).ok());
}

TEST_F(SignInTest, TwoIdentitiesAreNoneAndAStrangersIsNotTheProcesss) {
  PlainSigner signer;
  const std::string token = "memory|" + FormatProcessIdentity({"ada", AccessRole::kService});
  const auto ask = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
    grpc::ClientContext context;
    for (const auto& [name, value] : entries)
      context.AddMetadata(name, value);
    memory::RecallRequest request;
    request.set_user_id("u");
    request.set_persona_id("p");
    memory::RecallResponse response;
    return FromGrpc(memory::MemoryService::NewStub(tcp_)->Recall(&context, request, &response))
        .code();
  };
  EXPECT_EQ(ask({{kIdentityEntry, token}}), absl::StatusCode::kOk);
  EXPECT_EQ(ask({{kIdentityEntry, token}, {kIdentityEntry, token}}),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ask({{kIdentityEntry, token}, {"authorization", "Bearer known"}}),
            absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace dramatis
