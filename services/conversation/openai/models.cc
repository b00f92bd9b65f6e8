#include "services/conversation/openai/models.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/conversation/openai/embeddings.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;
namespace persona = dramatis::persona::v1;

constexpr char kPlain[] = "plain/";
constexpr char kModelObject[] = "model";
constexpr int kPage = 100;
constexpr int kMostPages = 10;
constexpr size_t kLongestName = 100;

// As the caller is shown it: what hides its type is no AI to them.
bool IsAi(const persona::Persona& row) {
  return row.type() == persona::PERSONA_TYPE_AI_AGENT ||
         row.type() == persona::PERSONA_TYPE_AI_AMBIGUOUS;
}

// A key for certain personas is for these alone.
bool MayUsePlainModels(const CallContext& call) {
  return call.identity.MayUsePersona("");
}

openai::v1::Model ToModel(const persona::Persona& row) {
  openai::v1::Model model;
  model.set_id(row.persona_id());
  model.set_object(kModelObject);
  model.set_created(static_cast<uint32_t>(row.create_time().seconds()));
  model.set_owned_by("dramatis");
  model.set_name(row.name());
  model.set_description(row.description());
  return model;
}

openai::v1::Model ToPlainModel(const std::string& name) {
  openai::v1::Model model;
  model.set_id(absl::StrCat(kPlain, name));
  model.set_object(kModelObject);
  model.set_owned_by(name.substr(0, name.find('/')));
  model.set_name(model.id());
  model.set_description("A model without a persona: nothing is stored or remembered.");
  return model;
}

openai::v1::Model ToEmbedder(const std::string& id) {
  openai::v1::Model model;
  model.set_id(id);
  model.set_object(kModelObject);
  const std::string name = id.substr(sizeof(kPlain) - 1);
  model.set_owned_by(name.substr(0, name.find('/')));
  model.set_name(id);
  model.set_description("Makes vectors of texts, for /v1/embeddings; it does not chat.");
  return model;
}

}  // namespace

absl::Status ModelNotFound() {
  return Error(
      absl::StatusCode::kNotFound, openai::v1::ERROR_REASON_MODEL_NOT_FOUND,
      "no persona that you may talk to and no model has this name, or several have it; GET "
      "/v1/models lists them",
      {{"param", "model"}});
}

absl::StatusOr<openai::v1::ListModelsResponse> OpenAiModels::List(const CallContext& call) {
  const std::string& user_id = call.identity.user_id;
  const CallContext own = call.AsService(user_id);
  std::vector<openai::v1::Model> others;
  openai::v1::ListModelsResponse response;
  response.set_object("list");
  persona::ListPersonasRequest request;
  request.set_page_size(kPage);
  for (int pages = 0; pages < kMostPages; ++pages) {
    DRAMATIS_ASSIGN_OR_RETURN(const persona::ListPersonasResponse page,
                              tools_.personas.List(own, request));
    for (const persona::Persona& row : page.personas()) {
      if (!IsAi(row) || !call.identity.MayUsePersona(row.persona_id())) continue;
      if (row.owner_id() == user_id) {
        *response.add_data() = ToModel(row);
      } else {
        others.push_back(ToModel(row));
      }
    }
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  for (openai::v1::Model& model : others)
    *response.add_data() = std::move(model);
  if (!MayUsePlainModels(call)) return response;
  DRAMATIS_ASSIGN_OR_RETURN(const inference::ListModelsResponse models,
                            tools_.inference.Models(own));
  for (const auto& model : models.models())
    *response.add_data() = ToPlainModel(model.name());
  DRAMATIS_ASSIGN_OR_RETURN(const std::string embedder, EmbedderName(tools_, call));
  if (!embedder.empty()) *response.add_data() = ToEmbedder(embedder);
  return response;
}

absl::StatusOr<openai::v1::Model> OpenAiModels::Get(const CallContext& call,
                                                    const std::string& model) {
  if (absl::StartsWith(model, kPlain)) {
    absl::StatusOr<openai::v1::Model> plain = FindPlain(call, model);
    if (!absl::IsNotFound(plain.status()) || !MayUsePlainModels(call)) return plain;
    DRAMATIS_ASSIGN_OR_RETURN(const std::string embedder, EmbedderName(tools_, call));
    return model == embedder ? ToEmbedder(embedder) : plain;
  }
  if (!IsUuid(model)) {
    DRAMATIS_ASSIGN_OR_RETURN(const persona::Persona row, FindNamed(call, model));
    return ToModel(row);
  }
  const std::string& user_id = call.identity.user_id;
  persona::RenderPersonaRequest request;
  request.set_persona_id(model);
  request.set_user_id(user_id);
  const absl::StatusOr<RenderedPersona> rendered =
      tools_.personas.Render(call.AsService(user_id), request).get();
  if (absl::IsNotFound(rendered.status())) return ModelNotFound();
  if (!rendered.ok()) return rendered.status();
  if (!CheckAnswersAsAi(*rendered, call.identity).ok() || !call.identity.MayUsePersona(model)) {
    return ModelNotFound();
  }
  // By its name, which has all of it.
  const absl::StatusOr<persona::Persona> row = FindNamed(call, rendered->name());
  if (row.ok() && row->persona_id() == rendered->persona_id()) return ToModel(*row);
  persona::Persona known;
  known.set_persona_id(rendered->persona_id());
  known.set_name(rendered->name());
  return ToModel(known);
}

absl::StatusOr<Answerer> OpenAiModels::Find(const CallContext& call, const std::string& model) {
  Answerer answerer;
  if (absl::StartsWith(model, kPlain)) {
    DRAMATIS_RETURN_IF_ERROR(FindPlain(call, model).status());
    answerer.plain_model = std::string(absl::StripPrefix(model, kPlain));
  } else if (IsUuid(model)) {
    answerer.persona_id = model;
  } else {
    DRAMATIS_ASSIGN_OR_RETURN(const persona::Persona row, FindNamed(call, model));
    answerer.persona_id = row.persona_id();
  }
  if (!call.identity.MayUsePersona(answerer.persona_id)) return ModelNotFound();
  return answerer;
}

absl::StatusOr<persona::Persona> OpenAiModels::FindNamed(const CallContext& call,
                                                         const std::string& name) {
  if (CodePoints(name) > kLongestName) return ModelNotFound();
  const std::string& user_id = call.identity.user_id;
  persona::ListPersonasRequest request;
  request.set_name(name);
  request.set_page_size(kPage);
  DRAMATIS_ASSIGN_OR_RETURN(const persona::ListPersonasResponse page,
                            tools_.personas.List(call.AsService(user_id), request));
  const persona::Persona* found = nullptr;
  bool several = false;
  for (const persona::Persona& row : page.personas()) {
    if (!IsAi(row) || !call.identity.MayUsePersona(row.persona_id())) continue;
    if (row.owner_id() == user_id) return row;
    several = found != nullptr;
    found = &row;
    if (several) break;
  }
  // One's own name is nobody else's to take; of others' personas only an only one is meant.
  if (found == nullptr || several) return ModelNotFound();
  return *found;
}

absl::StatusOr<openai::v1::Model> OpenAiModels::FindPlain(const CallContext& call,
                                                          const std::string& model) {
  if (!MayUsePlainModels(call)) return ModelNotFound();
  DRAMATIS_ASSIGN_OR_RETURN(const inference::ListModelsResponse models,
                            tools_.inference.Models(call.AsService(call.identity.user_id)));
  for (const auto& known : models.models()) {
    if (absl::StrCat(kPlain, known.name()) == model) return ToPlainModel(known.name());
  }
  return ModelNotFound();
}

}  // namespace dramatis::conversation
