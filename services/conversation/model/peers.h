// The little that conversation needs of its neighbours. The gRPC versions are in
// peers/grpc_peers.h, the fakes in testing/fakes.h. Thread-safe.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/memory/v1/memory.pb.h"
#include "dramatis/persona/v1/persona.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

using RenderedPersona = dramatis::persona::v1::RenderPersonaResponse;

class PersonaPeer {
 public:
  virtual ~PersonaPeer() = default;
  // The persona's part of a prompt. Starts at once; the result comes later, and always.
  virtual std::future<absl::StatusOr<RenderedPersona>> Render(
      const CallContext& call, const dramatis::persona::v1::RenderPersonaRequest& request) = 0;
  // The personas that the call's user may see. Blocks.
  virtual absl::StatusOr<dramatis::persona::v1::ListPersonasResponse> List(
      const CallContext& call, const dramatis::persona::v1::ListPersonasRequest& request) = 0;
  // Says what stays hidden from whom. Blocks.
  virtual absl::Status SetMasks(const CallContext& call,
                                const dramatis::persona::v1::SetMasksRequest& request) = 0;
  // Gives up the hold of a conversation. Blocks.
  virtual absl::Status Release(const CallContext& call,
                               const std::string& persona_id,
                               const std::string& conversation_id) = 0;
};

// What memory says of a user.
struct Recalled {
  std::vector<dramatis::prompt::v1::PromptPart> parts;  // best first
  std::string display_name;                             // empty where the user did not say
};

class MemoryPeer {
 public:
  virtual ~MemoryPeer() = default;
  // What matters for a turn. Starts at once; the result comes later, and always.
  virtual std::future<absl::StatusOr<Recalled>> Recall(
      const CallContext& call, const dramatis::memory::v1::RecallRequest& request) = 0;
};

// What a model says, as it comes: any number of OnStart and OnDelta, at most one OnDone, then one
// OnEnd and nothing more. Called by one thread at a time, also from within Generate; returns at
// once.
class GenerationListener {
 public:
  virtual ~GenerationListener() = default;
  virtual void OnStart(const dramatis::inference::v1::StreamGenerateResponse::Start& start) = 0;
  virtual void OnDelta(const std::string& text) = 0;
  virtual void OnDone(const dramatis::inference::v1::StreamGenerateResponse::Done& done) = 0;
  virtual void OnEnd(const absl::Status& status) = 0;
};

// An answer under way.
class Generation {
 public:
  virtual ~Generation() = default;
  // Stops it: OnEnd follows soon. No effect after the end.
  virtual void Cancel() = 0;
};

class InferencePeer {
 public:
  virtual ~InferencePeer() = default;
  // Asks for an answer; holds no thread while it comes. The listener is kept until OnEnd.
  virtual std::shared_ptr<Generation> Generate(
      const CallContext& call,
      const dramatis::inference::v1::StreamGenerateRequest& request,
      std::shared_ptr<GenerationListener> listener) = 0;
  // What an answer of the user's turn cost that was cancelled or broke off. Blocks.
  virtual absl::StatusOr<dramatis::prompt::v1::Usage> UsageOf(const CallContext& call,
                                                              const std::string& user_id,
                                                              const std::string& turn_key) = 0;
  // How the request would be packed; no model is called. Blocks.
  virtual absl::StatusOr<dramatis::inference::v1::PackPromptResponse> Pack(
      const CallContext& call, const dramatis::inference::v1::StreamGenerateRequest& request) = 0;
  // Vectors of texts, by the deployment's embedder. Blocks.
  virtual absl::StatusOr<dramatis::inference::v1::EmbedResponse> Embed(
      const CallContext& call, const dramatis::inference::v1::EmbedRequest& request) = 0;
  // The models that there are. Blocks.
  virtual absl::StatusOr<dramatis::inference::v1::ListModelsResponse> Models(
      const CallContext& call) = 0;
};

}  // namespace dramatis::conversation
