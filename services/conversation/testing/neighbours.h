// The neighbours as gRPC services for this service's tests: a persona, a memory, and a model whose
// words the test says.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/inference/v1/inference.grpc.pb.h"
#include "dramatis/memory/v1/memory.grpc.pb.h"
#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "shared/rpc/status_conversion.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

class FakePersonaService : public persona::v1::PersonaService::Service {
 public:
  grpc::Status RenderPersona(grpc::ServerContext* /*context*/,
                             const persona::v1::RenderPersonaRequest* request,
                             persona::v1::RenderPersonaResponse* response) override {
    const absl::MutexLock lock(&mutex_);
    const std::string id = request->persona_id().empty() ? "ada" : request->persona_id();
    if (failures_ > 0) {
      --failures_;
      return ToGrpc(UnavailableError("down"));
    }
    const auto known = personas_.find(id);
    if (known == personas_.end()) return ToGrpc(NotFoundError("persona"));
    if (!request->hold_conversation_id().empty()) {
      holds_.insert({id, request->hold_conversation_id()});
    }
    response->set_persona_id(id);
    response->set_name("Ada");
    response->set_owner_id(known->second.owner_id);
    response->set_type(known->second.type);
    auto* part = response->mutable_prompt()->add_parts();
    part->set_kind(dramatis::prompt::v1::PART_KIND_BIOGRAPHY);
    part->set_text("Ada writes programs.");
    part->set_source("persona/ada@1");
    response->mutable_parameters()->set_model("fake/model");
    return grpc::Status::OK;
  }
  grpc::Status SetMasks(grpc::ServerContext* /*context*/,
                        const persona::v1::SetMasksRequest* /*request*/,
                        google::protobuf::Empty* /*response*/) override {
    return grpc::Status::OK;
  }
  grpc::Status ReleasePersona(grpc::ServerContext* /*context*/,
                              const persona::v1::ReleasePersonaRequest* request,
                              google::protobuf::Empty* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    holds_.erase({request->persona_id(), request->conversation_id()});
    return grpc::Status::OK;
  }

  // A persona that everybody may use.
  void Know(const std::string& id, const std::string& owner_id, persona::v1::PersonaType type) {
    const absl::MutexLock lock(&mutex_);
    personas_[id] = {owner_id, type};
  }
  // The conversations that hold a persona.
  std::set<std::string> holds() const {
    const absl::MutexLock lock(&mutex_);
    std::set<std::string> conversations;
    for (const auto& [persona, conversation] : holds_)
      conversations.insert(conversation);
    return conversations;
  }
  // "<persona> in <conversation>" for each hold.
  std::set<std::string> held() const {
    const absl::MutexLock lock(&mutex_);
    std::set<std::string> held;
    for (const auto& [persona, conversation] : holds_)
      held.insert(persona + " in " + conversation);
    return held;
  }
  // The next `calls` fail.
  void Fail(int calls) {
    const absl::MutexLock lock(&mutex_);
    failures_ = calls;
  }

 private:
  struct Known {
    std::string owner_id;
    persona::v1::PersonaType type = persona::v1::PERSONA_TYPE_AI_AGENT;
  };

  mutable absl::Mutex mutex_;
  std::map<std::string, Known> personas_ ABSL_GUARDED_BY(mutex_) = {
      {"ada", {}}, {"bob", {}}, {"human", {"", persona::v1::PERSONA_TYPE_HUMAN}}};
  std::set<std::pair<std::string, std::string>> holds_ ABSL_GUARDED_BY(mutex_);
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

class FakeMemoryService : public memory::v1::MemoryService::Service {
 public:
  grpc::Status Recall(grpc::ServerContext* /*context*/,
                      const memory::v1::RecallRequest* request,
                      memory::v1::RecallResponse* response) override {
    const absl::MutexLock lock(&mutex_);
    if (failures_ > 0) {
      --failures_;
      return ToGrpc(UnavailableError("down"));
    }
    auto* part = response->add_parts();
    part->set_kind(dramatis::prompt::v1::PART_KIND_MEMORY);
    part->set_text("Asked: " + request->query());
    part->set_source("memory/1");
    return grpc::Status::OK;
  }
  void Fail(int calls) {
    const absl::MutexLock lock(&mutex_);
    failures_ = calls;
  }

 private:
  absl::Mutex mutex_;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Answers each call with the script that was set; a call that has come to the end of an open script
// waits for more of it, or for its own cancellation.
class FakeInferenceService : public inference::v1::InferenceService::Service {
 public:
  struct Script {
    std::vector<std::string> deltas;
    bool open = false;  // Say and End go on with it
    absl::Status status;
  };

  void SetScript(Script script) {
    const absl::MutexLock lock(&mutex_);
    script_ = std::move(script);
  }
  void Say(const std::string& delta) {
    const absl::MutexLock lock(&mutex_);
    script_.deltas.push_back(delta);
  }
  void End(absl::Status status = absl::OkStatus()) {
    const absl::MutexLock lock(&mutex_);
    script_.open = false;
    script_.status = std::move(status);
  }
  std::vector<inference::v1::StreamGenerateRequest> requests() const {
    const absl::MutexLock lock(&mutex_);
    return requests_;
  }
  int cancelled() const {
    const absl::MutexLock lock(&mutex_);
    return cancelled_;
  }

  grpc::Status StreamGenerate(
      grpc::ServerContext* context,
      const inference::v1::StreamGenerateRequest* request,
      grpc::ServerWriter<inference::v1::StreamGenerateResponse>* writer) override {
    {
      const absl::MutexLock lock(&mutex_);
      requests_.push_back(*request);
    }
    inference::v1::StreamGenerateResponse event;
    event.mutable_start()->set_model("fake/model");
    event.mutable_start()->mutable_manifest()->set_prompt_tokens(7);
    writer->Write(event);
    absl::Status status;
    for (size_t next = 0;; ++next) {
      std::string delta;
      if (!Await(*context, next, delta, status)) break;
      event.mutable_delta()->set_text(delta);
      writer->Write(event);
    }
    if (!status.ok()) return ToGrpc(status);
    event.mutable_done()->set_finish_reason("stop");
    event.mutable_done()->set_model("fake/model");
    event.mutable_done()->set_retrieval(true);
    event.mutable_done()->mutable_usage()->set_output_tokens(3);
    writer->Write(event);
    return grpc::Status::OK;
  }

 private:
  // The script's delta number `next`; false at its end.
  bool Await(grpc::ServerContext& context, size_t next, std::string& delta, absl::Status& status) {
    const absl::MutexLock lock(&mutex_);
    const auto news = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return script_.deltas.size() > next || !script_.open;
    };
    while (!mutex_.AwaitWithTimeout(absl::Condition(&news), absl::Milliseconds(5))) {
      if (!context.IsCancelled()) continue;
      ++cancelled_;
      status = absl::CancelledError();
      return false;
    }
    if (script_.deltas.size() <= next) {
      status = script_.status;
      return false;
    }
    delta = script_.deltas[next];
    return true;
  }

  mutable absl::Mutex mutex_;
  Script script_ ABSL_GUARDED_BY(mutex_) = {
      .deltas = {"I write ", "programs."}, .open = false, .status = absl::OkStatus()};
  std::vector<inference::v1::StreamGenerateRequest> requests_ ABSL_GUARDED_BY(mutex_);
  int cancelled_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dramatis::conversation
