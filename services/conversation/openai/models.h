// What clients of OpenAI's API may name as a model: the AI personas that the caller may talk to,
// and the deployment's models themselves as `plain/<provider>/<model>`. Thread-safe; blocks.
#pragma once

#include <string>

#include "dramatis/openai/v1/openai.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// Who answers: a persona, or a model without one.
struct Answerer {
  std::string persona_id;
  std::string plain_model;  // `provider/model`
};

class OpenAiModels {
 public:
  explicit OpenAiModels(const TurnTools& tools) : tools_(tools) {}

  absl::StatusOr<openai::v1::ListModelsResponse> List(const CallContext& call);
  // MODEL_NOT_FOUND.
  absl::StatusOr<openai::v1::Model> Get(const CallContext& call, const std::string& model);
  // Who is meant. A persona's id is taken as it is: whether there is one, whoever asks it finds
  // out. MODEL_NOT_FOUND.
  absl::StatusOr<Answerer> Find(const CallContext& call, const std::string& model);

 private:
  // The AI persona of this name: the caller's own, else the only public one.
  absl::StatusOr<dramatis::persona::v1::Persona> FindNamed(const CallContext& call,
                                                           const std::string& name);
  absl::StatusOr<openai::v1::Model> FindPlain(const CallContext& call, const std::string& model);

  const TurnTools tools_;
};

// MODEL_NOT_FOUND for `model`, the field of that name.
absl::Status ModelNotFound();

}  // namespace dramatis::conversation
