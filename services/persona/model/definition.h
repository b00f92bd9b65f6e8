// Facts about a persona's definition: defaults, checks that field rules cannot say, what of it a
// caller sees. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dramatis/persona/v1/persona.pb.h"

#include "services/persona/model/store.h"
#include "shared/call/call.h"
#include "shared/status/errors.h"

namespace dramatis::persona {

// The eight traits in the order of the proto, 50 where unset.
inline constexpr int kTraitCount = 8;
std::array<int, kTraitCount> Traits(const v1::Persona& persona);

// The domains of knowledge, [general] where none is named.
std::vector<v1::Knowledge> KnowledgeOf(const v1::Persona& persona);
// A bit for each domain: 1 << its number.
int64_t KnowledgeMask(const std::vector<v1::Knowledge>& domains);
// The style, casual where unset.
v1::CommunicationStyle StyleOf(const v1::Persona& persona);

// What a search looks through: `text` folded as words are. U+0000, which SQL text
// cannot hold, becomes a space.
std::string SearchText(const std::string& text);

// The definition with every default filled in.
v1::Persona WithDefaults(v1::Persona definition);
// The model's parameters with defaults filled in.
v1::ModelConfig WithDefaults(v1::ModelConfig config);

// What is wrong with a definition beyond the field rules; fields are named as in a request,
// `persona.name`.
std::vector<FieldViolation> CheckDefinition(const v1::Persona& definition);

// Whether the caller may see that the persona exists.
bool IsVisible(const PersonaRow& row, const Identity& identity);
// The persona as this caller may see it: defaults filled in; what is the owner's alone left out for
// everybody else. `masked`: what it is stays hidden from this caller, as an ambiguous one's is from
// all.
v1::Persona Present(const PersonaRow& row, const Identity& identity, bool masked = false);
// Names one version of one persona, for If-Match.
std::string Etag(const PersonaRow& row);
// Names the picture that a persona was given at `time`.
std::string AvatarEtag(absl::Time time);

}  // namespace dramatis::persona
