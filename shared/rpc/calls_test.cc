// Unary calls, over gRPC and within the process alike.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/ids/ids.h"
#include "shared/rpc/testing/wires.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::memory::v1;
using testing::HasSubstr;
using testing::Not;

// Memory's service with handlers that a test sets.
class CallsTest : public testing::TestWithParam<Via> {
 protected:
  using ProfileDone = std::function<void(absl::StatusOr<v1::Profile>)>;

  ~CallsTest() override { executor_.Stop(); }

  const MethodTable& Filled() {
    table_.Unary("GetMemory", [this](const CallContext& call, const v1::GetMemoryRequest& request) {
      return get_(call, request);
    });
    table_.Unary("DeleteMemory", [](const v1::DeleteMemoryRequest& request) {
      return request.memory_id() == "none" ? NotFoundError("memory") : absl::OkStatus();
    });
    table_.Unary("Recall", [](const v1::RecallRequest&) { return v1::RecallResponse(); });
    table_.Async("GetProfile", [this](const CallContext& call, const v1::GetProfileRequest& request,
                                      ProfileDone done) { profile_(call, request, done); });
    return table_;
  }

  static std::string GetRequest(const std::string& id) {
    v1::GetMemoryRequest request;
    request.set_memory_id(id);
    return request.SerializeAsString();
  }
  Reply Get(const Sent& sent = {}, const std::string& id = "m1") {
    return wires_.Call(GetParam(), "GetMemory", GetRequest(id), sent);
  }
  absl::Status GetStatus(const Sent& sent = {}, const std::string& id = "m1") {
    return Get(sent, id).message.status();
  }
  absl::StatusOr<v1::Profile> GetProfile(const Sent& sent = {}) {
    return wires_.Call<v1::Profile>(GetParam(), "GetProfile", v1::GetProfileRequest(), sent);
  }

  std::function<absl::StatusOr<v1::Memory>(const CallContext&, const v1::GetMemoryRequest&)> get_ =
      [](const CallContext&, const v1::GetMemoryRequest& request) {
        v1::Memory memory;
        memory.set_memory_id(request.memory_id());
        return memory;
      };
  std::function<void(const CallContext&, const v1::GetProfileRequest&, ProfileDone)> profile_;

  SystemClock clock_;
  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{2, 2};
  MethodTable table_{"dramatis.memory.v1.MemoryService", executor_, clock_, logger_, metrics_};
  TestWires wires_{Filled()};
};

INSTANTIATE_TEST_SUITE_P(Wires,
                         CallsTest,
                         testing::Values(Via::kGrpc, Via::kProcess),
                         [](const auto& test) { return NameOf(test.param); });

TEST_P(CallsTest, AnswersWithWhatTheHandlerReturns) {
  const Reply reply = Get();
  ASSERT_TRUE(reply.message.ok()) << reply.message.status();
  v1::Memory memory;
  ASSERT_TRUE(memory.ParseFromString(*reply.message));
  EXPECT_EQ(memory.memory_id(), "m1");
}

TEST_P(CallsTest, HandlersOfEmptyAnswersReturnAStatus) {
  v1::DeleteMemoryRequest request;
  request.set_memory_id("m1");
  const Reply done = wires_.Call(GetParam(), "DeleteMemory", request.SerializeAsString());
  ASSERT_TRUE(done.message.ok()) << done.message.status();
  EXPECT_EQ(*done.message, "");
  request.set_memory_id("none");
  const Reply none = wires_.Call(GetParam(), "DeleteMemory", request.SerializeAsString());
  EXPECT_EQ(none.message.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(none.message.status()), "NOT_FOUND");
}

TEST_P(CallsTest, GivesTheHandlerWhatTheMetadataSay) {
  CallContext seen;
  get_ = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    seen = call;
    return v1::Memory();
  };
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  const absl::Status status = GetStatus(
      {.authorization = "Bearer local:alice",
       .headers = {{"x-correlation-id", "abc-1"},
                   {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                   {"idempotency-key", "key 1"},
                   {"if-match", "\"6\""},
                   {"if-match", "\"7\""}}});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(seen.identity.user_id, "alice");
  EXPECT_EQ(seen.identity.role, AccessRole::kUser);
  EXPECT_EQ(seen.correlation_id, "abc-1");
  EXPECT_EQ(seen.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_EQ(seen.idempotency_key, "key 1");
  EXPECT_EQ(seen.if_match, R"("6", "7")");
  EXPECT_LT(absl::AbsDuration(seen.deadline - deadline), absl::Seconds(1));
}

TEST_P(CallsTest, CallsWithoutADeadlineWaitForEver) {
  absl::Time deadline;
  get_ = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    deadline = call.deadline;
    return v1::Memory();
  };
  ASSERT_TRUE(GetStatus({.timeout = absl::InfiniteDuration()}).ok());
  EXPECT_EQ(deadline, absl::InfiniteFuture());
}

TEST_P(CallsTest, MintsACorrelationIdForNoneAndForABadOne) {
  std::string seen;
  get_ = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    seen = call.correlation_id;
    return v1::Memory();
  };
  ASSERT_TRUE(GetStatus().ok());
  EXPECT_TRUE(IsUuid(seen));
  ASSERT_TRUE(GetStatus({.headers = {{"x-correlation-id", "not an id!"}}}).ok());
  EXPECT_TRUE(IsUuid(seen));
}

TEST_F(CallsTest, GrpcEchoesTheCorrelationIdWithErrorsToo) {
  const Sent sent = {.headers = {{"x-correlation-id", "abc-1"}}};
  EXPECT_EQ(wires_.Call(Via::kGrpc, "GetMemory", GetRequest("m1"), sent).Header("x-correlation-id"),
            "abc-1");
  const Sent refused = {.authorization = "Basic x", .headers = {{"x-correlation-id", "abc-2"}}};
  const Reply reply = wires_.Call(Via::kGrpc, "GetMemory", GetRequest("m1"), refused);
  EXPECT_FALSE(reply.message.ok());
  EXPECT_EQ(reply.Header("x-correlation-id"), "abc-2");
}

TEST_P(CallsTest, SendsTheHeadersOfTheHandler) {
  CallContext kept;
  get_ = [&](const CallContext& call, const v1::GetMemoryRequest&) {
    call.send_header("Idempotency-Replayed", "true");
    call.send_header("x-broken", "line\nbreak");
    kept = call;
    return v1::Memory();
  };
  const Reply reply = Get();
  ASSERT_TRUE(reply.message.ok()) << reply.message.status();
  EXPECT_EQ(reply.Header("idempotency-replayed"), "true");
  EXPECT_EQ(reply.Header("x-broken"), "");
  kept.send_header("too", "late");  // goes nowhere, safely
}

TEST_P(CallsTest, RefusesBadCredentials) {
  bool ran = false;
  get_ = [&](const CallContext&, const v1::GetMemoryRequest&) {
    ran = true;
    return v1::Memory();
  };
  const absl::Status status = GetStatus({.authorization = "Bearer nonsense"});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(GetReason(status), "UNAUTHENTICATED");
  EXPECT_FALSE(ran);
}

TEST_P(CallsTest, InternalMethodsAreForServicesAndAdmins) {
  v1::RecallRequest request;
  request.set_user_id("alice");
  request.set_persona_id("p1");
  const auto recall = [&](const std::string& authorization) {
    return wires_
        .Call(GetParam(), "Recall", request.SerializeAsString(), {.authorization = authorization})
        .message.status()
        .code();
  };
  EXPECT_EQ(recall("Bearer local:alice"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(recall("Bearer local:alice:service"), absl::StatusCode::kOk);
  EXPECT_EQ(recall("Bearer local:root:admin"), absl::StatusCode::kOk);
}

TEST_P(CallsTest, ServicesMayCallWhatUsersMay) {
  EXPECT_TRUE(GetStatus({.authorization = "Bearer local:alice:service"}).ok());
}

TEST_P(CallsTest, NamesTheFieldThatBreaksItsRule) {
  bool ran = false;
  get_ = [&](const CallContext&, const v1::GetMemoryRequest&) {
    ran = true;
    return v1::Memory();
  };
  const absl::Status status = GetStatus({}, "");
  EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "memory_id");
  EXPECT_FALSE(ran);
}

TEST_P(CallsTest, RefusesBytesThatAreNoMessage) {
  // A length that is not there, a text that is not UTF-8, a group that nobody began.
  for (const std::string bytes : {"\x0a\x05", "\x0a\x03\xff\xfe\xfd", "\x0c"}) {
    const Reply reply = wires_.Call(GetParam(), "GetMemory", bytes);
    EXPECT_EQ(GetReason(reply.message.status()), "VALIDATION_FAILED");
    EXPECT_THAT(std::string(reply.message.status().message()), HasSubstr("UTF-8"));
  }
  EXPECT_EQ(logger_.records().size(), 3U);
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(code="INVALID_ARGUMENT",method=)"
                                         R"("dramatis.memory.v1.MemoryService/GetMemory"} 3)"));
}

TEST_P(CallsTest, RefusesAnIdempotencyKeyThatIsTooLongOrEmpty) {
  for (const std::string& key : {std::string(129, 'k'), std::string()}) {
    const absl::Status status = GetStatus({.headers = {{"idempotency-key", key}}});
    EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
    EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "Idempotency-Key");
  }
}

TEST_P(CallsTest, WhatAHandlerThrowsIsAnInternalErrorThatStaysHere) {
  get_ = [](const CallContext&, const v1::GetMemoryRequest&) -> absl::StatusOr<v1::Memory> {
    throw std::runtime_error("secret");
  };
  const absl::Status status = GetStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_THAT(logger_.records().at(0).fields["error"], HasSubstr("secret"));
  get_ = [](const CallContext&, const v1::GetMemoryRequest&) { return InternalError("row 7"); };
  EXPECT_EQ(GetStatus().message(), "internal error");
}

TEST_P(CallsTest, LogsEachCallOnceWithWhatItTakesToFindIt) {
  get_ = [](const CallContext&, const v1::GetMemoryRequest&) {
    return absl::StatusOr<v1::Memory>(UnavailableError("the database is away"));
  };
  ASSERT_FALSE(GetStatus({.authorization = "Bearer local:alice",
                          .headers = {{"x-correlation-id", "abc-1"},
                                      {"traceparent",
                                       "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}})
                   .ok());

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

TEST_P(CallsTest, TheLevelOfARecordFollowsTheCode) {
  const std::map<absl::StatusCode, LogLevel> levels = {
      {absl::StatusCode::kInternal, LogLevel::kError},
      {absl::StatusCode::kDataLoss, LogLevel::kError},
      {absl::StatusCode::kDeadlineExceeded, LogLevel::kWarning},
      {absl::StatusCode::kNotFound, LogLevel::kInfo}};
  for (const auto& [code, level] : levels) {
    get_ = [code = code](const CallContext&, const v1::GetMemoryRequest&) {
      return absl::StatusOr<v1::Memory>(absl::Status(code, ""));
    };
    ASSERT_FALSE(GetStatus().ok());
    EXPECT_EQ(logger_.records().back().level, level);
  }
}

TEST_P(CallsTest, CountsCallsByMethodAndCode) {
  ASSERT_TRUE(GetStatus().ok());
  ASSERT_FALSE(GetStatus({}, "").ok());
  const std::string text = metrics_.Text();
  const std::string name = "dramatis_rpc_requests_total{code=\"";
  const std::string method = R"(",method="dramatis.memory.v1.MemoryService/GetMemory"} 1)";
  EXPECT_THAT(text, HasSubstr(name + "OK" + method));
  EXPECT_THAT(text, HasSubstr(name + "INVALID_ARGUMENT" + method));
  EXPECT_THAT(text, HasSubstr("dramatis_rpc_duration_seconds_count{method=\"dramatis.memory.v1."
                              "MemoryService/GetMemory\"} 2"));
}

// Keeps both threads of the executor in handlers until Release.
class BusyCallsTest : public CallsTest {
 protected:
  void Occupy() {
    get_ = [this](const CallContext&, const v1::GetMemoryRequest& request) {
      if (request.memory_id() == "block") {
        started_.fetch_add(1);
        release_.WaitForNotification();
      } else {
        ran_.fetch_add(1);
      }
      return v1::Memory();
    };
    for (int i = 0; i < 2; ++i)
      blocked_.push_back(wires_.Start(GetParam(), "GetMemory", GetRequest("block")));
    while (started_.load() < 2)
      std::this_thread::yield();
  }
  void Release() {
    release_.Notify();
    for (PendingReply& reply : blocked_)
      EXPECT_TRUE(reply.Get().message.ok());
  }

  std::atomic<int> started_ = 0;
  std::atomic<int> ran_ = 0;
  absl::Notification release_;
  std::vector<PendingReply> blocked_;
};

INSTANTIATE_TEST_SUITE_P(Wires,
                         BusyCallsTest,
                         testing::Values(Via::kGrpc, Via::kProcess),
                         [](const auto& test) { return NameOf(test.param); });

TEST_P(BusyCallsTest, RefusesAtOnceWhatWouldWaitBehindAFullQueue) {
  Occupy();
  std::vector<std::thread> queued;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 3; ++i) {
    queued.emplace_back([&] {
      const absl::Status status = GetStatus();
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

TEST_P(CallsTest, AsksTheGateBeforeACallOfAClientOnly) {
  std::atomic<int> asked = 0;
  table_.Gate({"GetMemory"}, [&] {
    ++asked;
    return absl::ResourceExhaustedError("not now");
  });
  executor_.Stop();  // whatever waited for a thread would be refused too
  EXPECT_EQ(GetStatus({.authorization = "Bearer local:ada"}).message(), "not now");
  EXPECT_EQ(asked, 1);
  // Others are not asked for.
  v1::DeleteMemoryRequest request;
  request.set_memory_id("m1");
  (void)wires_.Call(GetParam(), "DeleteMemory", request.SerializeAsString());
  // Part of a turn that has begun.
  (void)GetStatus({.authorization = "Bearer local:ada:service"});
  EXPECT_EQ(asked, 1);
}

// One thread, for which nothing waits long.
class DelayedCallsTest : public testing::TestWithParam<Via> {
 protected:
  ~DelayedCallsTest() override { executor_.Stop(); }

  const MethodTable& Filled() {
    table_.Unary("GetMemory", [this](const v1::GetMemoryRequest& request) {
      if (request.memory_id() == "block") {
        began_.Notify();
        release_.WaitForNotification();
      }
      return v1::Memory();
    });
    return table_;
  }
  PendingReply Start(const std::string& authorization, const std::string& id) {
    v1::GetMemoryRequest request;
    request.set_memory_id(id);
    return wires_.Start(GetParam(), "GetMemory", request.SerializeAsString(),
                        {.authorization = authorization});
  }

  absl::Notification began_;
  absl::Notification release_;
  SystemClock clock_;
  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{1, 100, std::chrono::milliseconds(1)};
  MethodTable table_{"dramatis.memory.v1.MemoryService", executor_, clock_, logger_, metrics_};
  TestWires wires_{Filled()};
};

INSTANTIATE_TEST_SUITE_P(Wires,
                         DelayedCallsTest,
                         testing::Values(Via::kGrpc, Via::kProcess),
                         [](const auto& test) { return NameOf(test.param); });

TEST_P(DelayedCallsTest, WhereAQueueStandsRefusesWhatClientsBeginAndNoPartOfIt) {
  PendingReply blocked = Start("Bearer local:ada", "block");
  began_.WaitForNotification();
  PendingReply waiting = Start("Bearer local:ada", "m1");
  while (!executor_.Refuses())
    std::this_thread::yield();

  // While the only thread is taken.
  const absl::Status refused = Start("Bearer local:ada", "m2").Get().message.status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetReason(refused), "OVERLOADED");
  EXPECT_EQ(GetRetryAfter(refused), absl::Seconds(1));
  PendingReply part = Start("Bearer local:ada:service", "m3");
  release_.Notify();
  EXPECT_TRUE(part.Get().message.ok());
  EXPECT_TRUE(waiting.Get().message.ok());
  EXPECT_TRUE(blocked.Get().message.ok());
}

TEST_P(BusyCallsTest, DoesNotRunWhatNobodyWaitsForAnyMore) {
  Occupy();
  PendingReply late =
      wires_.Start(GetParam(), "GetMemory", GetRequest("m1"), {.timeout = absl::Milliseconds(20)});
  PendingReply left = wires_.Start(GetParam(), "GetMemory", GetRequest("m1"));
  left.Cancel();
  absl::SleepFor(absl::Milliseconds(40));  // past the deadline of the first
  Release();
  EXPECT_EQ(late.Get().message.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(left.Get().message.status().code(), absl::StatusCode::kCancelled);
  executor_.Stop();  // has run or dropped everything that was queued
  EXPECT_EQ(ran_.load(), 0);
}

TEST_P(CallsTest, AsyncAnswersLaterFromAnotherThread) {
  std::thread later;
  profile_ = [&](const CallContext&, const v1::GetProfileRequest&, const ProfileDone& done) {
    later = std::thread([done] {
      v1::Profile profile;
      profile.set_display_name("Ada");
      done(profile);
      done(absl::InternalError("a second answer"));
    });
  };
  const absl::StatusOr<v1::Profile> profile = GetProfile();
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->display_name(), "Ada");
  later.join();
}

TEST_P(CallsTest, AsyncMayAnswerAtOnce) {
  profile_ = [](const CallContext&, const v1::GetProfileRequest&, const ProfileDone& done) {
    done(NotFoundError("profile"));
    done(v1::Profile());  // too late
  };
  EXPECT_EQ(GetProfile().status().code(), absl::StatusCode::kNotFound);
}

TEST_P(CallsTest, AsyncThatDropsItsAnswerIsADefect) {
  profile_ = [](const CallContext&, const v1::GetProfileRequest&, const ProfileDone&) {};
  EXPECT_EQ(GetProfile().status().code(), absl::StatusCode::kInternal);
  profile_ = [](const CallContext&, const v1::GetProfileRequest&, const ProfileDone&) {
    throw std::runtime_error("secret");
  };
  EXPECT_EQ(GetProfile().status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(logger_.records().back().fields["error"], HasSubstr("secret"));
}

TEST_P(CallsTest, AsyncDropsTheAnswerOfACallerWhoWentAway) {
  ProfileDone kept;
  absl::Notification started;
  profile_ = [&](const CallContext&, const v1::GetProfileRequest&, const ProfileDone& done) {
    kept = done;
    started.Notify();
  };
  PendingReply reply = wires_.Start(GetParam(), "GetProfile", "");
  started.WaitForNotification();
  reply.Cancel();
  EXPECT_EQ(reply.Get().message.status().code(), absl::StatusCode::kCancelled);
  while (logger_.records().empty())
    std::this_thread::yield();
  EXPECT_EQ(logger_.records().at(0).fields["code"], "CANCELLED");
  kept(v1::Profile());
  reply.Cancel();  // too late, safely
  EXPECT_EQ(logger_.records().size(), 1u);
}

TEST_F(CallsTest, DiesWhereARpcDoesNotSayWhoMayCallIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      MethodTable("grpc.reflection.v1.ServerReflection", executor_, clock_, logger_, metrics_),
      "does not say who may call it");
}

TEST_F(CallsTest, DiesWhereARpcIsServedWithoutALine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(GrpcService{table_}, "has no line");
}

}  // namespace
}  // namespace dramatis
