// The text a persona contributes to every prompt (contract: "Prompt"). Pure, and deterministic: the
// same version gives the same bytes.
#pragma once

#include <cstddef>

#include "dramatis/persona/v1/persona.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/persona/model/store.h"

namespace dramatis::persona {

// Renders the parts in the order of PartKind, without those that would be empty; conversation puts
// its frame between them. A biography of more than `max_bytes`, which is what a deployment may
// still say, is cut at a paragraph and the prompt says so; otherwise it stands in its part byte for
// byte. Inference cuts it where the model that answers has no room for it.
v1::PersonaPrompt RenderPrompt(const PersonaRow& row, size_t max_bytes);

// How the persona's model is to be called, defaults filled in.
prompt::v1::ModelParameters RenderParameters(const v1::Persona& definition);

}  // namespace dramatis::persona
