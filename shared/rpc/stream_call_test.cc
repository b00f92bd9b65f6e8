#include "shared/rpc/stream_call.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/rpc/service_adapter.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::conversation::v1;
using Event = v1::ChatEvent;
using testing::HasSubstr;

// What a test and the source it has opened share.
struct Script {
  absl::Mutex mutex;
  std::string text ABSL_GUARDED_BY(mutex);
  std::optional<absl::Status> end ABSL_GUARDED_BY(mutex);
  std::function<void()> wake ABSL_GUARDED_BY(mutex);
  std::atomic<int> polls = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<int> destroyed = 0;
  std::atomic<bool> polling = false;
  std::atomic<bool> overlapped = false;

  void Append(const std::string& more) {
    {
      const absl::MutexLock lock(&mutex);
      text += more;
    }
    Wake();
  }
  void End(const absl::Status& status) {
    {
      const absl::MutexLock lock(&mutex);
      end = status;
    }
    Wake();
  }
  void Wake() {
    std::function<void()> function;
    {
      const absl::MutexLock lock(&mutex);
      function = wake;
    }
    if (function) function();
  }
};

// Sends the script's text from where it is, in pieces of at most `piece` bytes.
class ScriptSource : public EventSource<Event> {
 public:
  explicit ScriptSource(std::shared_ptr<Script> script, size_t piece)
      : script_(std::move(script)), piece_(piece) {}
  ~ScriptSource() override { script_->destroyed.fetch_add(1); }

  Next Poll() override {
    script_->polls.fetch_add(1);
    if (script_->polling.exchange(true)) script_->overlapped = true;
    Next next;
    {
      const absl::MutexLock lock(&script_->mutex);
      if (offset_ < script_->text.size()) {
        const std::string piece = script_->text.substr(offset_, piece_);
        offset_ += piece.size();
        next.event.emplace().mutable_delta()->set_text(piece);
      }
      if (offset_ == script_->text.size()) next.end = script_->end;
    }
    script_->polling = false;
    return next;
  }
  void OnReady(std::function<void()> wake) override {
    const absl::MutexLock lock(&script_->mutex);
    script_->wake = std::move(wake);
  }
  void Cancelled() override { script_->cancelled.fetch_add(1); }

 private:
  const std::shared_ptr<Script> script_;
  const size_t piece_;
  size_t offset_ = 0;
};

class Subject : public v1::ConversationService::CallbackService {
 public:
  Subject(Executor& executor, Logger& logger, Metrics& metrics)
      : rpc_("dramatis.conversation.v1.ConversationService", executor, clock_, logger, metrics) {}

  std::function<absl::StatusOr<std::unique_ptr<EventSource<Event>>>(const CallContext&)> open;

  grpc::ServerWriteReactor<Event>* StreamTurn(grpc::CallbackServerContext* context,
                                              const v1::StreamTurnRequest* request) override {
    return rpc_.Stream<v1::StreamTurnRequest, Event>(
        "StreamTurn", context, request,
        [this](const CallContext& call, const v1::StreamTurnRequest&) { return open(call); });
  }

 private:
  SystemClock clock_;
  ServiceAdapter rpc_;
};

class StreamCallTest : public testing::Test {
 protected:
  StreamCallTest() {
    subject_.open = [this](const CallContext&) {
      return std::make_unique<ScriptSource>(script_, piece_);
    };
  }
  std::unique_ptr<grpc::ClientReader<Event>> Open(grpc::ClientContext& context) {
    v1::StreamTurnRequest request;
    request.set_turn_id("018f0000-0000-7000-8000-000000000001");
    return stub_->StreamTurn(&context, request);
  }
  // Reads to the end.
  static std::string ReadAll(grpc::ClientReader<Event>& reader) {
    std::string text;
    Event event;
    while (reader.Read(&event))
      text += event.delta().text();
    return text;
  }
  // What follows gRPC's own bookkeeping comes a moment after the client has its status.
  static void Await(const std::function<bool()>& done) {
    while (!done())
      std::this_thread::yield();
  }

  RecordingLogger logger_;
  Metrics metrics_;
  size_t piece_ = 1000;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  Executor executor_{1, 100};
  Subject subject_{executor_, logger_, metrics_};
  TestServer server_{{&subject_}};
  std::unique_ptr<v1::ConversationService::Stub> stub_ =
      v1::ConversationService::NewStub(server_.channel());
};

TEST_F(StreamCallTest, SendsWhatIsThereAndWhatComes) {
  auto context = TestContext();
  script_->Append("Hel");
  auto reader = Open(*context);
  Event event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.delta().text(), "Hel");
  script_->Append("lo");
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.delta().text(), "lo");
  script_->End(absl::OkStatus());
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamCallTest, SendsTheLastEventWithTheEnd) {
  auto context = TestContext();
  script_->Append("all");
  script_->End(absl::OkStatus());
  auto reader = Open(*context);
  EXPECT_EQ(ReadAll(*reader), "all");
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamCallTest, HeadersComeBeforeTheFirstEvent) {
  subject_.open = [this](const CallContext& call) {
    call.send_header("idempotency-replayed", "true");
    return std::make_unique<ScriptSource>(script_, piece_);
  };
  auto context = TestContext();
  context->AddMetadata("x-correlation-id", "abc-1");
  auto reader = Open(*context);
  reader->WaitForInitialMetadata();
  EXPECT_EQ(context->GetServerInitialMetadata().find("x-correlation-id")->second, "abc-1");
  EXPECT_EQ(context->GetServerInitialMetadata().find("idempotency-replayed")->second, "true");
  script_->End(absl::OkStatus());
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamCallTest, EndsWithTheErrorOfTheSource) {
  auto context = TestContext();
  auto reader = Open(*context);
  script_->Append("so far");
  script_->End(UnavailableError("the model is away"));
  EXPECT_EQ(ReadAll(*reader), "so far");
  const absl::Status status = FromGrpc(reader->Finish());
  EXPECT_EQ(GetReason(status), "UNAVAILABLE");
  EXPECT_EQ(status.message(), "the model is away");
}

TEST_F(StreamCallTest, AHandlersErrorEndsTheStreamBeforeItBegins) {
  subject_.open = [](const CallContext&) { return NotFoundError("turn"); };
  auto context = TestContext();
  auto reader = Open(*context);
  EXPECT_EQ(ReadAll(*reader), "");
  EXPECT_EQ(FromGrpc(reader->Finish()).code(), absl::StatusCode::kNotFound);
}

TEST_F(StreamCallTest, RefusesBadCredentialsAndBrokenRules) {
  auto anonymous = TestContext("Basic x");
  EXPECT_EQ(Open(*anonymous)->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  auto context = TestContext();
  const absl::Status status = FromGrpc(stub_->StreamTurn(context.get(), {})->Finish());
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "turn_id");
}

TEST_F(StreamCallTest, WhatASourceThrowsEndsTheStream) {
  struct Throwing : EventSource<Event> {
    Next Poll() override { throw std::runtime_error("secret"); }
    void OnReady(std::function<void()>) override {}
    void Cancelled() override {}
  };
  subject_.open = [](const CallContext&) { return std::make_unique<Throwing>(); };
  auto context = TestContext();
  EXPECT_EQ(Open(*context)->Finish().error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(logger_.records().at(0).fields["error"], HasSubstr("secret"));
}

TEST_F(StreamCallTest, ACancelReachesTheSourceOnceAndNoPollFollows) {
  auto context = TestContext();
  auto reader = Open(*context);
  script_->Append("a");
  Event event;
  ASSERT_TRUE(reader->Read(&event));
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  Await([this] { return script_->destroyed.load() == 1; });
  const int polls = script_->polls.load();
  script_->Append("b");
  script_->Wake();
  EXPECT_EQ(script_->polls.load(), polls);
  EXPECT_EQ(script_->cancelled.load(), 1);
  ASSERT_EQ(logger_.records().size(), 1u);
  EXPECT_EQ(logger_.records()[0].fields["code"], "CANCELLED");
}

TEST_F(StreamCallTest, ACancelWhileAWriteIsUnderWayReachesTheSource) {
  piece_ = 100'000;
  script_->Append(std::string(10'000'000, 'x'));
  auto context = TestContext();
  auto reader = Open(*context);
  reader->WaitForInitialMetadata();
  context->TryCancel();
  EXPECT_FALSE(reader->Finish().ok());
  Await([this] { return script_->destroyed.load() == 1; });
  EXPECT_EQ(script_->cancelled.load(), 1);
}

TEST_F(StreamCallTest, TheClientsDeadlineEndsTheStream) {
  auto context = TestContext();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(30));
  EXPECT_EQ(Open(*context)->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  Await([this] { return script_->destroyed.load() == 1; });
  EXPECT_EQ(script_->cancelled.load(), 1);
}

TEST_F(StreamCallTest, IsNotAskedForMoreThanTheClientTakes) {
  piece_ = 100'000;
  script_->Append(std::string(10'000'000, 'x'));
  auto context = TestContext();
  auto reader = Open(*context);
  Event event;
  ASSERT_TRUE(reader->Read(&event));
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_LE(script_->polls.load(), 6);  // two taken, a few under way; not all hundred
  script_->End(absl::OkStatus());
  EXPECT_EQ(ReadAll(*reader).size(), 10'000'000u - 2 * piece_);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamCallTest, LosesNothingInAStormOfWakes) {
  piece_ = 3;
  auto context = TestContext();
  auto reader = Open(*context);
  std::atomic<bool> stop = false;
  std::vector<std::thread> wakers;
  for (int i = 0; i < 3; ++i) {
    wakers.emplace_back([&] {
      while (!stop.load()) {
        script_->Wake();
        std::this_thread::yield();
      }
    });
  }
  std::string expected;
  std::thread producer([&] {
    for (int i = 0; i < 2000; ++i) {
      absl::StrAppend(&expected, i, " ");
      script_->Append(absl::StrCat(i, " "));
    }
    script_->End(absl::OkStatus());
  });
  const std::string text = ReadAll(*reader);
  producer.join();
  EXPECT_EQ(text, expected);
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_FALSE(script_->overlapped.load());
  Await([this] { return script_->destroyed.load() == 1; });  // and wakes go on after the end
  stop = true;
  for (std::thread& waker : wakers)
    waker.join();
  EXPECT_EQ(script_->cancelled.load(), 0);
}

TEST_F(StreamCallTest, ManyOpenStreamsHoldNoThread) {
  // More streams than threads: each gets its text, and the one worker still answers.
  constexpr int kStreams = 50;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<Event>>> readers;
  std::vector<std::shared_ptr<Script>> scripts;
  for (int i = 0; i < kStreams; ++i) {
    script_ = scripts.emplace_back(std::make_shared<Script>());
    contexts.push_back(TestContext());
    readers.push_back(Open(*contexts.back()));
    readers.back()->WaitForInitialMetadata();
  }
  EXPECT_THAT(metrics_.Text(), HasSubstr("dramatis_streams_open 50"));
  for (int i = 0; i < kStreams; ++i) {
    scripts[i]->Append(absl::StrCat("stream ", i));
    scripts[i]->End(absl::OkStatus());
  }
  for (int i = 0; i < kStreams; ++i) {
    EXPECT_EQ(ReadAll(*readers[i]), absl::StrCat("stream ", i));
    EXPECT_TRUE(readers[i]->Finish().ok());
  }
  Await([this] { return metrics_.Text().find("dramatis_streams_open 0") != std::string::npos; });
}

}  // namespace
}  // namespace dramatis
