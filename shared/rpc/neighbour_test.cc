// The three ways to call a neighbour, over gRPC and within the process alike.
#include "shared/rpc/neighbour.h"

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "shared/rpc/testing/wires.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::conversation::v1;
using Conversations = Neighbour<v1::ConversationService>;

constexpr absl::Duration kPatience = absl::Seconds(30);

// Sends `count` events and ends with `end`; without a count it sends nothing until it is cancelled.
class Counted : public EventSource<v1::ChatEvent> {
 public:
  Counted(std::optional<int> count, absl::Status end) : count_(count), end_(std::move(end)) {}
  Next Poll() override {
    Next next;
    if (!count_.has_value()) return next;
    if (sent_ < *count_) {
      next.event.emplace().mutable_delta()->set_text(std::to_string(++sent_));
    }
    if (sent_ == *count_) next.end = end_;
    return next;
  }
  void OnReady(std::function<void()> /*wake*/) override {}
  void Cancelled() override {}

 private:
  const std::optional<int> count_;
  const absl::Status end_;
  int sent_ = 0;
};

// Keeps the events, `at_once` before it has enough.
struct Kept : public LocalReader<v1::ChatEvent> {
  explicit Kept(size_t most) : at_once(most) {}
  bool OnEvent(v1::ChatEvent event) override {
    const absl::MutexLock lock(&mutex);
    texts.push_back(event.delta().text());
    return texts.size() % at_once != 0;
  }
  void OnEnd(const absl::Status& status) override {
    const absl::MutexLock lock(&mutex);
    end = status;
  }
  // Waits until so many have come, or the end.
  std::vector<std::string> Await(size_t count) {
    const absl::MutexLock lock(&mutex);
    const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex) {
      return texts.size() >= count || end.has_value();
    };
    mutex.Await(absl::Condition(&enough));
    return texts;
  }
  absl::Status AwaitEnd() {
    const absl::MutexLock lock(&mutex);
    const auto ended = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex) { return end.has_value(); };
    mutex.Await(absl::Condition(&ended));
    return *end;
  }

  const size_t at_once;
  absl::Mutex mutex;
  std::vector<std::string> texts ABSL_GUARDED_BY(mutex);
  std::optional<absl::Status> end ABSL_GUARDED_BY(mutex);
};

class NeighbourTest : public testing::TestWithParam<Via> {
 protected:
  NeighbourTest() {
    table_.Unary("GetTurn", [this](const CallContext& call, const v1::GetTurnRequest& request) {
      return answer_(call, request);
    });
    table_.Stream("StreamTurn",
                  [this](const CallContext&, const v1::StreamTurnRequest& /*request*/)
                      -> absl::StatusOr<std::unique_ptr<Counted>> {
                    return std::make_unique<Counted>(events_, end_);
                  });
    local_.Add(table_);
    call_.identity = {.user_id = "alice", .role = AccessRole::kUser};
    call_.correlation_id = "abc-1";
    get_.set_turn_id("turn");
    stream_.set_turn_id("turn");
  }
  ~NeighbourTest() override { executor_.Stop(); }

  // What GetTurn is answered, once it is there.
  std::future<absl::StatusOr<v1::Turn>> StartGet() {
    auto promise = std::make_shared<std::promise<absl::StatusOr<v1::Turn>>>();
    std::future<absl::StatusOr<v1::Turn>> future = promise->get_future();
    neighbour_.Start("GetTurn", &Conversations::Async::GetTurn, call_, kPatience, get_,
                     [promise](absl::StatusOr<v1::Turn> turn) { promise->set_value(turn); });
    return future;
  }
  std::shared_ptr<OngoingCall> StartStream(std::shared_ptr<Kept> reader) {
    return neighbour_.Stream("StreamTurn", &Conversations::Async::StreamTurn, call_, kPatience,
                             stream_, std::move(reader));
  }

  std::function<absl::StatusOr<v1::Turn>(const CallContext&, const v1::GetTurnRequest&)> answer_ =
      [](const CallContext& call, const v1::GetTurnRequest& request) {
        v1::Turn turn;
        turn.set_turn_id(request.turn_id());
        turn.set_text(call.identity.user_id + " " + call.correlation_id);
        return turn;
      };
  // Of a call that is held up; the executor has stopped when they go.
  absl::Notification begun_;
  absl::Notification let_go_;
  std::optional<int> events_ = 5;
  absl::Status end_;

  Executor executor_{2, 10};
  SystemClock clock_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  MethodTable table_{"dramatis.conversation.v1.ConversationService", executor_, clock_, *logger_,
                     metrics_};
  CallContext call_;
  v1::GetTurnRequest get_;
  v1::StreamTurnRequest stream_;
  LocalMethods local_;
  std::optional<TestServer> server_;
  Conversations neighbour_{[this] {
                             server_.emplace(std::vector<const MethodTable*>{&table_},
                                             GrpcService::Missing::kUnimplemented);
                             return server_->channel();
                           },
                           GetParam() == Via::kProcess ? &local_ : nullptr};
};

INSTANTIATE_TEST_SUITE_P(Wires,
                         NeighbourTest,
                         testing::Values(Via::kGrpc, Via::kProcess),
                         [](const auto& info) { return NameOf(info.param); });

TEST_P(NeighbourTest, AnswersACallThatHoldsNoThread) {
  const absl::StatusOr<v1::Turn> turn = StartGet().get();

  ASSERT_TRUE(turn.ok()) << turn.status();
  EXPECT_EQ(turn->turn_id(), "turn");
  EXPECT_EQ(turn->text(), "alice abc-1");
  EXPECT_EQ(server_.has_value(), GetParam() == Via::kGrpc);
}

TEST_P(NeighbourTest, HandsDetailsOfErrorsOver) {
  answer_ = [](const CallContext&, const v1::GetTurnRequest&) { return NotFoundError("turn"); };

  const absl::Status status = StartGet().get().status();

  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(status), GetReason(NotFoundError("turn")));
}

TEST_P(NeighbourTest, BlocksUntilTheAnswerIsThere) {
  const absl::StatusOr<v1::Turn> turn =
      neighbour_.Call(&v1::ConversationService::Stub::GetTurn, call_, kPatience, get_);

  ASSERT_TRUE(turn.ok()) << turn.status();
  EXPECT_EQ(turn->text(), "alice abc-1");
}

TEST_P(NeighbourTest, CancelsBlockingCallsUnderWayAndThoseToCome) {
  answer_ = [this](const CallContext&, const v1::GetTurnRequest&) {
    begun_.Notify();
    let_go_.WaitForNotification();
    return v1::Turn();
  };
  const auto call = [&] {
    return neighbour_.Call(&v1::ConversationService::Stub::GetTurn, call_, kPatience, get_)
        .status();
  };
  auto under_way = std::async(std::launch::async, call);
  begun_.WaitForNotification();

  neighbour_.CancelAll();

  EXPECT_EQ(under_way.get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(call().code(), absl::StatusCode::kUnavailable);
  let_go_.Notify();
}

TEST_P(NeighbourTest, StreamsEverythingAndItsEnd) {
  end_ = NotFoundError("turn");
  const auto reader = std::make_shared<Kept>(100);

  StartStream(reader);

  EXPECT_EQ(GetReason(reader->AwaitEnd()), GetReason(end_));
  EXPECT_EQ(reader->Await(5), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
}

TEST_P(NeighbourTest, WaitsWithWhatFollowsForAReaderWhoHasEnough) {
  const auto reader = std::make_shared<Kept>(2);
  const auto stream = StartStream(reader);

  EXPECT_EQ(reader->Await(2).size(), 2U);
  stream->Resume();
  EXPECT_EQ(reader->Await(4).size(), 4U);
  stream->Resume();

  EXPECT_TRUE(reader->AwaitEnd().ok());
  EXPECT_EQ(reader->Await(5).size(), 5U);
}

TEST_P(NeighbourTest, EndsAStreamThatNobodyWaitsFor) {
  events_ = std::nullopt;
  const auto reader = std::make_shared<Kept>(100);
  const auto stream = StartStream(reader);

  stream->Cancel();

  EXPECT_EQ(reader->AwaitEnd().code(), absl::StatusCode::kCancelled);
  stream->Cancel();  // has no effect
}

}  // namespace
}  // namespace dramatis
