#include "shared/rpc/testing/test_server.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "shared/log/log_scope.h"

namespace dramatis {
namespace {

struct AsText {
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return absl::StrCat(value); }
  std::string operator()(double value) const { return absl::StrCat(value); }
};

}  // namespace

TestServer::TestServer(const std::vector<const MethodTable*>& tables,
                       GrpcService::Missing missing) {
  std::vector<grpc::Service*> services;
  services.reserve(tables.size());
  for (const MethodTable* const table : tables)
    services.push_back(
        services_.emplace_back(std::make_unique<GrpcService>(*table, missing)).get());
  Start(services);
}

TestServer::TestServer(const std::vector<grpc::Service*>& services) {
  Start(services);
}

void TestServer::Start(const std::vector<grpc::Service*>& services) {
  absl::StatusOr<std::unique_ptr<RpcServer>> server = RpcServer::Start("", services);
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();
  }
  server_ = *std::move(server);
}

std::unique_ptr<grpc::ClientContext> TestContext(const std::string& authorization) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!authorization.empty()) context->AddMetadata("authorization", authorization);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return context;
}

void RecordingLogger::Log(LogLevel level,
                          const std::string& message,
                          std::initializer_list<LogField> fields) {
  Record record{level, message, {}};
  for (const LogField& field : fields)
    record.fields[field.name] = std::visit(AsText(), field.value);
  if (const SharedLogIds& ids = LogScope::Current(); ids != nullptr) {
    record.fields.emplace("correlation_id", ids->correlation_id);
    record.fields.emplace("trace_id", ids->trace_id);
  }
  const absl::MutexLock lock(&mutex_);
  records_.push_back(std::move(record));
}

std::vector<RecordingLogger::Record> RecordingLogger::records() const {
  const absl::MutexLock lock(&mutex_);
  return records_;
}

}  // namespace dramatis
