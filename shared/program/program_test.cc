// Whole programs: started as main does, ended by signals, with a module of one RPC.
#include "shared/program/program.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "dramatis/admin/v1/admin.grpc.pb.h"
#include "dramatis/persona/v1/avatars.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/read.hpp"
#include "boost/asio/write.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/program/databases.h"
#include "shared/program/runtime.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::persona::v1;
using testing::ExitedWithCode;
using testing::HasSubstr;

constexpr char kService[] = "dramatis.persona.v1.AvatarService";
constexpr sql::Statement kCount = {"select count(*) from probes where probe_id <> $1"};

const std::vector<sql::Migration>& Migrations() {
  static const std::vector<sql::Migration> migrations = {
      {1, "0001_probes", "create table probes (probe_id text not null primary key)",
       "create table probes (probe_id text not null primary key)"}};
  return migrations;
}

// GetAvatar answers how many rows there are, and its own address.
class ProbeModule : public Module {
 public:
  explicit ProbeModule(const ModuleContext& context)
      : context_(context),
        executor_(context.config.workers, context.config.queue),
        rpc_(kService, executor_, context.clock, context.logger, context.metrics) {
    rpc_.Unary("GetAvatar", &ProbeModule::Get, *this);
    rpc_.Unary("UpdateAvatar", [](const v1::UpdateAvatarRequest&) { return v1::Avatar(); });
  }
  ~ProbeModule() override { executor_.Stop(); }
  std::vector<const MethodTable*> services() override { return {&rpc_}; }
  absl::Status Start() override { return absl::OkStatus(); }
  void Drain(absl::Time) override {}

 private:
  absl::StatusOr<google::api::HttpBody> Get(const v1::GetAvatarRequest&) {
    DRAMATIS_ASSIGN_OR_RETURN(
        const sql::Rows rows,
        context_.database.Read([](sql::Transaction& tx) { return tx.Execute(kCount, {""}); }));
    google::api::HttpBody answer;
    answer.set_content_type(absl::StrCat(rows.at(0).Int64(0)));
    answer.set_data(context_.own_address());
    return answer;
  }

  const ModuleContext context_;
  Executor executor_;
  MethodTable rpc_;
};

ConfiguredModule ConfigureProbe(Settings& settings, const CommonConfig&) {
  settings.Integer("DRAMATIS_MEMORY_QUOTA", 1, 1, 9);
  return {.make = [](const ModuleContext& context) -> absl::StatusOr<std::unique_ptr<Module>> {
    return std::make_unique<ProbeModule>(context);
  }};
}

// Sends this process a signal when it starts, and another one when it drains.
class SignallingFrontend : public Frontend {
 public:
  explicit SignallingFrontend(int second_signal) : second_signal_(second_signal) {}
  absl::StatusOr<std::string> Start() override {
    kill(getpid(), SIGTERM);
    return "127.0.0.1:1";
  }
  void Drain(absl::Time) override {
    if (second_signal_ == 0) return;
    kill(getpid(), second_signal_);
    std::this_thread::sleep_for(std::chrono::hours(1));  // a drain that does not end
  }
  bool Ready() override { return true; }

 private:
  const int second_signal_;
};

Program Probe() {
  Program program;
  program.name = "dramatis-memory";
  program.modules = {{.name = "memory", .migrations = Migrations, .configure = ConfigureProbe}};
  return program;
}

Program SignallingProbe(int second_signal) {
  Program program = Probe();
  program.frontend = [second_signal](Settings&, const CommonConfig&) {
    return [second_signal](const FrontendContext&) -> absl::StatusOr<std::unique_ptr<Frontend>> {
      return std::make_unique<SignallingFrontend>(second_signal);
    };
  };
  return program;
}

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    std::string pattern = testing::TempDir() + "/dramatis-program-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    environment_ = {{"DRAMATIS_DATA_DIR", folder_ + "/data"},
                    {"DRAMATIS_GRPC_ADDRESS", "127.0.0.1:0"},
                    {"DRAMATIS_MANAGEMENT_ADDRESS", "127.0.0.1:0"},
                    {"DRAMATIS_DRAIN_TIMEOUT", "1s"}};
  }
  ~ProgramTest() override { std::filesystem::remove_all(folder_); }

  // Runs `program` as main would, with the test's settings; for EXPECT_EXIT.
  [[noreturn]] void Run(const Program& program, const std::string& argument = "") {
    // What the tests themselves are told by (DRAMATIS_TEST_...) is no setting of a program.
    for (const auto& [name, value] : SystemEnvironment())
      if (name.starts_with("DRAMATIS_")) unsetenv(name.c_str());
    for (const auto& [name, value] : environment_)
      setenv(name.c_str(), value.c_str(), 1);
    std::string name = program.name;
    std::string first = argument;
    char* argv[] = {name.data(), first.data(), nullptr};
    std::exit(RunProgram(argument.empty() ? 1 : 2, argv, program));
  }

  std::string folder_;
  Environment environment_;
};

using ProgramDeathTest = ProgramTest;

TEST_F(ProgramDeathTest, ServesUntilItIsTerminatedAndEndsWell) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(Run(SignallingProbe(0)), ExitedWithCode(0),
              "\"protocol\":\"grpc\",\"address\":\"127.0.0.1:[1-9].*\"protocol\":\"http\".*"
              "\"protocol\":\"management\".*\"message\":\"draining\".*\"message\":\"ended\"");
}

TEST_F(ProgramDeathTest, SaysWhereItListensAtEveryLogLevel) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  environment_["DRAMATIS_LOG_LEVEL"] = "error";
  EXPECT_EXIT(Run(SignallingProbe(0)), ExitedWithCode(0), R"("event":"listening")");
}

TEST_F(ProgramDeathTest, ASecondSignalEndsItAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(Run(SignallingProbe(SIGINT)), ExitedWithCode(1), "draining");
}

TEST_F(ProgramDeathTest, ListsEveryProblemOfTheSettingsAtOnce) {
  environment_["DRAMATIS_GRPC_ADDRESS"] = "nowhere";
  environment_["DRAMATIS_MEMORY_QUOTA"] = "10";
  environment_["DRAMATIS_NO_SUCH_SETTING"] = "1";
  EXPECT_EXIT(Run(Probe()), ExitedWithCode(2),
              "DRAMATIS_GRPC_ADDRESS(.|\n)*DRAMATIS_MEMORY_QUOTA(.|\n)*DRAMATIS_NO_SUCH_SETTING");
  EXPECT_EXIT(Run(Probe(), "--check-config"), ExitedWithCode(2), "DRAMATIS_GRPC_ADDRESS");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/data"));
}

TEST_F(ProgramDeathTest, KnowsItsCommands) {
  EXPECT_EXIT(Run(Probe(), "--version"), ExitedWithCode(0), "");
  EXPECT_EXIT(Run(Probe(), "--help"), ExitedWithCode(0), "");
  EXPECT_EXIT(Run(Probe(), "--check-config"), ExitedWithCode(0), "");
  EXPECT_EXIT(Run(Probe(), "migrate"), ExitedWithCode(0), "");
  EXPECT_EXIT(Run(Probe(), "--port"), ExitedWithCode(2), "--port");
}

TEST_F(ProgramDeathTest, RefusesAnAddressThatIsTaken) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor taken(context,
                                             {boost::asio::ip::make_address("127.0.0.1"), 0});
  environment_["DRAMATIS_GRPC_ADDRESS"] = absl::StrCat("127.0.0.1:", taken.local_endpoint().port());
  EXPECT_EXIT(Run(SignallingProbe(0)), ExitedWithCode(1), "cannot listen on 127.0.0.1:");
}

// The parts of a running program, in the test's own process.
class RuntimeTest : public ProgramTest {
 protected:
  void Configure() {
    absl::StatusOr<ProgramConfig> config = ProgramConfig::From(program_, environment_);
    ASSERT_TRUE(config.ok()) << config.status();
    config_ = *std::move(config);
  }
  std::unique_ptr<Runtime> Make() {
    return std::make_unique<Runtime>(program_, config_, logger_, [this] { failed_ = true; });
  }
  // Reads what the management port answers to `request`.
  static std::string Ask(const std::string& address, const std::string& request) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    const int port = std::stoi(address.substr(address.rfind(':') + 1));
    socket.connect({boost::asio::ip::make_address("127.0.0.1"),
                    static_cast<boost::asio::ip::port_type>(port)});
    boost::asio::write(socket, boost::asio::buffer(request));
    std::string answer;
    boost::system::error_code end;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end);
    return answer;
  }
  static std::string Get(const Runtime& runtime, const std::string& path) {
    return Ask(runtime.management_address(),
               "GET " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  }
  static bool Serves(const Runtime& runtime, const std::string& service) {
    const auto channel = MakeChannel(runtime.grpc_address());
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status =
        grpc::health::v1::Health::NewStub(channel)->Check(TestContext().get(), request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  }
  static absl::StatusOr<google::api::HttpBody> Call(const Runtime& runtime) {
    const auto stub = v1::AvatarService::NewStub(MakeChannel(runtime.grpc_address()));
    v1::GetAvatarRequest request;
    request.set_persona_id("any");
    google::api::HttpBody answer;
    const grpc::Status status = stub->GetAvatar(TestContext().get(), request, &answer);
    if (!status.ok()) return FromGrpc(status);
    return answer;
  }

  Program program_ = Probe();
  ProgramConfig config_;
  RecordingLogger logger_;
  std::atomic<bool> failed_ = false;
};

TEST_F(RuntimeTest, ServesFromAnEmptyFolder) {
  Configure();
  const auto runtime = Make();
  ASSERT_TRUE(runtime->Start().ok());

  EXPECT_TRUE(Serves(*runtime, kService));
  EXPECT_TRUE(Serves(*runtime, ""));
  const absl::StatusOr<google::api::HttpBody> answer = Call(*runtime);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->content_type(), "0");
  EXPECT_EQ(answer->data(), runtime->grpc_address());
  EXPECT_THAT(Get(*runtime, "/readyz"), HasSubstr("200 OK"));
  EXPECT_THAT(Get(*runtime, "/livez"), HasSubstr("200 OK"));
  EXPECT_THAT(Get(*runtime, "/metrics"), HasSubstr("dramatis_rpc_requests_total{code=\"OK\""));
  EXPECT_THAT(Get(*runtime, "/else"), HasSubstr("404 Not Found"));
}

TEST_F(RuntimeTest, KeepsItsFolderToItself) {
  Configure();
  const auto first = Make();
  ASSERT_TRUE(first->Start().ok());
  struct stat folder{};
  ASSERT_EQ(stat((folder_ + "/data").c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode & 0777, 0700u);

  const absl::Status second = Make()->Start();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()),
              HasSubstr(absl::StrCat("another process (", getpid(), ") uses ", folder_)));
}

TEST_F(RuntimeTest, LetsGoOfItsFolderWhenItEnds) {
  Configure();
  {
    const auto first = Make();
    ASSERT_TRUE(first->Start().ok());
    first->Drain();
  }
  EXPECT_TRUE(Make()->Start().ok());
}

TEST_F(RuntimeTest, IsNotReadyWhileItDrains) {
  Configure();
  const auto runtime = Make();
  ASSERT_TRUE(runtime->Start().ok());
  runtime->Drain();
  EXPECT_THAT(Get(*runtime, "/readyz"), HasSubstr("503"));
  EXPECT_THAT(Get(*runtime, "/livez"), HasSubstr("200 OK"));
}

TEST_F(RuntimeTest, RefusesAFolderThatCannotBeMade) {
  std::ofstream(folder_ + "/file") << "in the way";
  environment_["DRAMATIS_DATA_DIR"] = folder_ + "/file/data";
  Configure();
  EXPECT_THAT(std::string(Make()->Start().message()), HasSubstr("DRAMATIS_DATA_DIR"));
}

TEST_F(RuntimeTest, RunsWithoutItsDatabaseServerUntilThatIsThere) {
  environment_["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1";
  Configure();
  const auto runtime = Make();
  ASSERT_TRUE(runtime->Start().ok());
  EXPECT_FALSE(Serves(*runtime, kService));
  EXPECT_EQ(Call(*runtime).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Get(*runtime, "/readyz"), HasSubstr("503"));
  EXPECT_THAT(Get(*runtime, "/livez"), HasSubstr("200 OK"));
  runtime->Drain();
  EXPECT_FALSE(failed_);
}

TEST_F(RuntimeTest, RefusesASchemaOfALaterVersion) {
  program_.modules[0].migrations = []() -> const std::vector<sql::Migration>& {
    static const std::vector<sql::Migration> later = [] {
      std::vector<sql::Migration> steps = Migrations();
      steps.push_back({2, "0002_more", "create table more (more_id text not null primary key)",
                       "create table more (more_id text not null primary key)"});
      return steps;
    }();
    return later;
  };
  Configure();
  ASSERT_TRUE(Make()->Start().ok());
  program_.modules = Probe().modules;
  EXPECT_EQ(Make()->Start().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RuntimeTest, ServesAdminsBesideItsModules) {
  Configure();
  const auto runtime = Make();
  ASSERT_TRUE(runtime->Start().ok());
  EXPECT_TRUE(Serves(*runtime, "dramatis.admin.v1.AdminService"));
  const auto stub = admin::v1::AdminService::NewStub(MakeChannel(runtime->grpc_address()));
  admin::v1::GetDatabaseStatusRequest request;
  request.set_service("memory");
  admin::v1::DatabaseStatus status;

  const grpc::Status refused =
      stub->GetDatabaseStatus(TestContext("Bearer local:alice").get(), request, &status);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  ASSERT_TRUE(stub->GetDatabaseStatus(TestContext().get(), request, &status).ok());

  EXPECT_EQ(status.status(), admin::v1::SERVING_STATUS_SERVING);
  EXPECT_EQ(status.schema_version(), 1);
  std::vector<std::string> outcomes;
  for (const RecordingLogger::Record& record : logger_.records()) {
    if (record.level != LogLevel::kAudit) continue;
    EXPECT_EQ(record.fields.at("method"), "dramatis.admin.v1.AdminService/GetDatabaseStatus");
    outcomes.push_back(record.fields.at("user_id") + " " + record.fields.at("outcome"));
  }
  EXPECT_THAT(outcomes, testing::ElementsAre("alice refused", "local allowed"));
}

TEST_F(RuntimeTest, TellsAdminsThatTheDatabaseIsAway) {
  environment_["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1";
  Configure();
  const auto runtime = Make();
  ASSERT_TRUE(runtime->Start().ok());
  const auto stub = admin::v1::AdminService::NewStub(MakeChannel(runtime->grpc_address()));
  admin::v1::GetDatabaseStatusRequest request;
  request.set_service("memory");
  admin::v1::DatabaseStatus status;

  ASSERT_TRUE(stub->GetDatabaseStatus(TestContext().get(), request, &status).ok());

  EXPECT_EQ(status.status(), admin::v1::SERVING_STATUS_NOT_SERVING);
  EXPECT_EQ(status.engine(), admin::v1::DATABASE_ENGINE_POSTGRESQL);
  EXPECT_FALSE(status.connected());
}

}  // namespace
}  // namespace dramatis
