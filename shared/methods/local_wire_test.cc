#include "shared/methods/local_wire.h"

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/memory/v1/memory.pb.h"

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/methods/local_methods.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::memory::v1;
constexpr char kRecall[] = "dramatis.memory.v1.MemoryService/Recall";

using Handler =
    std::function<absl::StatusOr<v1::RecallResponse>(const CallContext&, const v1::RecallRequest&)>;
using Event = inference::v1::StreamGenerateResponse;
using StreamRequest = inference::v1::StreamGenerateRequest;
using Source = std::unique_ptr<EventSource<Event>>;
using Open = std::function<absl::StatusOr<Source>(const CallContext&, const StreamRequest&)>;

v1::RecallRequest Request() {
  v1::RecallRequest request;
  request.set_user_id("ada");
  request.set_persona_id("01890000-0000-7000-8000-000000000001");
  request.set_query("rye bread");
  request.set_budget_bytes(1000);
  return request;
}

StreamRequest RequestOfStream() {
  StreamRequest request;
  request.set_user_id("ada");
  request.set_turn_key("t:1");
  request.set_persona_name("Ada");
  request.mutable_parameters()->set_model("local");
  prompt::v1::PromptMessage& message = *request.add_messages();
  message.set_role(prompt::v1::ROLE_USER);
  message.set_text("What do you bake?");
  return request;
}

// A service's end of calls, and what becomes of them.
class Service {
 public:
  static CallContext Caller() {
    CallContext call;
    call.identity = {"ada", AccessRole::kService};
    call.correlation_id = "c-1";
    call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    call.deadline = absl::Now() + absl::Seconds(20);
    return call;
  }

  Service() {
    memory_.Unary("Recall", [this](const CallContext& call, const v1::RecallRequest& request) {
      return handler_(call, request);
    });
    inference_.Stream("StreamGenerate",
                      [this](const CallContext& call, const StreamRequest& request) {
                        return open_(call, request);
                      });
    local_.Add(memory_);
    local_.Add(inference_);
  }
  ~Service() { executor_.Stop(); }

  absl::StatusOr<v1::RecallResponse> Call(const Handler& handler,
                                          const CallContext& call = Caller(),
                                          const v1::RecallRequest& request = Request()) {
    handler_ = handler;
    std::promise<absl::StatusOr<v1::RecallResponse>> answer;
    CallLocally<v1::RecallResponse>(*local_.Find(kRecall), call, request,
                                    [&](absl::StatusOr<v1::RecallResponse> response) {
                                      answer.set_value(std::move(response));
                                    });
    return answer.get_future().get();
  }

  std::shared_ptr<OngoingCall> Stream(const Open& open,
                                      std::shared_ptr<LocalReader<Event>> reader,
                                      const CallContext& call = Caller()) {
    open_ = open;
    return StreamLocally<Event>(
        *local_.Find("dramatis.inference.v1.InferenceService/StreamGenerate"), call,
        RequestOfStream(), std::move(reader));
  }

  // Waits for what has been posted; later calls are refused.
  void Stop() { executor_.Stop(); }
  const LocalMethods& local() const { return local_; }
  // Whether one call of the RPC has ended well.
  bool answered(const std::string& rpc) const {
    return metrics_.Text().find(R"({code="OK",method=")" + rpc + R"("} 1)") != std::string::npos;
  }

 private:
  Handler handler_;
  Open open_;
  SystemClock clock_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  Executor executor_{2, 8};
  MethodTable memory_{"dramatis.memory.v1.MemoryService", executor_, clock_, *logger_, metrics_};
  MethodTable inference_{"dramatis.inference.v1.InferenceService", executor_, clock_, *logger_,
                         metrics_};
  LocalMethods local_;
};

absl::StatusOr<v1::RecallResponse> NeverCalled(const CallContext&, const v1::RecallRequest&) {
  ADD_FAILURE() << "the handler was called";
  return v1::RecallResponse();
}

TEST(LocalCallTest, AnswersOnAnotherThread) {
  Service service;
  const std::thread::id own = std::this_thread::get_id();
  const auto answer = service.Call([&](const CallContext&, const v1::RecallRequest& request) {
    EXPECT_NE(std::this_thread::get_id(), own);
    v1::RecallResponse response;
    response.add_parts()->set_text(request.query());
    return absl::StatusOr<v1::RecallResponse>(response);
  });
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->parts(0).text(), "rye bread");
  EXPECT_TRUE(service.answered(kRecall));
}

TEST(LocalCallTest, CarriesWhatGrpcWouldAndNoMore) {
  Service service;
  CallContext caller = Service::Caller();
  caller.idempotency_key = "the caller's own";
  caller.if_match = "\"1\"";
  caller.send_header = [](const std::string&, const std::string&) {};
  const auto answer = service.Call(
      [&](const CallContext& call, const v1::RecallRequest&) -> absl::StatusOr<v1::RecallResponse> {
        EXPECT_EQ(call.identity.user_id, "ada");
        EXPECT_EQ(call.identity.role, AccessRole::kService);
        EXPECT_EQ(call.correlation_id, "c-1");
        EXPECT_EQ(call.traceparent, caller.traceparent);
        EXPECT_EQ(call.deadline, caller.deadline);
        EXPECT_EQ(call.idempotency_key, "");
        EXPECT_EQ(call.if_match, "");
        EXPECT_EQ(call.send_header, nullptr);
        return v1::RecallResponse();
      },
      caller);
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST(LocalCallTest, RefusesWhomTheMethodIsNotFor) {
  Service service;
  CallContext call = Service::Caller();
  call.identity.role = AccessRole::kUser;
  EXPECT_EQ(service.Call(NeverCalled, call).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(service.answered(kRecall));
}

TEST(LocalCallTest, HoldsRequestsToTheirFieldRules) {
  Service service;
  const auto answer = service.Call(NeverCalled, Service::Caller(), v1::RecallRequest());
  EXPECT_EQ(GetReason(answer.status()), "VALIDATION_FAILED");
  const auto bad = GetBadRequest(answer.status());
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->field_violations(0).field(), "user_id");
}

TEST(LocalCallTest, DoesNotBeginAfterTheDeadline) {
  Service service;
  CallContext call = Service::Caller();
  call.deadline = absl::Now() - absl::Seconds(1);
  EXPECT_EQ(GetReason(service.Call(NeverCalled, call).status()), "TIMEOUT");
}

TEST(LocalCallTest, RefusesWhatTheExecutorDoesNotTake) {
  Service service;
  service.Stop();
  EXPECT_EQ(GetReason(service.Call(NeverCalled).status()), "OVERLOADED");
}

TEST(LocalCallTest, TellsOfErrorsWhatGrpcWould) {
  Service service;
  const auto failed = service.Call([](const CallContext&, const v1::RecallRequest&) {
    return absl::StatusOr<v1::RecallResponse>(InternalError("row 7 of memories"));
  });
  EXPECT_EQ(failed.status().message(), "internal error");
  EXPECT_EQ(GetReason(failed.status()), "INTERNAL");
  const auto thrown = service.Call(
      [](const CallContext&, const v1::RecallRequest&) -> absl::StatusOr<v1::RecallResponse> {
        throw std::runtime_error("row 7 of memories");
      });
  EXPECT_EQ(thrown.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(thrown.status().message(), "internal error");
}

// What a test and the source it has opened share.
struct Script {
  absl::Mutex mutex;
  std::vector<std::string> events ABSL_GUARDED_BY(mutex);
  std::optional<absl::Status> end ABSL_GUARDED_BY(mutex);
  std::function<void()> wake ABSL_GUARDED_BY(mutex);
  std::atomic<bool> polling = false;
  std::atomic<bool> overlapped = false;
  std::atomic<int> cancelled = 0;
  std::promise<std::thread::id> destroyed;  // and by whom

  void Add(const std::string& event) {
    std::function<void()> function;
    {
      const absl::MutexLock lock(&mutex);
      events.push_back(event);
      function = wake;
    }
    if (function) function();
  }
  void End(const absl::Status& status) {
    std::function<void()> function;
    {
      const absl::MutexLock lock(&mutex);
      end = status;
      function = wake;
    }
    if (function) function();
  }
};

class ScriptSource : public EventSource<Event> {
 public:
  explicit ScriptSource(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  ~ScriptSource() override { script_->destroyed.set_value(std::this_thread::get_id()); }

  Next Poll() override {
    if (script_->polling.exchange(true)) script_->overlapped = true;
    Next next;
    {
      const absl::MutexLock lock(&script_->mutex);
      if (next_ < script_->events.size()) {
        next.event.emplace().mutable_delta()->set_text(script_->events[next_++]);
      } else {
        next.end = script_->end;
      }
    }
    script_->polling = false;
    return next;
  }
  void OnReady(std::function<void()> wake) override {
    const absl::MutexLock lock(&script_->mutex);
    script_->wake = std::move(wake);
  }
  void Cancelled() override { ++script_->cancelled; }

 private:
  const std::shared_ptr<Script> script_;
  size_t next_ = 0;
};

class Reader : public LocalReader<Event> {
 public:
  // After so many events it has enough, until Resume.
  explicit Reader(size_t enough = 0) : enough_(enough) {}

  bool OnEvent(Event event) override {
    EXPECT_FALSE(has_ended_);
    events_.push_back(event.delta().text());
    ++count;
    return events_.size() != enough_;
  }
  void OnEnd(const absl::Status& status) override {
    has_ended_ = true;
    ended_.set_value(status);
  }

  std::atomic<int> count = 0;

  // Waits for the end.
  absl::Status status() { return end_.get(); }
  const std::vector<std::string>& events() const { return events_; }

 private:
  const size_t enough_;
  std::vector<std::string> events_;
  bool has_ended_ = false;
  std::promise<absl::Status> ended_;
  std::shared_future<absl::Status> end_ = ended_.get_future().share();
};

class LocalStreamTest : public testing::Test {
 protected:
  Open Opens() {
    return [this](const CallContext&, const StreamRequest&) -> absl::StatusOr<Source> {
      return std::make_unique<ScriptSource>(script_);
    };
  }
  std::shared_ptr<OngoingCall> Start() { return service_.Stream(Opens(), reader_); }

  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
  const std::shared_ptr<Reader> reader_ = std::make_shared<Reader>();
  Service service_;
};

TEST_F(LocalStreamTest, ReadsEventsAndTheEnd) {
  script_->Add("a");
  const auto stream = Start();
  script_->Add("b");
  script_->Add("c");
  script_->End(absl::OkStatus());
  EXPECT_TRUE(reader_->status().ok());
  EXPECT_THAT(reader_->events(), testing::ElementsAre("a", "b", "c"));
  EXPECT_EQ(script_->cancelled, 0);
  EXPECT_TRUE(service_.answered("dramatis.inference.v1.InferenceService/StreamGenerate"));
}

TEST_F(LocalStreamTest, EndsWithTheSourcesErrorAsGrpcWouldTellIt) {
  Start();
  script_->End(InternalError("row 7 of memories"));
  EXPECT_EQ(reader_->status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(reader_->status().message(), "internal error");
}

TEST_F(LocalStreamTest, CancelTellsTheSourceAndEnds) {
  const auto stream = Start();
  script_->Add("a");
  while (reader_->count == 0)
    std::this_thread::yield();
  stream->Cancel();
  EXPECT_EQ(GetReason(reader_->status()), "CANCELLED");
  EXPECT_EQ(script_->cancelled, 1);
  stream->Cancel();
  script_->Add("b");
  EXPECT_EQ(script_->cancelled, 1);
}

TEST_F(LocalStreamTest, RefusesBeforeTheHandlerRuns) {
  const auto never = [](const CallContext&, const StreamRequest&) -> absl::StatusOr<Source> {
    ADD_FAILURE() << "the handler was called";
    return NotFoundError("memory");
  };
  CallContext user = Service::Caller();
  user.identity.role = AccessRole::kUser;
  service_.Stream(never, reader_, user);
  EXPECT_EQ(reader_->status().code(), absl::StatusCode::kPermissionDenied);
  service_.Stop();
  const auto refused = std::make_shared<Reader>();
  service_.Stream(never, refused);
  EXPECT_EQ(GetReason(refused->status()), "OVERLOADED");
}

TEST_F(LocalStreamTest, SaysWhyItDoesNotOpen) {
  service_.Stream(
      [](const CallContext&, const StreamRequest&) -> absl::StatusOr<Source> {
        return NotFoundError("memory");
      },
      reader_);
  EXPECT_EQ(reader_->status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LocalStreamTest, TheSourceIsNotDestroyedByWhoWakesIt) {
  Start();
  script_->Add("a");
  script_->End(absl::OkStatus());
  EXPECT_TRUE(reader_->status().ok());
  EXPECT_NE(script_->destroyed.get_future().get(), std::this_thread::get_id());
}

TEST_F(LocalStreamTest, ReadsEachEventOnceAndInOrderWhoeverWakes) {
  constexpr int kEvents = 2000;
  const auto stream = Start();
  std::atomic<bool> over = false;
  std::vector<std::thread> wakers;
  for (int i = 0; i < 3; ++i) {
    wakers.emplace_back([&] {
      while (!over) {
        std::function<void()> wake;
        {
          const absl::MutexLock lock(&script_->mutex);
          wake = script_->wake;
        }
        if (wake) wake();
      }
    });
  }
  for (int i = 0; i < kEvents; ++i)
    script_->Add(std::to_string(i));
  script_->End(absl::OkStatus());
  EXPECT_TRUE(reader_->status().ok());
  over = true;
  for (std::thread& waker : wakers)
    waker.join();
  ASSERT_EQ(reader_->events().size(), kEvents);
  for (int i = 0; i < kEvents; ++i)
    EXPECT_EQ(reader_->events()[static_cast<size_t>(i)], std::to_string(i));
  EXPECT_FALSE(script_->overlapped);
}

TEST_F(LocalStreamTest, WaitsForAReaderThatHasEnough) {
  const auto reader = std::make_shared<Reader>(2);
  for (const char* event : {"a", "b", "c"})
    script_->Add(event);
  script_->End(absl::OkStatus());
  const auto stream = service_.Stream(Opens(), reader);
  service_.Stop();
  EXPECT_THAT(reader->events(), testing::ElementsAre("a", "b"));
  script_->Add("d");
  EXPECT_EQ(reader->events().size(), 2u);
  stream->Resume();
  EXPECT_TRUE(reader->status().ok());
  EXPECT_THAT(reader->events(), testing::ElementsAre("a", "b", "c", "d"));
}

TEST_F(LocalStreamTest, CancelledWhileItsReaderHasEnoughItEndsWhenTheReaderGoesOn) {
  const auto reader = std::make_shared<Reader>(1);
  script_->Add("a");
  script_->Add("b");
  const auto stream = service_.Stream(Opens(), reader);
  service_.Stop();
  stream->Cancel();
  EXPECT_EQ(script_->cancelled, 0);
  stream->Resume();
  EXPECT_EQ(GetReason(reader->status()), "CANCELLED");
  EXPECT_THAT(reader->events(), testing::ElementsAre("a"));
  EXPECT_EQ(script_->cancelled, 1);
}

TEST(LocalMethodsTest, KnowsTheRpcsOfItsTablesOnly) {
  const Service service;
  EXPECT_NE(service.local().Find(kRecall), nullptr);
  EXPECT_EQ(service.local().Find("dramatis.memory.v1.MemoryService/GetMemory"), nullptr);
}

TEST(LocalMethodsDeathTest, DiesWhereTheCallersMessagesAreNotTheRpcs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Service service;
  const Method& recall = *service.local().Find(kRecall);
  EXPECT_DEATH(CallLocally<v1::Memory>(recall, Service::Caller(), Request(),
                                       [](absl::StatusOr<v1::Memory>) {}),
               "messages of other types");
}

}  // namespace
}  // namespace dramatis
