#include "services/persona/personas/personas.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/persona/model/definition.h"
#include "services/persona/personas/compatibility.h"
#include "services/persona/personas/listing.h"
#include "shared/call/if_match.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

// How often a change starts again when another one came first.
constexpr int kUpdateAttempts = 5;

constexpr const char* kSourceUriField = "persona.source_uri";

// The author's fields of `persona`, as they are kept.
v1::Persona Authored(const v1::Persona& persona) {
  v1::Persona definition;
  MergeFields(persona, {}, definition);
  return definition;
}

// Brings a definition into the one form it is kept in.
void Normalize(v1::Persona& definition) {
  definition.set_name(std::string(TrimSpace(definition.name())));
  if (definition.source_uri().empty()) definition.clear_source_uri();
}

// Whether an update says something about the top-level field `name`.
bool Names(const v1::UpdatePersonaRequest& request, std::string_view name) {
  if (request.update_mask().paths().empty()) {
    const google::protobuf::FieldDescriptor* field =
        v1::Persona::descriptor()->FindFieldByName(std::string(name));
    return v1::Persona::GetReflection()->HasField(request.persona(), field);
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path == name) return true;
  }
  return false;
}

bool SameDefinition(const v1::Persona& one, const v1::Persona& other) {
  // No maps and no unknown fields: equal messages have equal bytes.
  return one.SerializeAsString() == other.SerializeAsString();
}

// What PERSONA_VIEW_BASIC is without.
void ClearTexts(v1::Persona& persona) {
  persona.clear_biography();
  persona.clear_system_prompt();
  persona.clear_greeting();
  persona.clear_alternate_greetings();
  persona.clear_group_only_greetings();
}

}  // namespace

Personas::Personas(const Config& config, const Parts& parts)
    : config_(config),
      store_(parts.store),
      source_(parts.source),
      follower_(parts.follower),
      default_persona_(parts.default_persona),
      clock_(parts.clock),
      ids_(parts.ids),
      logger_(parts.logger) {}

absl::StatusOr<v1::ListPersonasResponse> Personas::List(const CallContext& call,
                                                        const v1::ListPersonasRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaQuery query, MakeQuery(call, request));
  v1::ListPersonasResponse response;
  // Whose a persona is, only its owner and admins see: to others such a filter would tell.
  if (query.visible_to.has_value() && query.owner_id.has_value() &&
      *query.visible_to != *query.owner_id) {
    return response;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaPage page, store_.List(query));
  std::set<std::string> masked;
  if (!call.identity.IsAdmin()) {
    DRAMATIS_ASSIGN_OR_RETURN(masked, store_.MaskedFor(call.identity.user_id));
  }
  const std::string name = NameKey(request.name());
  for (const PersonaRow& row : page.personas) {
    if (!name.empty() && NameKey(row.definition.name()) != name) continue;
    v1::Persona& shown = *response.add_personas();
    shown = Present(row, call.identity, masked.contains(row.persona_id));
    if (request.view() == v1::PERSONA_VIEW_BASIC) ClearTexts(shown);
  }
  if (page.more && name.empty()) {
    response.set_next_page_token(MakePageToken(call, request, page.personas.back()));
  }
  return response;
}

absl::StatusOr<v1::Persona> Personas::Create(const CallContext& call,
                                             const v1::CreatePersonaRequest& request) {
  PersonaRow row;
  row.definition = Authored(request.persona());
  Normalize(row.definition);
  std::vector<FieldViolation> violations = CheckDefinition(row.definition);
  if (row.definition.has_source_uri() && !row.definition.biography().empty()) {
    violations.push_back({kSourceUriField, "must not be given together with biography"});
  }
  if (!violations.empty()) return FieldErrors(violations);
  DRAMATIS_RETURN_IF_ERROR(CheckType(call, row.definition.type()));
  if (row.definition.has_source_uri()) {
    DRAMATIS_RETURN_IF_ERROR(LoadSource(call, row.definition));
  }
  row.persona_id = ids_.NewId();
  row.owner_id = call.identity.user_id;
  row.create_time = row.update_time = clock_.Now();
  DRAMATIS_ASSIGN_OR_RETURN(v1::Persona answer,
                            store_.Create(call, request, row, Present(row, call.identity)));
  if (answer.persona_id() == row.persona_id) {
    LogIfCut(row, config_.max_biography_bytes, logger_);
  }
  return answer;
}

absl::StatusOr<v1::Persona> Personas::Get(const CallContext& call,
                                          const v1::GetPersonaRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, FindVisible(call, request.persona_id()));
  DRAMATIS_ASSIGN_OR_RETURN(row, follower_.Follow(std::move(row)));
  if (call.identity.MayManage(row.owner_id)) return Present(row, call.identity);
  DRAMATIS_ASSIGN_OR_RETURN(const std::set<std::string> masked,
                            store_.MaskedFor(call.identity.user_id));
  return Present(row, call.identity, masked.contains(row.persona_id));
}

absl::StatusOr<v1::Persona> Personas::Update(const CallContext& call,
                                             const v1::UpdatePersonaRequest& request) {
  for (int attempt = 1;; ++attempt) {
    const absl::StatusOr<PersonaRow> row = TryUpdate(call, request);
    if (row.ok()) return Present(*row, call.identity);
    if (!absl::IsAborted(row.status()) || attempt == kUpdateAttempts) return row.status();
  }
}

absl::StatusOr<PersonaRow> Personas::TryUpdate(const CallContext& call,
                                               const v1::UpdatePersonaRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, FindForChange(call, request.persona_id()));
  DRAMATIS_ASSIGN_OR_RETURN(v1::Persona definition, Changed(call, request, row.definition));
  if (SameDefinition(definition, row.definition)) return row;
  row.definition = std::move(definition);
  row.update_time = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(store_.Update(row));
  ++row.version;
  LogIfCut(row, config_.max_biography_bytes, logger_);
  return row;
}

absl::Status Personas::Delete(const CallContext& call, const v1::DeletePersonaRequest& request) {
  for (int attempt = 1;; ++attempt) {
    DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, FindForChange(call, request.persona_id()));
    if (default_persona_.Is(row.persona_id)) {
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_PERSONA_IN_USE,
                   "the persona is the deployment's default");
    }
    const absl::Status status = store_.Delete(row.persona_id, row.version, clock_.Now());
    if (!absl::IsAborted(status) || attempt == kUpdateAttempts) return status;
  }
}

absl::StatusOr<v1::ComparePersonasResponse> Personas::Compare(
    const CallContext& call, const v1::ComparePersonasRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow one, FindVisible(call, request.persona_id()));
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow other, FindVisible(call, request.with()));
  return persona::Compare(one.definition, other.definition);
}

absl::StatusOr<PersonaRow> Personas::FindVisible(const CallContext& call,
                                                 const std::string& persona_id) {
  if (!IsUuid(persona_id)) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, store_.Find(persona_id));
  if (!IsVisible(row, call.identity)) return NotFoundError("persona");
  return row;
}

absl::StatusOr<PersonaRow> Personas::FindForChange(const CallContext& call,
                                                   const std::string& persona_id) {
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, FindVisible(call, persona_id));
  if (!call.identity.MayManage(row.owner_id)) {
    return PermissionError("only its owner may change the persona");
  }
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row)));
  return row;
}

absl::Status Personas::CheckType(const CallContext& call, v1::PersonaType type) const {
  if (!config_.restrict_ai_personas || type == v1::PERSONA_TYPE_HUMAN || call.identity.IsAdmin()) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_PERSONA_TYPE_RESTRICTED,
               "only admins may make AI personas in this deployment");
}

absl::Status Personas::LoadSource(const CallContext& call, v1::Persona& definition) {
  if (!call.identity.IsAdmin()) {
    return Error(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_PERSONA_SOURCE_NOT_ALLOWED,
                 "only admins may give a persona a source");
  }
  if (const std::string problem = source_.Problem(definition.source_uri()); !problem.empty()) {
    return FieldErrors({{kSourceUriField, problem}});
  }
  DRAMATIS_ASSIGN_OR_RETURN(const SourceText text, source_.Read(definition.source_uri()));
  definition.set_biography(*text);
  return absl::OkStatus();
}

absl::StatusOr<v1::Persona> Personas::Changed(const CallContext& call,
                                              const v1::UpdatePersonaRequest& request,
                                              const v1::Persona& definition) {
  v1::Persona changed = definition;
  const auto& paths = request.update_mask().paths();
  MergeFields(request.persona(), {paths.begin(), paths.end()}, changed);
  Normalize(changed);

  // Biography and source exclude each other: the one that is named takes the other's place. A
  // client that sends back both as it got them changes neither.
  const bool new_source =
      Names(request, "source_uri") && changed.source_uri() != definition.source_uri();
  const bool new_text =
      Names(request, "biography") && changed.biography() != definition.biography();
  std::vector<FieldViolation> violations = CheckDefinition(changed);
  if (new_source && new_text && changed.has_source_uri() && !changed.biography().empty()) {
    violations.push_back({kSourceUriField, "must not be given together with biography"});
  }
  if (!violations.empty()) return FieldErrors(violations);

  if (new_source && changed.has_source_uri()) {
    DRAMATIS_RETURN_IF_ERROR(LoadSource(call, changed));
  } else if (new_source && !new_text) {
    changed.clear_biography();
  } else if (new_text) {
    changed.clear_source_uri();
  }
  return changed;
}

}  // namespace dramatis::persona
