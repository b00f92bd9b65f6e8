// The text a persona contributes to every prompt (contract: "Prompt"). Pure, and deterministic: the
// same version gives the same bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "dramatis/persona/v1/persona.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/persona/store.h"

namespace dramatis::persona {

// Renders the parts in the order of PartKind, without those that would be empty; conversation puts
// its frame between them. A biography of more than `max_bytes` is cut at a paragraph and the prompt
// says so; otherwise it stands in its part byte for byte.
v1::PersonaPrompt RenderPrompt(const PersonaRow& row, size_t max_bytes);

// The longest beginning of at most `max_bytes` that ends with a paragraph (an empty line follows).
// Where that would lose more than half of them, the longest that ends with a line, a word, a code
// point.
std::string_view CutAtParagraph(std::string_view text, size_t max_bytes);

// How the persona's model is to be called, defaults filled in.
prompt::v1::ModelParameters RenderParameters(const v1::Persona& definition);

}  // namespace dramatis::persona
