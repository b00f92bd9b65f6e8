// Streams of answers, over gRPC and within the process alike.
#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/rpc/testing/wires.h"
#include "shared/status/errors.h"

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

class StreamsTest : public testing::TestWithParam<Via> {
 protected:
  ~StreamsTest() override { executor_.Stop(); }

  const MethodTable& Filled() {
    table_.Stream("StreamTurn", [this](const CallContext& call, const v1::StreamTurnRequest&) {
      return open_(call);
    });
    return table_;
  }

  std::unique_ptr<TestStream> Open(const Sent& sent = {}) {
    v1::StreamTurnRequest request;
    request.set_turn_id("018f0000-0000-7000-8000-000000000001");
    return wires_.Stream(GetParam(), "StreamTurn", request.SerializeAsString(), sent);
  }
  // The next event's text; nothing at the end.
  static std::optional<std::string> Read(TestStream& stream) {
    const std::optional<std::string> bytes = stream.Next();
    if (!bytes.has_value()) return std::nullopt;
    Event event;
    EXPECT_TRUE(event.ParseFromString(*bytes));
    return event.delta().text();
  }
  // Reads to the end.
  static std::string ReadAll(TestStream& stream) {
    std::string text;
    while (const std::optional<std::string> piece = Read(stream))
      text += *piece;
    return text;
  }
  // What follows gRPC's own bookkeeping comes a moment after the client has its status.
  static void Await(const std::function<bool()>& done) {
    while (!done())
      std::this_thread::yield();
  }

  using Source = std::unique_ptr<EventSource<Event>>;
  size_t piece_ = 1000;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::function<absl::StatusOr<Source>(const CallContext&)> open_ = [this](const CallContext&) {
    return std::make_unique<ScriptSource>(script_, piece_);
  };
  SystemClock clock_;
  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{1, 100};
  MethodTable table_{"dramatis.conversation.v1.ConversationService", executor_, clock_, logger_,
                     metrics_};
  TestWires wires_{Filled()};
};

INSTANTIATE_TEST_SUITE_P(Wires,
                         StreamsTest,
                         testing::Values(Via::kGrpc, Via::kProcess),
                         [](const auto& test) { return NameOf(test.param); });

TEST_P(StreamsTest, SendsWhatIsThereAndWhatComes) {
  script_->Append("Hel");
  const auto stream = Open();
  EXPECT_EQ(Read(*stream), "Hel");
  script_->Append("lo");
  EXPECT_EQ(Read(*stream), "lo");
  script_->End(absl::OkStatus());
  EXPECT_EQ(Read(*stream), std::nullopt);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_P(StreamsTest, SendsTheLastEventWithTheEnd) {
  script_->Append("all");
  script_->End(absl::OkStatus());
  const auto stream = Open();
  EXPECT_EQ(ReadAll(*stream), "all");
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_P(StreamsTest, HeadersComeBeforeTheFirstEvent) {
  open_ = [this](const CallContext& call) {
    call.send_header("idempotency-replayed", "true");
    return std::make_unique<ScriptSource>(script_, piece_);
  };
  const auto stream = Open({.headers = {{"x-correlation-id", "abc-1"}}});
  stream->AwaitOpen();
  EXPECT_EQ(stream->Header("idempotency-replayed"), "true");
  if (GetParam() == Via::kGrpc) {
    EXPECT_EQ(stream->Header("x-correlation-id"), "abc-1");
  }
  script_->End(absl::OkStatus());
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_P(StreamsTest, EndsWithTheErrorOfTheSource) {
  const auto stream = Open();
  script_->Append("so far");
  script_->End(UnavailableError("the model is away"));
  EXPECT_EQ(ReadAll(*stream), "so far");
  const absl::Status status = stream->Finish();
  EXPECT_EQ(GetReason(status), "UNAVAILABLE");
  EXPECT_EQ(status.message(), "the model is away");
}

TEST_P(StreamsTest, AHandlersErrorEndsTheStreamBeforeItBegins) {
  open_ = [](const CallContext&) { return NotFoundError("turn"); };
  const auto stream = Open();
  EXPECT_EQ(ReadAll(*stream), "");
  EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kNotFound);
}

TEST_P(StreamsTest, RefusesBadCredentialsBrokenRulesAndBytesThatAreNoMessage) {
  EXPECT_EQ(Open({.authorization = "Basic x"})->Finish().code(),
            absl::StatusCode::kUnauthenticated);
  const absl::Status empty = wires_.Stream(GetParam(), "StreamTurn", "")->Finish();
  EXPECT_EQ(GetBadRequest(empty)->field_violations(0).field(), "turn_id");
  const absl::Status broken = wires_.Stream(GetParam(), "StreamTurn", "\xff")->Finish();
  EXPECT_EQ(GetReason(broken), "VALIDATION_FAILED");
}

TEST_P(StreamsTest, WhatASourceThrowsEndsTheStream) {
  struct Throwing : EventSource<Event> {
    Next Poll() override { throw std::runtime_error("secret"); }
    void OnReady(std::function<void()>) override {}
    void Cancelled() override {}
  };
  open_ = [](const CallContext&) { return std::make_unique<Throwing>(); };
  EXPECT_EQ(Open()->Finish().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(logger_.records().at(0).fields["error"], HasSubstr("secret"));
}

TEST_P(StreamsTest, ACancelReachesTheSourceOnceAndNoPollFollows) {
  auto stream = Open();
  script_->Append("a");
  EXPECT_EQ(Read(*stream), "a");
  stream->Cancel();
  EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kCancelled);
  stream.reset();
  Await([this] { return script_->destroyed.load() == 1; });
  const int polls = script_->polls.load();
  script_->Append("b");
  script_->Wake();
  EXPECT_EQ(script_->polls.load(), polls);
  EXPECT_EQ(script_->cancelled.load(), 1);
  ASSERT_EQ(logger_.records().size(), 1u);
  EXPECT_EQ(logger_.records()[0].fields["code"], "CANCELLED");
}

TEST_P(StreamsTest, ACancelWhileAWriteIsUnderWayReachesTheSource) {
  piece_ = 100'000;
  script_->Append(std::string(8'000'000, 'x'));
  auto stream = Open();
  stream->AwaitOpen();
  stream->Cancel();
  EXPECT_FALSE(stream->Finish().ok());
  stream.reset();
  Await([this] { return script_->destroyed.load() == 1; });
  EXPECT_EQ(script_->cancelled.load(), 1);
}

// Within the process nothing ends a stream at a deadline.
TEST_F(StreamsTest, TheClientsDeadlineEndsTheStreamOverGrpc) {
  v1::StreamTurnRequest request;
  request.set_turn_id("018f0000-0000-7000-8000-000000000001");
  // On a busy machine the time may be over before the handler is asked; the next one has more.
  for (absl::Duration timeout = absl::Milliseconds(30); script_->polls.load() == 0; timeout *= 2) {
    const auto stream =
        wires_.Stream(Via::kGrpc, "StreamTurn", request.SerializeAsString(), {.timeout = timeout});
    EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kDeadlineExceeded);
  }
  Await([this] { return script_->destroyed.load() > 0; });
  EXPECT_GT(script_->cancelled.load(), 0);
}

TEST_P(StreamsTest, IsNotAskedForMoreThanTheClientTakes) {
  piece_ = 100'000;
  script_->Append(std::string(8'000'000, 'x'));
  const auto stream = Open();
  ASSERT_TRUE(Read(*stream).has_value());
  ASSERT_TRUE(Read(*stream).has_value());
  EXPECT_LE(script_->polls.load(), 6);  // two taken, a few under way; not all eighty
  script_->End(absl::OkStatus());
  EXPECT_EQ(ReadAll(*stream).size(), 8'000'000u - 2 * piece_);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_P(StreamsTest, LosesNothingInAStormOfWakes) {
  piece_ = 3;
  auto stream = Open();
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
  const std::string text = ReadAll(*stream);
  producer.join();
  EXPECT_EQ(text, expected);
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_FALSE(script_->overlapped.load());
  stream.reset();
  Await([this] { return script_->destroyed.load() == 1; });  // and wakes go on after the end
  stop = true;
  for (std::thread& waker : wakers)
    waker.join();
  EXPECT_EQ(script_->cancelled.load(), 0);
}

TEST_P(StreamsTest, ManyOpenStreamsHoldNoThread) {
  // More streams than threads: each gets its text, and the one worker still answers.
  constexpr size_t kStreams = 50;
  std::vector<std::unique_ptr<TestStream>> streams;
  std::vector<std::shared_ptr<Script>> scripts;
  for (size_t i = 0; i < kStreams; ++i) {
    script_ = scripts.emplace_back(std::make_shared<Script>());
    streams.push_back(Open());
    streams.back()->AwaitOpen();
  }
  EXPECT_THAT(metrics_.Text(), HasSubstr("dramatis_streams_open 50"));
  for (size_t i = 0; i < kStreams; ++i) {
    scripts[i]->Append(absl::StrCat("stream ", i));
    scripts[i]->End(absl::OkStatus());
  }
  for (size_t i = 0; i < kStreams; ++i) {
    EXPECT_EQ(ReadAll(*streams[i]), absl::StrCat("stream ", i));
    EXPECT_TRUE(streams[i]->Finish().ok());
  }
  Await([this] { return metrics_.Text().find("dramatis_streams_open 0") != std::string::npos; });
}

TEST_P(StreamsTest, RefusesWhatTheExecutorDoesNotTake) {
  executor_.Stop();
  EXPECT_EQ(GetReason(Open()->Finish()), "OVERLOADED");
}

}  // namespace
}  // namespace dramatis
