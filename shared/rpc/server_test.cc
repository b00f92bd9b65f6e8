#include "shared/rpc/server.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dramatis/memory/v1/memory.grpc.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/neighbour.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::memory::v1;
using testing::Contains;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr char kService[] = "dramatis.memory.v1.MemoryService";

// Answers GetProfile once it is let go.
class Subject {
 public:
  Subject() {
    rpc_.Unary("GetProfile", [this](const CallContext& call, const v1::GetProfileRequest&) {
      started.Notify();
      release.WaitForNotification();
      v1::Profile profile;
      profile.set_display_name(call.correlation_id);
      profile.set_bio(call.identity.user_id);
      return profile;
    });
  }
  grpc::Service* service() {
    if (!grpc_.has_value()) grpc_.emplace(rpc_, GrpcService::Missing::kUnimplemented);
    return &*grpc_;
  }

  absl::Notification started;
  absl::Notification release;

 private:
  Executor executor_{2, 10};
  SystemClock clock_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  MethodTable rpc_{kService, executor_, clock_, *logger_, metrics_};
  std::optional<GrpcService> grpc_;
};

std::unique_ptr<RpcServer> StartServer(Subject& subject) {
  absl::StatusOr<std::unique_ptr<RpcServer>> server =
      RpcServer::Start("127.0.0.1:0", {subject.service()});
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

std::string CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status =
      grpc::health::v1::Health::NewStub(channel)->Check(TestContext().get(), request, &response);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return "UNKNOWN";
  EXPECT_TRUE(status.ok()) << status.error_message();
  return grpc::health::v1::HealthCheckResponse::ServingStatus_Name(response.status());
}

// One question through either version of reflection.
template <class Service, class Request, class Response>
Response Reflect(const std::shared_ptr<grpc::Channel>& channel, const Request& request) {
  const auto stub = Service::NewStub(channel);
  auto context = TestContext();
  auto stream = stub->ServerReflectionInfo(context.get());
  Response response;
  EXPECT_TRUE(stream->Write(request));
  EXPECT_TRUE(stream->Read(&response));
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  return response;
}

using ReflectionRequest = grpc::reflection::v1::ServerReflectionRequest;

auto ReflectV1(const std::shared_ptr<grpc::Channel>& channel, const ReflectionRequest& request) {
  return Reflect<grpc::reflection::v1::ServerReflection, ReflectionRequest,
                 grpc::reflection::v1::ServerReflectionResponse>(channel, request);
}

template <class Response>
std::vector<std::string> ServiceNames(const Response& response) {
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  return names;
}

template <class Response>
std::vector<std::string> FileNames(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

const auto kAllServices = UnorderedElementsAre(kService,
                                               "grpc.health.v1.Health",
                                               "grpc.reflection.v1.ServerReflection",
                                               "grpc.reflection.v1alpha.ServerReflection");

TEST(RpcServerTest, PicksAPortAndServesOnIt) {
  Subject subject;
  subject.release.Notify();
  const auto server = StartServer(subject);
  EXPECT_THAT(server->address(), testing::MatchesRegex(R"(127\.0\.0\.1:[1-9][0-9]*)"));

  Neighbour<v1::MemoryService> memory([&] { return MakeChannel(server->address()); });
  CallContext call;
  call.identity = {"alice", AccessRole::kUser};
  call.correlation_id = "abc-1";
  const absl::StatusOr<v1::Profile> profile = memory.Call(
      &v1::MemoryService::Stub::GetProfile, call, absl::Seconds(10), v1::GetProfileRequest());

  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->display_name(), "abc-1");
  EXPECT_EQ(profile->bio(), "alice");
}

TEST(RpcServerTest, RefusesAnAddressThatIsTaken) {
  Subject first;
  Subject second;
  const auto server = StartServer(first);
  const auto other = RpcServer::Start(server->address(), {second.service()});
  EXPECT_EQ(other.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr(server->address()));
}

TEST(RpcServerTest, TellsTheHealthOfEachService) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto channel = MakeChannel(server->address());
  EXPECT_EQ(CheckHealth(channel, kService), "NOT_SERVING");
  EXPECT_EQ(CheckHealth(channel, ""), "NOT_SERVING");
  EXPECT_EQ(CheckHealth(channel, "no.such.Service"), "UNKNOWN");

  server->SetServing(kService, true);
  EXPECT_EQ(CheckHealth(channel, kService), "SERVING");
  EXPECT_EQ(CheckHealth(channel, ""), "NOT_SERVING");
  server->SetServing("", true);
  EXPECT_EQ(CheckHealth(channel, ""), "SERVING");

  server->StopServing();
  server->SetServing(kService, true);  // comes too late
  EXPECT_EQ(CheckHealth(channel, kService), "NOT_SERVING");
  EXPECT_EQ(CheckHealth(channel, ""), "NOT_SERVING");
}

// Watches a service until the stream ends: what it was told, and how it ended.
struct Watching {
  explicit Watching(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub(grpc::health::v1::Health::NewStub(channel)) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    stream = stub->Watch(context.get(), request);
  }
  std::string Next() const {
    grpc::health::v1::HealthCheckResponse response;
    if (!stream->Read(&response)) return "END";
    return grpc::health::v1::HealthCheckResponse::ServingStatus_Name(response.status());
  }

  std::unique_ptr<grpc::health::v1::Health::Stub> stub;
  std::unique_ptr<grpc::ClientContext> context = TestContext();
  std::unique_ptr<grpc::ClientReader<grpc::health::v1::HealthCheckResponse>> stream;
};

TEST(RpcServerTest, AWatchIsToldOfChangesAndEndsWithTheServer) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto channel = MakeChannel(server->address());
  Watching watching(channel, kService);
  EXPECT_EQ(watching.Next(), "NOT_SERVING");
  Watching unknown(channel, "no.such.Service");
  EXPECT_EQ(unknown.Next(), "SERVICE_UNKNOWN");
  server->SetServing(kService, true);
  EXPECT_EQ(watching.Next(), "SERVING");
  {
    Watching left(channel, kService);
    EXPECT_EQ(left.Next(), "SERVING");
    left.context->TryCancel();
    EXPECT_EQ(left.Next(), "END");
  }

  // With time to spare: nobody who only watches uses it up.
  std::thread drain([&] { server->Drain(absl::Now() + absl::Minutes(10)); });
  EXPECT_EQ(watching.Next(), "NOT_SERVING");
  EXPECT_EQ(watching.Next(), "END");
  EXPECT_EQ(watching.stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(unknown.Next(), "SERVICE_UNKNOWN");
  EXPECT_EQ(unknown.Next(), "END");
  drain.join();
}

TEST(RpcServerTest, AWatchThatComesTooLateIsSentElsewhere) {
  Subject subject;
  const auto server = StartServer(subject);
  server->StopServing();
  Watching late(MakeChannel(server->address()), kService);
  EXPECT_EQ(late.Next(), "END");
  EXPECT_EQ(late.stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(RpcServerTest, ReflectsItsServicesInBothVersions) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto channel = MakeChannel(server->address());
  ReflectionRequest request;
  request.set_list_services("*");
  EXPECT_THAT(ServiceNames(ReflectV1(channel, request)), kAllServices);

  grpc::reflection::v1alpha::ServerReflectionRequest alpha_request;
  alpha_request.set_list_services("*");
  const auto alpha =
      Reflect<grpc::reflection::v1alpha::ServerReflection,
              grpc::reflection::v1alpha::ServerReflectionRequest,
              grpc::reflection::v1alpha::ServerReflectionResponse>(channel, alpha_request);
  EXPECT_THAT(ServiceNames(alpha), kAllServices);
}

TEST(RpcServerTest, ReflectsFilesWithAllTheyImport) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto channel = MakeChannel(server->address());
  ReflectionRequest request;
  request.set_file_containing_symbol("dramatis.memory.v1.MemoryService.GetProfile");
  const std::vector<std::string> files = FileNames(ReflectV1(channel, request));
  EXPECT_EQ(files.at(0), "dramatis/memory/v1/memory.proto");
  EXPECT_THAT(files, Contains("dramatis/options/v1/options.proto"));
  EXPECT_THAT(files, Contains("google/protobuf/timestamp.proto"));

  request.set_file_by_filename("google/rpc/status.proto");
  EXPECT_EQ(FileNames(ReflectV1(channel, request)).at(0), "google/rpc/status.proto");

  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(50101);
  EXPECT_EQ(FileNames(ReflectV1(channel, request)).at(0), "dramatis/options/v1/options.proto");

  request.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  EXPECT_THAT(ReflectV1(channel, request).all_extension_numbers_response().extension_number(),
              Contains(50101));
}

TEST(RpcServerTest, ReflectsGrpcsOwnServices) {
  Subject subject;
  const auto server = StartServer(subject);
  ReflectionRequest request;
  request.set_file_containing_symbol("grpc.health.v1.Health");
  EXPECT_THAT(FileNames(ReflectV1(MakeChannel(server->address()), request)),
              Contains("grpc/health/v1/health.proto"));
}

TEST(RpcServerTest, ReflectionSaysWhatItDoesNotKnow) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto channel = MakeChannel(server->address());
  ReflectionRequest request;
  request.set_file_containing_symbol("no.such.Thing");
  EXPECT_EQ(ReflectV1(channel, request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReflectV1(channel, ReflectionRequest()).error_response().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(RpcServerTest, HasHealthAndReflectionInProcessToo) {
  Subject subject;
  TestServer server(std::vector<grpc::Service*>{subject.service()});
  EXPECT_EQ(CheckHealth(server.channel(), kService), "NOT_SERVING");
}

TEST(RpcServerTest, DrainLetsCallsUnderWayEnd) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto stub = v1::MemoryService::NewStub(MakeChannel(server->address()));
  grpc::Status status;
  std::thread caller([&] {
    v1::Profile profile;
    status = stub->GetProfile(TestContext().get(), {}, &profile);
  });
  subject.started.WaitForNotification();
  std::thread drain([&] { server->Drain(absl::Now() + absl::Seconds(20)); });
  subject.release.Notify();
  drain.join();
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(RpcServerTest, DrainCancelsWhatIsLeftAtItsDeadline) {
  Subject subject;
  const auto server = StartServer(subject);
  const auto stub = v1::MemoryService::NewStub(MakeChannel(server->address()));
  grpc::Status status;
  std::thread caller([&] {
    v1::Profile profile;
    status = stub->GetProfile(TestContext().get(), {}, &profile);
    subject.release.Notify();  // only now: the caller was let go before its handler
  });
  subject.started.WaitForNotification();
  server->Drain(absl::Now() + absl::Milliseconds(50));
  caller.join();
  EXPECT_FALSE(status.ok());
}

TEST(ChannelTest, ACallToNobodyIsUnavailable) {
  Neighbour<v1::MemoryService> memory([] { return MakeChannel("127.0.0.1:1"); });
  const absl::StatusOr<v1::Profile> profile =
      memory.Call(&v1::MemoryService::Stub::GetProfile, CallContext{}, absl::Seconds(10),
                  v1::GetProfileRequest());
  EXPECT_EQ(profile.status().code(), absl::StatusCode::kUnavailable);
}

TEST(ChannelTest, KeepsTheEarlierOfBothDeadlinesAndAMarginForItself) {
  const auto deadline_of = [](absl::Time deadline, absl::Duration timeout) {
    grpc::ClientContext context;
    CallContext call;
    call.deadline = deadline;
    PrepareContext(call, timeout, context);
    return absl::FromChrono(context.deadline());
  };
  const absl::Time now = absl::Now();
  const absl::Duration slack = absl::Milliseconds(500);
  EXPECT_LT(absl::AbsDuration(deadline_of(absl::InfiniteFuture(), absl::Seconds(5)) -
                              (now + absl::Seconds(5))),
            slack);
  EXPECT_LT(absl::AbsDuration(deadline_of(now + absl::Seconds(2), absl::Seconds(5)) -
                              (now + absl::Seconds(2) - kHopMargin)),
            slack);
}

}  // namespace
}  // namespace dramatis
