#include "shared/methods/method_table.h"

#include <memory>
#include <string>
#include <utility>

#include "dramatis/conversation/v1/archives.pb.h"
#include "dramatis/memory/v1/memory.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/methods/local_wire.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::memory::v1;

constexpr char kMemory[] = "dramatis.memory.v1.MemoryService";

// A use case, whose members have every form that a line takes.
class UseCase {
 public:
  struct Written {
    v1::Memory result;
    bool replayed = false;
  };

  absl::StatusOr<v1::Memory> Get(const CallContext& call, const v1::GetMemoryRequest& request) {
    v1::Memory memory;
    memory.set_memory_id(request.memory_id());
    memory.set_content(call.identity.user_id);
    return memory;
  }
  absl::StatusOr<Written> Create(const CallContext&, const v1::CreateMemoryRequest&) const {
    Written written;
    written.result.set_memory_id("7");
    written.replayed = true;
    return written;
  }
  absl::Status Delete(const v1::DeleteMemoryRequest&) { return NotFoundError("memory"); }
};

class MethodTableTest : public testing::Test {
 protected:
  ~MethodTableTest() override { executor_.Stop(); }

  MethodTable Table(const std::string& service = kMemory) {
    return MethodTable(service, executor_, clock_, *logger_, metrics_);
  }

  UseCase use_case_;
  SystemClock clock_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  Executor executor_{1, 8};
};

using MethodTableDeathTest = MethodTableTest;

TEST_F(MethodTableTest, RunsUseCasesOfEveryForm) {
  MethodTable table = Table();
  const auto run = [](const Method& method, const google::protobuf::Message& request,
                      const CallContext& call, google::protobuf::Message& response) {
    return std::get<UnaryHandler>(method.handler)(call, request, response);
  };
  std::string header;
  CallContext call;
  call.identity.user_id = "ada";
  call.send_header = [&](const std::string& name, const std::string& value) {
    header = name + ": " + value;
  };
  v1::Memory memory;
  v1::GetMemoryRequest get;
  get.set_memory_id("m1");
  EXPECT_TRUE(run(table.Unary("GetMemory", &UseCase::Get, use_case_), get, call, memory).ok());
  EXPECT_EQ(memory.memory_id(), "m1");
  EXPECT_EQ(memory.content(), "ada");
  EXPECT_EQ(header, "");

  const UseCase& constant = use_case_;
  const Method& create = table.Unary("CreateMemory", &UseCase::Create, constant);
  EXPECT_TRUE(run(create, v1::CreateMemoryRequest(), call, memory).ok());
  EXPECT_EQ(memory.memory_id(), "7");
  EXPECT_EQ(header, "idempotency-replayed: true");

  google::protobuf::Empty empty;
  const Method& erase = table.Unary("DeleteMemory", &UseCase::Delete, use_case_);
  EXPECT_EQ(run(erase, v1::DeleteMemoryRequest(), call, empty).code(), absl::StatusCode::kNotFound);
}

TEST_F(MethodTableTest, KnowsTheRpcsOfTheProtoAndThoseThatHaveALine) {
  MethodTable table = Table();
  const Method& get = table.Unary("GetMemory", &UseCase::Get, use_case_);
  EXPECT_EQ(get.facts.name, "dramatis.memory.v1.MemoryService/GetMemory");
  EXPECT_TRUE(get.unary());
  EXPECT_FALSE(get.streams());
  int lines = 0;
  for (const auto& method : table.methods())
    lines += method != nullptr ? 1 : 0;
  EXPECT_EQ(lines, 1);
}

TEST_F(MethodTableTest, ALineMayHaveAnExecutorOfItsOwn) {
  MethodTable table = Table();
  Executor other(1, 1);
  Method& get = table.Unary("GetMemory", &UseCase::Get, use_case_);
  EXPECT_EQ(get.executor, &executor_);
  get.On(other);
  EXPECT_EQ(get.executor, &other);
}

TEST_F(MethodTableDeathTest, DiesWhereItsServiceDoesNotExistOrDoesNotSayWhoMayCallIt) {
  EXPECT_DEATH(Table("dramatis.NoService"), "no service is called");
}

TEST_F(MethodTableDeathTest, DiesWhereALineIsNotItsProtos) {
  MethodTable table = Table();
  EXPECT_DEATH(table.Unary("GetMemories", &UseCase::Get, use_case_), "has no RPC GetMemories");
  EXPECT_DEATH(table.Unary("DeleteMemory", &UseCase::Get, use_case_),
               "takes dramatis.memory.v1.DeleteMemoryRequest, not "
               "dramatis.memory.v1.GetMemoryRequest");
  EXPECT_DEATH(table.Unary("GetMemory", [](const v1::GetMemoryRequest&) { return v1::Profile(); }),
               "answers dramatis.memory.v1.Memory, not dramatis.memory.v1.Profile");
  table.Unary("GetMemory", &UseCase::Get, use_case_);
  EXPECT_DEATH(table.Unary("GetMemory", &UseCase::Get, use_case_), "has two lines");
  MethodTable archives = Table("dramatis.conversation.v1.ArchiveService");
  EXPECT_DEATH(archives.Unary("CreateImport",
                              [](const conversation::v1::CreateImportRequest&) {
                                return conversation::v1::Import();
                              }),
               "streams otherwise");
}

TEST_F(MethodTableDeathTest, DiesWhereAnRpcHasNoLine) {
  MethodTable table = Table();
  EXPECT_DEATH(table.CheckComplete(), "dramatis.memory.v1.MemoryService.*has no line");
}

}  // namespace
}  // namespace dramatis
