#include "services/persona/model/definition.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/text/words.h"
#include "shared/time/timestamps.h"

namespace dramatis::persona {
namespace {

constexpr int kDefaultTrait = 50;
constexpr int kDefaultMaxOutputTokens = 1024;

// Hides from a stranger whether a model speaks, and what only a model's persona has.
void Mask(v1::Persona& persona, bool masked) {
  if (persona.type() != v1::PERSONA_TYPE_AI_AMBIGUOUS && !masked) return;
  persona.set_type(v1::PERSONA_TYPE_UNKNOWN);
  persona.clear_response_delay();
}

}  // namespace

std::array<int, kTraitCount> Traits(const v1::Persona& persona) {
  const v1::Personality& p = persona.personality();
  return {p.has_openness() ? p.openness() : kDefaultTrait,
          p.has_conscientiousness() ? p.conscientiousness() : kDefaultTrait,
          p.has_extraversion() ? p.extraversion() : kDefaultTrait,
          p.has_agreeableness() ? p.agreeableness() : kDefaultTrait,
          p.has_neuroticism() ? p.neuroticism() : kDefaultTrait,
          p.has_creativity() ? p.creativity() : kDefaultTrait,
          p.has_assertiveness() ? p.assertiveness() : kDefaultTrait,
          p.has_empathy() ? p.empathy() : kDefaultTrait};
}

std::vector<v1::Knowledge> KnowledgeOf(const v1::Persona& persona) {
  if (persona.knowledge().empty()) return {v1::KNOWLEDGE_GENERAL};
  std::vector<v1::Knowledge> domains;
  for (const int domain : persona.knowledge()) {
    domains.push_back(static_cast<v1::Knowledge>(domain));
  }
  return domains;
}

int64_t KnowledgeMask(const std::vector<v1::Knowledge>& domains) {
  int64_t mask = 0;
  for (const v1::Knowledge domain : domains)
    mask |= int64_t{1} << domain;
  return mask;
}

v1::CommunicationStyle StyleOf(const v1::Persona& persona) {
  return persona.communication_style() == v1::COMMUNICATION_STYLE_UNSPECIFIED
             ? v1::COMMUNICATION_STYLE_CASUAL
             : persona.communication_style();
}

std::string SearchText(const std::string& text) {
  std::string searched = FoldCharacters(text);
  std::replace(searched.begin(), searched.end(), '\0', ' ');
  return searched;
}

v1::ModelConfig WithDefaults(v1::ModelConfig config) {
  if (!config.has_max_output_tokens()) config.set_max_output_tokens(kDefaultMaxOutputTokens);
  return config;
}

v1::Persona WithDefaults(v1::Persona definition) {
  const std::array<int, kTraitCount> traits = Traits(definition);
  v1::Personality& personality = *definition.mutable_personality();
  personality.set_openness(traits[0]);
  personality.set_conscientiousness(traits[1]);
  personality.set_extraversion(traits[2]);
  personality.set_agreeableness(traits[3]);
  personality.set_neuroticism(traits[4]);
  personality.set_creativity(traits[5]);
  personality.set_assertiveness(traits[6]);
  personality.set_empathy(traits[7]);
  if (definition.knowledge().empty()) definition.add_knowledge(v1::KNOWLEDGE_GENERAL);
  definition.set_communication_style(StyleOf(definition));
  *definition.mutable_model_config() = WithDefaults(definition.model_config());
  if (definition.allowed_interactions().empty()) {
    definition.add_allowed_interactions(v1::INTERACTION_CASUAL_CHAT);
  }
  return definition;
}

std::vector<FieldViolation> CheckDefinition(const v1::Persona& definition) {
  std::vector<FieldViolation> violations;
  if (definition.type() == v1::PERSONA_TYPE_UNKNOWN) {
    violations.push_back({"persona.type", "must be human, ai_agent or ai_ambiguous"});
  }
  const auto& domains = definition.knowledge();
  if (std::find(domains.begin(), domains.end(), v1::KNOWLEDGE_UNSPECIFIED) != domains.end()) {
    violations.push_back({"persona.knowledge", "must name domains of knowledge"});
  }
  const auto& interactions = definition.allowed_interactions();
  if (std::find(interactions.begin(), interactions.end(), v1::INTERACTION_UNSPECIFIED) !=
      interactions.end()) {
    violations.push_back({"persona.allowed_interactions", "must name kinds of interaction"});
  }
  if (definition.response_delay().max_ms() < definition.response_delay().min_ms()) {
    violations.push_back({"persona.response_delay.max_ms", "must not be less than min_ms"});
  }
  return violations;
}

bool IsVisible(const PersonaRow& row, const Identity& identity) {
  return !row.deleted && (row.definition.is_public() || identity.MayManage(row.owner_id));
}

v1::Persona Present(const PersonaRow& row, const Identity& identity, bool masked) {
  v1::Persona persona = WithDefaults(row.definition);
  if (identity.MayManage(row.owner_id)) {
    persona.set_owner_id(row.owner_id);
  } else {
    // The text of a source is its operator's; a biography given inline is there to be read.
    if (persona.has_source_uri()) persona.clear_biography();
    persona.clear_source_uri();
    persona.clear_system_prompt();
    persona.clear_model_config();
    Mask(persona, masked);
  }
  persona.set_persona_id(row.persona_id);
  persona.set_version(row.version);
  persona.set_etag(Etag(row));
  if (row.avatar_time.has_value()) persona.set_avatar_etag(AvatarEtag(*row.avatar_time));
  *persona.mutable_create_time() = ToTimestamp(row.create_time);
  *persona.mutable_update_time() = ToTimestamp(row.update_time);
  return persona;
}

std::string Etag(const PersonaRow& row) {
  return absl::StrCat(row.version);
}

std::string AvatarEtag(absl::Time time) {
  return absl::StrCat(absl::Hex(absl::ToUnixMicros(time)));
}

}  // namespace dramatis::persona
