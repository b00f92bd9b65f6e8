// MemoryService through a real gRPC server with fakes behind it, and short ways to call it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "gtest/gtest.h"
#include "services/memory/service.h"
#include "services/memory/testing/fakes.h"
#include "services/memory/testing/goal_fakes.h"
#include "services/memory/testing/journal_fakes.h"
#include "services/memory/testing/key_fakes.h"
#include "services/memory/testing/memory_sync_fakes.h"
#include "shared/executor/executor.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

inline constexpr char kAda[] = "Bearer local:ada";
inline constexpr char kBob[] = "Bearer local:bob";
inline constexpr char kConversation[] = "Bearer local:ada:service";

class MemoryServiceTest : public testing::Test {
 protected:
  // What the executor still runs uses the other parts.
  ~MemoryServiceTest() override {
    patient_.Stop();
    executor_.Stop();
  }

  template <class Response, class Request, class Method>
  absl::StatusOr<Response> Call(Method method,
                                const Request& request,
                                const std::string& authorization = kAda) {
    context_ = TestContext(authorization);
    for (const auto& [name, value] : metadata_)
      context_->AddMetadata(name, value);
    Response response;
    const grpc::Status status = ((*stub_).*method)(context_.get(), request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  absl::StatusOr<v1::Memory> Create(const std::string& content,
                                    const std::string& authorization = kAda) {
    v1::CreateMemoryRequest request;
    request.mutable_memory()->set_content(content);
    return Call<v1::Memory>(&Stub::CreateMemory, request, authorization);
  }

  static std::string Field(const absl::Status& status) {
    const auto bad_request = GetBadRequest(status);
    return bad_request.has_value() ? bad_request->field_violations(0).field() : "";
  }

  const MethodTable& Served() {
    ServeMemory(rpc_,
                {profiles_, memories_, journal_, goals_, recall_, keys_, observations_, summaries_},
                patient_);
    return rpc_;
  }

  using Stub = v1::MemoryService::Stub;

  FakeStore store_;
  FakeJournalStore journal_store_;
  FakeGoalStore goal_store_;
  FakeClock clock_;
  CountingIdSource ids_;
  Profiles profiles_{store_, clock_};
  Memories memories_{store_, clock_, ids_, 3};
  Journal journal_{journal_store_, store_, clock_, ids_};
  Goals goals_{goal_store_, store_, clock_, ids_};
  FakeKeyStore key_store_;
  Keys keys_{key_store_, clock_, ids_, "local"};
  FakeRememberingStore remembering_store_{store_};
  FakeInferencePeer inference_;
  Observations observations_{remembering_store_, store_, inference_, clock_, ids_, {}};
  Summaries summaries_{remembering_store_, inference_, clock_, ids_, {}};
  Recall recall_{store_,
                 [this](const std::string& user_id) { return goals_.SharedBriefs(user_id); }};
  Executor executor_{2, 16};
  Executor patient_{1, 1};
  RecordingLogger logger_;
  Metrics metrics_;
  MethodTable rpc_{v1::MemoryService::service_full_name(), executor_, clock_, logger_, metrics_};
  TestServer server_{std::vector<const MethodTable*>{&Served()}};
  std::unique_ptr<Stub> stub_ = v1::MemoryService::NewStub(server_.channel());
  std::unique_ptr<grpc::ClientContext> context_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace dramatis::memory
