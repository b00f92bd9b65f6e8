// Calls by bytes, as the gateway of the same process makes them, to services that answer through
// ServiceAdapter.
#include "shared/rpc/relay_context.h"

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"
#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/rpc/service_adapter.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace memory = ::dramatis::memory::v1;
namespace conversation = ::dramatis::conversation::v1;
using testing::ElementsAre;
using testing::Pair;

// The three kinds of unary handlers, by the id that is asked for.
class Memories : public memory::MemoryService::CallbackService {
 public:
  using Done = std::function<void(absl::StatusOr<memory::Profile>)>;

  explicit Memories(ServiceAdapter& rpc) : rpc_(rpc) {}

  // Of the last call.
  std::optional<CallContext> seen;
  Done kept;

  grpc::ServerUnaryReactor* GetMemory(grpc::CallbackServerContext* context,
                                      const memory::GetMemoryRequest* request,
                                      memory::Memory* response) override {
    return rpc_.Unary(
        "GetMemory", context, request, response,
        [this](const CallContext& call,
               const memory::GetMemoryRequest& asked) -> absl::StatusOr<memory::Memory> {
          seen = call;
          if (asked.memory_id() == "none") return NotFoundError("memory");
          if (asked.memory_id() == "bug") return InternalError("row 7 of memories");
          call.send_header("Idempotency-Replayed", "true");
          memory::Memory memory;
          memory.set_memory_id(asked.memory_id());
          return memory;
        });
  }
  grpc::ServerUnaryReactor* DeleteMemory(grpc::CallbackServerContext* context,
                                         const memory::DeleteMemoryRequest* request,
                                         google::protobuf::Empty* response) override {
    return rpc_.Unary("DeleteMemory", context, request, response,
                      [](const CallContext&, const memory::DeleteMemoryRequest& asked) {
                        return asked.memory_id() == "none" ? NotFoundError("memory")
                                                           : absl::OkStatus();
                      });
  }
  grpc::ServerUnaryReactor* GetProfile(grpc::CallbackServerContext* context,
                                       const memory::GetProfileRequest* request,
                                       memory::Profile* response) override {
    return rpc_.Async("GetProfile", context, request, response,
                      [this](const CallContext& call, const memory::GetProfileRequest&, Done done) {
                        if (call.correlation_id == "keep") {
                          kept = std::move(done);
                        } else if (call.correlation_id != "drop") {
                          done(memory::Profile());
                          done(NotFoundError("profile"));  // too late
                        }
                      });
  }

 private:
  ServiceAdapter& rpc_;
};

// Says each character of the message.
class Chats : public conversation::ConversationService::CallbackService {
 public:
  explicit Chats(ServiceAdapter& rpc) : rpc_(rpc) {}

  grpc::ServerWriteReactor<conversation::ChatEvent>* StreamChat(
      grpc::CallbackServerContext* context, const conversation::ChatRequest* request) override {
    return rpc_.Stream<conversation::ChatRequest, conversation::ChatEvent>(
        "StreamChat", context, request,
        [](const CallContext& call, const conversation::ChatRequest& asked)
            -> absl::StatusOr<std::unique_ptr<EventSource<conversation::ChatEvent>>> {
          call.send_header("Idempotency-Replayed", "true");
          return std::make_unique<Spelling>(asked.message());
        });
  }

 private:
  class Spelling : public EventSource<conversation::ChatEvent> {
   public:
    explicit Spelling(std::string text) : text_(std::move(text)) {}
    Next Poll() override {
      if (next_ == text_.size()) return {.event = std::nullopt, .end = absl::OkStatus()};
      Next next;
      next.event.emplace().mutable_delta()->set_text(text_.substr(next_++, 1));
      return next;
    }
    void OnReady(std::function<void()>) override {}
    void Cancelled() override {}

   private:
    const std::string text_;
    size_t next_ = 0;
  };

  ServiceAdapter& rpc_;
};

class Reader : public LocalReader<std::string> {
 public:
  void OnOpen(const HeaderList& sent) override { headers = sent; }
  bool OnEvent(std::string bytes) override {
    conversation::ChatEvent event;
    EXPECT_TRUE(event.ParseFromString(bytes));
    text += event.delta().text();
    return true;
  }
  void OnEnd(const absl::Status& status) override { end.set_value(status); }

  std::optional<HeaderList> headers;
  std::string text;
  std::promise<absl::Status> end;
};

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    memory_rpc_.OfferRelay(local_, memories_, "GetMemory", &Memories::GetMemory);
    memory_rpc_.OfferRelay(local_, memories_, "DeleteMemory", &Memories::DeleteMemory);
    memory_rpc_.OfferRelay(local_, memories_, "GetProfile", &Memories::GetProfile);
    chat_rpc_.OfferRelay(local_, chats_, "StreamChat", &Chats::StreamChat);
  }
  ~RelayTest() override { executor_.Stop(); }

  std::future<RelayReply> Start(const std::string& method, const std::string& request) {
    auto promise = std::make_shared<std::promise<RelayReply>>();
    local_.FindRelayedUnary("dramatis.memory.v1.MemoryService/" + method)(
        metadata_, absl::Now() + timeout_, request,
        [promise](RelayReply reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }
  RelayReply Call(const std::string& method, const std::string& request) {
    return Start(method, request).get();
  }
  RelayReply GetMemory(const std::string& id) {
    memory::GetMemoryRequest request;
    request.set_memory_id(id);
    return Call("GetMemory", request.SerializeAsString());
  }

  CallMetadata metadata_;
  absl::Duration timeout_ = absl::Seconds(20);
  SystemClock clock_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  Executor executor_{2, 8};
  ServiceAdapter memory_rpc_{memory::MemoryService::service_full_name(), executor_, clock_,
                             *logger_, metrics_};
  ServiceAdapter chat_rpc_{conversation::ConversationService::service_full_name(), executor_,
                           clock_, *logger_, metrics_};
  Memories memories_{memory_rpc_};
  Chats chats_{chat_rpc_};
  LocalMethods local_;
};

TEST_F(RelayTest, AnswersBytesWithBytes) {
  metadata_.Add("authorization", "Bearer local:ada");
  metadata_.Add("idempotency-key", "once");
  const RelayReply reply = GetMemory("7");
  ASSERT_TRUE(reply.message.ok()) << reply.message.status();
  memory::Memory memory;
  ASSERT_TRUE(memory.ParseFromString(*reply.message));
  EXPECT_EQ(memory.memory_id(), "7");
  EXPECT_THAT(reply.headers, ElementsAre(Pair("idempotency-replayed", "true")));
  EXPECT_EQ(memories_.seen->identity.user_id, "ada");
  EXPECT_EQ(memories_.seen->idempotency_key, "once");
  EXPECT_LE(memories_.seen->deadline, absl::Now() + timeout_);
}

TEST_F(RelayTest, AnEmptyAnswerIsNoBytes) {
  memory::DeleteMemoryRequest request;
  request.set_memory_id("7");
  const RelayReply done = Call("DeleteMemory", request.SerializeAsString());
  ASSERT_TRUE(done.message.ok()) << done.message.status();
  EXPECT_EQ(*done.message, "");
  request.set_memory_id("none");
  EXPECT_EQ(GetReason(Call("DeleteMemory", request.SerializeAsString()).message.status()),
            "NOT_FOUND");
}

TEST_F(RelayTest, TellsOfErrorsWhatGrpcWould) {
  EXPECT_EQ(GetReason(GetMemory("none").message.status()), "NOT_FOUND");
  EXPECT_EQ(GetMemory("bug").message.status().message(), "internal error");
  const absl::Status empty = GetMemory("").message.status();
  EXPECT_EQ(GetReason(empty), "VALIDATION_FAILED");
  EXPECT_EQ(GetBadRequest(empty)->field_violations(0).field(), "memory_id");
  EXPECT_EQ(GetReason(Call("GetMemory", "\xff").message.status()), "VALIDATION_FAILED");
}

TEST_F(RelayTest, RefusesWhoIsNobodyAndWhatComesTooLate) {
  timeout_ = absl::Seconds(-1);
  EXPECT_EQ(GetReason(GetMemory("7").message.status()), "TIMEOUT");
  metadata_.Add("authorization", "Basic nobody");
  EXPECT_EQ(GetMemory("7").message.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(memories_.seen.has_value());
}

TEST_F(RelayTest, AnAnswerMayComeLaterAndCountsOnce) {
  const RelayReply now = Call("GetProfile", "");
  ASSERT_TRUE(now.message.ok()) << now.message.status();
  metadata_.Add("x-correlation-id", "keep");
  std::future<RelayReply> later = Start("GetProfile", "");
  executor_.Stop();
  ASSERT_TRUE(memories_.kept);
  std::thread([this] { memories_.kept(NotFoundError("profile")); }).join();
  EXPECT_EQ(GetReason(later.get().message.status()), "NOT_FOUND");
}

TEST_F(RelayTest, AnAnswerThatIsDroppedIsOurError) {
  metadata_.Add("x-correlation-id", "drop");
  EXPECT_EQ(GetReason(Call("GetProfile", "").message.status()), "INTERNAL");
}

TEST_F(RelayTest, RelaysStreams) {
  conversation::ChatRequest request;
  request.set_message("Hello");
  const auto relay =
      local_.FindRelayedStream("dramatis.conversation.v1.ConversationService/StreamChat");
  const auto reader = std::make_shared<Reader>();
  const auto stream = relay(metadata_, request.SerializeAsString(), reader);
  EXPECT_TRUE(reader->end.get_future().get().ok());
  EXPECT_NE(stream, nullptr);
  EXPECT_EQ(reader->text, "Hello");
  EXPECT_THAT(*reader->headers, ElementsAre(Pair("idempotency-replayed", "true")));

  const auto refused = std::make_shared<Reader>();
  relay(metadata_, "", refused);
  EXPECT_EQ(GetReason(refused->end.get_future().get()), "VALIDATION_FAILED");
  EXPECT_FALSE(refused->headers.has_value());
  const auto broken = std::make_shared<Reader>();
  EXPECT_EQ(relay(metadata_, "\xff", broken), nullptr);
  EXPECT_EQ(GetReason(broken->end.get_future().get()), "VALIDATION_FAILED");
}

}  // namespace
}  // namespace dramatis
