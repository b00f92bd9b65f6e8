// Where lore stands in a prompt, and what of it is left out first. Pure functions.
#pragma once

#include <cstddef>
#include <vector>

#include "dramatis/prompt/v1/prompt.pb.h"

namespace dramatis::inference {

bool IsLore(prompt::v1::PartKind kind);

// Of two kinds of parts, the one with the lower place stands first: by their numbers, but lore
// before and after the biography.
int PlaceOf(prompt::v1::PartKind kind);

// The lore among the parts as it gets its room: what stays from before first, then by priority, of
// equals the last one first.
std::vector<size_t> LoreByWorth(const std::vector<const prompt::v1::PromptPart*>& parts);

// Puts what stands among the messages into its places; `lore` is in the order in which it was
// offered.
void PutAmong(const std::vector<const prompt::v1::PromptPart*>& lore,
              std::vector<prompt::v1::PromptMessage>& messages);

// Whether a message of a prompt is lore.
bool IsLore(const prompt::v1::PromptMessage& message);

}  // namespace dramatis::inference
