#include "services/inference/generation/generations.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/prompt/thinking.h"
#include "services/inference/usage/payer.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

constexpr int kDefaultOutputTokens = 1024;
constexpr int kMostOutputTokens = 32768;
constexpr double kMostTemperature = 2;
constexpr int kMostStops = 4;
constexpr int kMostFallbacks = 4;

using Violations = std::vector<FieldViolation>;

void CheckParameters(const prompt::v1::ModelParameters& parameters, Violations& violations) {
  const auto check = [&](bool good, const char* field, const char* description) {
    if (!good) violations.push_back({absl::StrCat("parameters.", field), description});
  };
  const double temperature = parameters.temperature();
  check(temperature >= 0 && temperature <= kMostTemperature, "temperature", "must be 0 to 2");
  const int tokens = parameters.max_output_tokens();
  check(!parameters.has_max_output_tokens() || (tokens >= 1 && tokens <= kMostOutputTokens),
        "max_output_tokens", "must be 1 to 32768");
  check(parameters.top_p() >= 0 && parameters.top_p() <= 1, "top_p", "must be 0 to 1");
  check(parameters.stop_size() <= kMostStops, "stop", "must have at most 4 items");
  check(parameters.fallback_models_size() <= kMostFallbacks, "fallback_models",
        "must have at most 4 items");
}

// What the field rules of the messages' own package do not say.
absl::Status CheckRequest(const v1::StreamGenerateRequest& request) {
  Violations violations;
  for (int i = 0; i < request.parts_size(); ++i) {
    const prompt::v1::PartKind kind = request.parts(i).kind();
    if (kind == prompt::v1::PART_KIND_UNSPECIFIED || !prompt::v1::PartKind_IsValid(kind)) {
      violations.push_back({absl::StrCat("parts[", i, "].kind"), "must be set"});
    }
    const prompt::v1::PromptPart& part = request.parts(i);
    if (kind == prompt::v1::PART_KIND_SUMMARY &&
        (part.from_sequence() < 1 || part.to_sequence() < part.from_sequence())) {
      violations.push_back({absl::StrCat("parts[", i, "].to_sequence"),
                            "must name, with from_sequence, the messages it stands for"});
    }
  }
  for (int i = 0; i < request.messages_size(); ++i) {
    const prompt::v1::Role role = request.messages(i).role();
    if (role == prompt::v1::ROLE_UNSPECIFIED || !prompt::v1::Role_IsValid(role)) {
      violations.push_back({absl::StrCat("messages[", i, "].role"), "must be set"});
    }
  }
  if (request.messages().empty()) {
    violations.push_back({"messages", "must not be empty"});
  } else if (request.messages().rbegin()->role() != prompt::v1::ROLE_USER) {
    violations.push_back({"messages", "must end with a message of role user"});
  }
  CheckParameters(request.parameters(), violations);
  if (!violations.empty()) return FieldErrors(violations);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Route>> Resolve(const Router& router,
                                           const prompt::v1::ModelParameters& parameters) {
  return router.Resolve(parameters.model(),
                        {parameters.fallback_models().begin(), parameters.fallback_models().end()});
}

// Packs one request for any model.
class Packer {
 public:
  Packer(const v1::StreamGenerateRequest& request, absl::Time deadline, CutNotices& notices)
      : request_(std::make_shared<const v1::StreamGenerateRequest>(WithoutThinking(request))),
        deadline_(deadline),
        notices_(notices) {}

  absl::StatusOr<ModelRequest> operator()(const Route& route) const {
    ModelRequest model_request = {.model = route.model,
                                  .prompt = nullptr,
                                  .parameters = request_->parameters(),
                                  .persona_name = request_->persona_name(),
                                  .deadline = deadline_,
                                  .user_id = request_->user_id()};
    if (!model_request.parameters.has_max_output_tokens()) {
      model_request.parameters.set_max_output_tokens(kDefaultOutputTokens);
    }
    model_request.parameters.set_model(route.FullName());
    std::optional<int> lore_tokens;
    if (request_->has_lore_tokens()) lore_tokens = request_->lore_tokens();
    DRAMATIS_ASSIGN_OR_RETURN(PackedPrompt packed,
                              Pack(request_->parts(), request_->messages(),
                                   {.window_tokens = route.model.window_tokens,
                                    .output_tokens = model_request.parameters.max_output_tokens(),
                                    .lore_tokens = lore_tokens,
                                    .meter = route.model.meter()}));
    notices_.Note(packed.manifest, route.FullName());
    packed.manifest.set_model(route.FullName());
    *packed.manifest.mutable_parameters() = model_request.parameters;
    packed.manifest.set_request_hash(
        RequestHash(route.FullName(), model_request.parameters, packed));
    model_request.prompt = std::make_shared<const PackedPrompt>(std::move(packed));
    return model_request;
  }

 private:
  // Replies that were stored before thinking was taken off them.
  static v1::StreamGenerateRequest WithoutThinking(v1::StreamGenerateRequest request) {
    for (prompt::v1::PromptMessage& message : *request.mutable_messages()) {
      if (message.role() != prompt::v1::ROLE_ASSISTANT) continue;
      if (message.text().find('<') == std::string::npos) continue;
      message.set_text(inference::WithoutThinking(message.text()));
    }
    return request;
  }

  std::shared_ptr<const v1::StreamGenerateRequest> request_;  // shared: a std::function is copied
  absl::Time deadline_;
  CutNotices& notices_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GenerationEvents>> Generations::Start(
    const CallContext& call, const v1::StreamGenerateRequest& request) const {
  DRAMATIS_RETURN_IF_ERROR(CheckRequest(request));
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<Route> routes, Resolve(router_, request.parameters()));
  const Packer pack(request, call.deadline - kReportMargin, notices_);
  DRAMATIS_ASSIGN_OR_RETURN(ModelRequest model_request, pack(routes.front()));
  auto generation =
      std::make_shared<Generation>(parts_, ledger_,
                                   GenerationFacts{.payer = PayerOf(call, request.user_id()),
                                                   .persona_id = request.persona_id(),
                                                   .persona_name = request.persona_name(),
                                                   .turn_key = request.turn_key(),
                                                   .correlation_id = call.correlation_id});
  generation->Start({.first = {routes.front(), std::move(model_request)},
                     .others = {routes.begin() + 1, routes.end()},
                     .pack = pack,
                     .correlation_id = call.correlation_id});
  return std::make_unique<GenerationStream>(std::move(generation));
}

absl::StatusOr<v1::PackPromptResponse> Generations::Pack(
    const CallContext& call, const v1::PackPromptRequest& request) const {
  DRAMATIS_RETURN_IF_ERROR(CheckRequest(request.request()));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<Route> routes,
                            Resolve(router_, request.request().parameters()));
  const Packer pack(request.request(), call.deadline, notices_);
  DRAMATIS_ASSIGN_OR_RETURN(const ModelRequest model_request, pack(routes.front()));
  v1::PackPromptResponse response;
  const PackedPrompt& prompt = *model_request.prompt;
  *response.mutable_manifest() = prompt.manifest;
  response.set_system(SystemText(prompt));
  for (ChatTurn& turn : ChatTurns(prompt)) {
    prompt::v1::PromptMessage& message = *response.add_messages();
    message.set_role(turn.role);
    message.set_text(std::move(turn.text));
  }
  // Retrieval calls no model.
  const bool paid = !routes.front().provider->retrieval();
  response.set_most_micros(paid ? static_cast<double>(MostOf(model_request).micros) : 0);
  return response;
}

}  // namespace dramatis::inference
