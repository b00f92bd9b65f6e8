#include "shared/rpc/service_adapter.h"

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/ids/ids.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::memory::v1;
using testing::HasSubstr;
using testing::Not;

// Memory's service with handlers that a test sets.
class Subject : public v1::MemoryService::CallbackService {
 public:
  Subject(Executor& executor, Logger& logger, Metrics& metrics)
      : rpc_("dramatis.memory.v1.MemoryService", executor, clock_, logger, metrics),
        parts_{executor, clock_, logger, metrics, UuidV7Source(clock_)},
        admin_method_{"SearchMemories", {options::v1::ACCESS_ADMIN}, [](double) {}, [](double) {}} {
  }

  std::function<absl::StatusOr<v1::Memory>(const CallContext&, const v1::GetMemoryRequest&)> get =
      [](const CallContext&, const v1::GetMemoryRequest& request) {
        v1::Memory memory;
        memory.set_memory_id(request.memory_id());
        return memory;
      };
  std::function<void(const CallContext&,
                     const v1::GetProfileRequest&,
                     std::function<void(absl::StatusOr<v1::Profile>)>)>
      profile;

  ServiceAdapter& rpc() { return rpc_; }

  grpc::ServerUnaryReactor* GetMemory(grpc::CallbackServerContext* context,
                                      const v1::GetMemoryRequest* request,
                                      v1::Memory* response) override {
    return rpc_.Unary("GetMemory", context, request, response, get);
  }
  grpc::ServerUnaryReactor* DeleteMemory(grpc::CallbackServerContext* context,
                                         const v1::DeleteMemoryRequest* request,
                                         google::protobuf::Empty* response) override {
    return rpc_.Unary(
        "DeleteMemory", context, request, response,
        [](const CallContext&, const v1::DeleteMemoryRequest&) { return NotFoundError("memory"); });
  }
  grpc::ServerUnaryReactor* Recall(grpc::CallbackServerContext* context,
                                   const v1::RecallRequest* request,
                                   v1::RecallResponse* response) override {
    return rpc_.Unary(
        "Recall", context, request, response,
        [](const CallContext&, const v1::RecallRequest&) -> absl::StatusOr<v1::RecallResponse> {
          return v1::RecallResponse();
        });
  }
  // No proto has a method for admins only yet.
  grpc::ServerUnaryReactor* SearchMemories(grpc::CallbackServerContext* context,
                                           const v1::SearchMemoriesRequest* request,
                                           v1::SearchMemoriesResponse* response) override {
    const auto handler = [](const CallContext&, const v1::SearchMemoriesRequest&) {
      return absl::StatusOr<v1::SearchMemoriesResponse>(v1::SearchMemoriesResponse());
    };
    return UnaryCall<v1::SearchMemoriesRequest, v1::SearchMemoriesResponse,
                     decltype(handler)>::Start(parts_, admin_method_, *context, *request, *response,
                                               handler);
  }
  grpc::ServerUnaryReactor* GetProfile(grpc::CallbackServerContext* context,
                                       const v1::GetProfileRequest* request,
                                       v1::Profile* response) override {
    return rpc_.Async("GetProfile", context, request, response, profile);
  }

 private:
  SystemClock clock_;
  ServiceAdapter rpc_;
  CallParts parts_;
  const MethodFacts admin_method_;
};

class ServiceAdapterTest : public testing::Test {
 protected:
  // What the client sees of GetMemory.
  absl::Status Get(grpc::ClientContext& context, const std::string& id = "m1") {
    v1::GetMemoryRequest request;
    request.set_memory_id(id);
    return FromGrpc(stub_->GetMemory(&context, request, &memory_));
  }
  absl::Status Get() { return Get(*TestContext()); }
  absl::Status GetProfile(grpc::ClientContext& context) {
    return FromGrpc(stub_->GetProfile(&context, {}, &profile_));
  }

  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{2, 2};
  Subject subject_{executor_, logger_, metrics_};
  TestServer server_{{&subject_}};
  std::unique_ptr<v1::MemoryService::Stub> stub_ = v1::MemoryService::NewStub(server_.channel());
  v1::Memory memory_;
  v1::Profile profile_;
};

TEST_F(ServiceAdapterTest, AnswersWithWhatTheHandlerReturns) {
  ASSERT_TRUE(Get().ok());
  EXPECT_EQ(memory_.memory_id(), "m1");
}

TEST_F(ServiceAdapterTest, HandlersOfEmptyAnswersReturnAStatus) {
  v1::DeleteMemoryRequest request;
  request.set_memory_id("m1");
  google::protobuf::Empty empty;
  const absl::Status status = FromGrpc(stub_->DeleteMemory(TestContext().get(), request, &empty));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(status), "NOT_FOUND");
}

TEST_F(ServiceAdapterTest, GivesTheHandlerWhatTheMetadataSay) {
  CallContext seen;
  subject_.get = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    seen = call;
    return v1::Memory();
  };
  auto context = TestContext("Bearer local:alice");
  context->AddMetadata("x-correlation-id", "abc-1");
  context->AddMetadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  context->AddMetadata("idempotency-key", "key 1");
  context->AddMetadata("if-match", "\"7\"");
  const absl::Time deadline = absl::FromChrono(context->deadline());

  ASSERT_TRUE(Get(*context).ok());

  EXPECT_EQ(seen.identity.user_id, "alice");
  EXPECT_EQ(seen.identity.role, AccessRole::kUser);
  EXPECT_EQ(seen.correlation_id, "abc-1");
  EXPECT_EQ(seen.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_EQ(seen.idempotency_key, "key 1");
  EXPECT_EQ(seen.if_match, "\"7\"");
  EXPECT_LT(absl::AbsDuration(seen.deadline - deadline), absl::Seconds(1));
}

TEST_F(ServiceAdapterTest, CallsWithoutADeadlineWaitForEver) {
  absl::Time deadline;
  subject_.get = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    deadline = call.deadline;
    return v1::Memory();
  };
  grpc::ClientContext context;
  ASSERT_TRUE(Get(context).ok());
  EXPECT_EQ(deadline, absl::InfiniteFuture());
}

TEST_F(ServiceAdapterTest, TakesSeveralIfMatchAsOneList) {
  std::string seen;
  subject_.get = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    seen = call.if_match;
    return v1::Memory();
  };
  auto context = TestContext();
  context->AddMetadata("if-match", "\"6\"");
  context->AddMetadata("if-match", "\"7\"");
  ASSERT_TRUE(Get(*context).ok());
  EXPECT_EQ(seen, "\"6\", \"7\"");
}

TEST_F(ServiceAdapterTest, EchoesTheCorrelationId) {
  auto context = TestContext();
  context->AddMetadata("x-correlation-id", "abc-1");
  ASSERT_TRUE(Get(*context).ok());
  EXPECT_EQ(context->GetServerInitialMetadata().find("x-correlation-id")->second, "abc-1");
}

TEST_F(ServiceAdapterTest, MintsACorrelationIdForNoneAndForABadOne) {
  for (const std::string sent : {"", "not an id!"}) {
    auto context = TestContext();
    if (!sent.empty()) context->AddMetadata("x-correlation-id", sent);
    ASSERT_TRUE(Get(*context).ok());
    const auto echoed = context->GetServerInitialMetadata().find("x-correlation-id")->second;
    EXPECT_TRUE(IsUuid(std::string(echoed.data(), echoed.size())));
  }
}

TEST_F(ServiceAdapterTest, EchoesTheCorrelationIdWithErrors) {
  auto context = TestContext("Basic x");
  context->AddMetadata("x-correlation-id", "abc-1");
  ASSERT_FALSE(Get(*context).ok());
  EXPECT_EQ(context->GetServerInitialMetadata().find("x-correlation-id")->second, "abc-1");
}

TEST_F(ServiceAdapterTest, SendsTheHeadersOfTheHandler) {
  CallContext kept;
  subject_.get = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    call.send_header("Idempotency-Replayed", "true");
    call.send_header("x-broken", "line\nbreak");
    kept = call;
    return v1::Memory();
  };
  auto context = TestContext();
  ASSERT_TRUE(Get(*context).ok());
  EXPECT_EQ(context->GetServerInitialMetadata().find("idempotency-replayed")->second, "true");
  EXPECT_EQ(context->GetServerInitialMetadata().count("x-broken"), 0u);
  kept.send_header("too", "late");  // goes nowhere, safely
}

TEST_F(ServiceAdapterTest, RefusesBadCredentials) {
  bool ran = false;
  subject_.get = [&](const CallContext&, const v1::GetMemoryRequest&) {
    ran = true;
    return v1::Memory();
  };
  const absl::Status status = Get(*TestContext("Bearer nonsense"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(GetReason(status), "UNAUTHENTICATED");
  EXPECT_FALSE(ran);
}

TEST_F(ServiceAdapterTest, InternalMethodsAreForServicesAndAdmins) {
  v1::RecallRequest request;
  request.set_user_id("alice");
  request.set_persona_id("p1");
  v1::RecallResponse response;
  const auto recall = [&](const std::string& authorization) {
    return FromGrpc(stub_->Recall(TestContext(authorization).get(), request, &response)).code();
  };
  EXPECT_EQ(recall("Bearer local:alice"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(recall("Bearer local:alice:service"), absl::StatusCode::kOk);
  EXPECT_EQ(recall("Bearer local:root:admin"), absl::StatusCode::kOk);
}

TEST_F(ServiceAdapterTest, AdminMethodsAreForAdminsOnly) {
  v1::SearchMemoriesRequest request;
  request.set_q("x");
  v1::SearchMemoriesResponse response;
  const auto search = [&](const std::string& authorization) {
    return FromGrpc(stub_->SearchMemories(TestContext(authorization).get(), request, &response))
        .code();
  };
  EXPECT_EQ(search("Bearer local:alice"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(search("Bearer local:alice:service"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(search("Bearer local:root:admin"), absl::StatusCode::kOk);
}

TEST_F(ServiceAdapterTest, ServicesMayCallWhatUsersMay) {
  EXPECT_TRUE(Get(*TestContext("Bearer local:alice:service")).ok());
}

TEST_F(ServiceAdapterTest, NamesTheFieldThatBreaksItsRule) {
  bool ran = false;
  subject_.get = [&](const CallContext&, const v1::GetMemoryRequest&) {
    ran = true;
    return v1::Memory();
  };
  const absl::Status status = Get(*TestContext(), "");
  EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "memory_id");
  EXPECT_FALSE(ran);
}

TEST_F(ServiceAdapterTest, RefusesAnIdempotencyKeyThatIsTooLongOrEmpty) {
  for (const std::string& key : {std::string(129, 'k'), std::string()}) {
    auto context = TestContext();
    context->AddMetadata("idempotency-key", key);
    const absl::Status status = Get(*context);
    EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
    EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "Idempotency-Key");
  }
}

TEST_F(ServiceAdapterTest, WhatAHandlerThrowsIsAnInternalErrorThatStaysHere) {
  subject_.get = [](const CallContext&, const v1::GetMemoryRequest&) -> absl::StatusOr<v1::Memory> {
    throw std::runtime_error("secret");
  };
  const absl::Status status = Get();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_THAT(logger_.records().at(0).fields["error"], HasSubstr("secret"));
  EXPECT_TRUE((subject_.get = [](auto&, auto&) { return v1::Memory(); }, Get().ok()));
}

TEST_F(ServiceAdapterTest, LogsEachCallOnceWithWhatItTakesToFindIt) {
  subject_.get = [](const CallContext&, const v1::GetMemoryRequest&) {
    return absl::StatusOr<v1::Memory>(UnavailableError("the database is away"));
  };
  auto context = TestContext("Bearer local:alice");
  context->AddMetadata("x-correlation-id", "abc-1");
  context->AddMetadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  ASSERT_FALSE(Get(*context).ok());

  const std::vector<RecordingLogger::Record> records = logger_.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].level, LogLevel::kWarning);
  std::map<std::string, std::string> fields = records[0].fields;
  EXPECT_EQ(fields["method"], "dramatis.memory.v1.MemoryService/GetMemory");
  EXPECT_EQ(fields["code"], "UNAVAILABLE");
  EXPECT_EQ(fields["reason"], "UNAVAILABLE");
  EXPECT_EQ(fields["error"], "the database is away");
  EXPECT_EQ(fields["correlation_id"], "abc-1");
  EXPECT_EQ(fields["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(fields["user_id"], "alice");
  EXPECT_EQ(fields.count("duration_ms"), 1u);
}

TEST_F(ServiceAdapterTest, TheLevelOfARecordFollowsTheCode) {
  const std::map<absl::StatusCode, LogLevel> levels = {
      {absl::StatusCode::kInternal, LogLevel::kError},
      {absl::StatusCode::kDataLoss, LogLevel::kError},
      {absl::StatusCode::kDeadlineExceeded, LogLevel::kWarning},
      {absl::StatusCode::kNotFound, LogLevel::kInfo}};
  for (const auto& [code, level] : levels) {
    subject_.get = [code = code](const CallContext&, const v1::GetMemoryRequest&) {
      return absl::StatusOr<v1::Memory>(absl::Status(code, ""));
    };
    ASSERT_FALSE(Get().ok());
    EXPECT_EQ(logger_.records().back().level, level);
  }
}

TEST_F(ServiceAdapterTest, CountsCallsByMethodAndCode) {
  ASSERT_TRUE(Get().ok());
  ASSERT_FALSE(Get(*TestContext(), "").ok());
  const std::string text = metrics_.Text();
  const std::string name = "dramatis_rpc_requests_total{code=\"";
  const std::string method = "\",method=\"dramatis.memory.v1.MemoryService/GetMemory\"} 1";
  EXPECT_THAT(text, HasSubstr(name + "OK" + method));
  EXPECT_THAT(text, HasSubstr(name + "INVALID_ARGUMENT" + method));
  EXPECT_THAT(text, HasSubstr("dramatis_rpc_duration_seconds_count{method=\"dramatis.memory.v1."
                              "MemoryService/GetMemory\"} 2"));
}

// Keeps both threads of the executor in handlers until Release.
class BusyAdapterTest : public ServiceAdapterTest {
 protected:
  void Occupy(int calls) {
    subject_.get = [this](const CallContext&, const v1::GetMemoryRequest& request) {
      if (request.memory_id() == "block") {
        started_.fetch_add(1);
        release_.WaitForNotification();
      } else {
        ran_.fetch_add(1);
      }
      return v1::Memory();
    };
    for (int i = 0; i < calls; ++i) {
      blocked_.emplace_back([this] {
        v1::Memory memory;
        v1::GetMemoryRequest request;
        request.set_memory_id("block");
        EXPECT_TRUE(stub_->GetMemory(TestContext().get(), request, &memory).ok());
      });
    }
    while (started_.load() < std::min(calls, 2))
      std::this_thread::yield();
  }
  void Release() {
    release_.Notify();
    for (std::thread& thread : blocked_)
      thread.join();
  }

  std::atomic<int> started_ = 0;
  std::atomic<int> ran_ = 0;
  absl::Notification release_;
  std::vector<std::thread> blocked_;
};

TEST_F(BusyAdapterTest, RefusesAtOnceWhatWouldWaitBehindAFullQueue) {
  Occupy(2);
  std::vector<std::thread> queued;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 3; ++i) {
    queued.emplace_back([&] {
      v1::GetMemoryRequest request;
      request.set_memory_id("m1");
      v1::Memory memory;
      const absl::Status status = FromGrpc(stub_->GetMemory(TestContext().get(), request, &memory));
      if (status.ok()) return;
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(GetReason(status), "OVERLOADED");
      EXPECT_EQ(GetRetryAfter(status), absl::Seconds(1));
      refused.fetch_add(1);
    });
  }
  while (refused.load() == 0)
    std::this_thread::yield();  // while both threads are taken
  Release();
  for (std::thread& thread : queued)
    thread.join();
  EXPECT_EQ(refused.load(), 1);
  EXPECT_EQ(ran_.load(), 2);
}

TEST_F(ServiceAdapterTest, AsksTheGateBeforeACallOfAClientOnly) {
  std::atomic<int> asked = 0;
  subject_.rpc().Gate({"GetMemory"}, [&] {
    ++asked;
    return OverloadedError();
  });
  executor_.Stop();  // whatever waited for a thread would be refused too
  EXPECT_EQ(GetReason(Get(*TestContext("Bearer local:ada"))), "OVERLOADED");
  EXPECT_EQ(asked, 1);
  // Others are not asked for.
  v1::DeleteMemoryRequest request;
  request.set_memory_id("m1");
  google::protobuf::Empty empty;
  (void)stub_->DeleteMemory(TestContext().get(), request, &empty);
  // Part of a turn that has begun.
  (void)Get(*TestContext("Bearer local:ada:service"));
  EXPECT_EQ(asked, 1);
}

class DelayedAdapterTest : public testing::Test {
 protected:
  absl::Status Get(const std::string& authorization, const std::string& id) {
    v1::GetMemoryRequest request;
    request.set_memory_id(id);
    v1::Memory memory;
    return FromGrpc(stub_->GetMemory(TestContext(authorization).get(), request, &memory));
  }

  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{1, 100, std::chrono::milliseconds(1)};
  Subject subject_{executor_, logger_, metrics_};
  TestServer server_{{&subject_}};
  std::unique_ptr<v1::MemoryService::Stub> stub_ = v1::MemoryService::NewStub(server_.channel());
};

TEST_F(DelayedAdapterTest, WhereAQueueStandsRefusesWhatClientsBeginAndNoPartOfIt) {
  absl::Notification release;
  absl::Notification began;
  subject_.get = [&](const CallContext&, const v1::GetMemoryRequest& request) {
    if (request.memory_id() == "block") {
      began.Notify();
      release.WaitForNotification();
    }
    v1::Memory memory;
    memory.set_memory_id(request.memory_id());
    return memory;
  };
  std::thread blocked([&] { EXPECT_TRUE(Get("Bearer local:ada", "block").ok()); });
  began.WaitForNotification();
  std::thread waiting([&] { EXPECT_TRUE(Get("Bearer local:ada", "m1").ok()); });
  while (!executor_.Refuses())
    std::this_thread::yield();

  const absl::Status refused = Get("Bearer local:ada", "m2");  // while the only thread is taken
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetReason(refused), "OVERLOADED");
  EXPECT_EQ(GetRetryAfter(refused), absl::Seconds(1));
  std::thread part([&] {
    const absl::Status status = Get("Bearer local:ada:service", "m3");
    EXPECT_TRUE(status.ok()) << status;
  });
  release.Notify();
  part.join();
  waiting.join();
  blocked.join();
}

TEST_F(BusyAdapterTest, DoesNotRunWhatNobodyWaitsForAnyMore) {
  Occupy(2);
  auto context = TestContext();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(20));
  EXPECT_EQ(Get(*context).code(), absl::StatusCode::kDeadlineExceeded);
  Release();
  executor_.Stop();  // has run or dropped everything that was queued
  EXPECT_EQ(ran_.load(), 0);
}

TEST_F(ServiceAdapterTest, AsyncAnswersLaterFromAnotherThread) {
  std::thread later;
  subject_.profile = [&](const CallContext&, const v1::GetProfileRequest&, auto done) {
    later = std::thread([done] {
      v1::Profile profile;
      profile.set_display_name("Ada");
      done(profile);
      done(absl::InternalError("a second answer"));
    });
  };
  ASSERT_TRUE(GetProfile(*TestContext()).ok());
  EXPECT_EQ(profile_.display_name(), "Ada");
  later.join();
}

TEST_F(ServiceAdapterTest, AsyncMayAnswerAtOnce) {
  subject_.profile = [](const CallContext&, const v1::GetProfileRequest&, auto done) {
    done(NotFoundError("profile"));
  };
  EXPECT_EQ(GetProfile(*TestContext()).code(), absl::StatusCode::kNotFound);
}

TEST_F(ServiceAdapterTest, AsyncThatDropsItsAnswerIsADefect) {
  subject_.profile = [](const CallContext&, const v1::GetProfileRequest&, auto) {};
  EXPECT_EQ(GetProfile(*TestContext()).code(), absl::StatusCode::kInternal);
  subject_.profile = [](const CallContext&, const v1::GetProfileRequest&, auto) {
    throw std::runtime_error("secret");
  };
  EXPECT_EQ(GetProfile(*TestContext()).code(), absl::StatusCode::kInternal);
  EXPECT_THAT(logger_.records().back().fields["error"], HasSubstr("secret"));
}

TEST_F(ServiceAdapterTest, AsyncDropsTheAnswerOfACallerWhoWentAway) {
  std::function<void(absl::StatusOr<v1::Profile>)> kept;
  absl::Notification started;
  subject_.profile = [&](const CallContext&, const v1::GetProfileRequest&, auto done) {
    kept = done;
    started.Notify();
  };
  auto context = TestContext();
  std::thread canceller([&] {
    started.WaitForNotification();
    context->TryCancel();
  });
  EXPECT_EQ(GetProfile(*context).code(), absl::StatusCode::kCancelled);
  canceller.join();
  while (logger_.records().empty())
    std::this_thread::yield();
  EXPECT_EQ(logger_.records().at(0).fields["code"], "CANCELLED");
  kept(v1::Profile());
  EXPECT_EQ(logger_.records().size(), 1u);
}

TEST(ServiceAdapterDeathTest, DiesWhereItsServiceDoesNotExist) {
  Executor executor(1, 1);
  SystemClock clock;
  Metrics metrics;
  const auto logger = MakeSilentLogger();
  EXPECT_DEATH(ServiceAdapter("dramatis.NoService", executor, clock, *logger, metrics),
               "no service is called");
  EXPECT_DEATH(
      ServiceAdapter("grpc.reflection.v1.ServerReflection", executor, clock, *logger, metrics),
      "does not say who may call it");
}

}  // namespace
}  // namespace dramatis
