// Lore as it is matched and told: only entries that count, the decorators before their contents
// read (Character Card V3, "Decorators"). Pure functions.
//
//   // "@@depth 2\n@@role assistant\nI am tired." stands two messages from the end, said by the
//   // persona.
//   const v1::Lore rendered = RenderedLore(lore);
//
// Read are: activate, dont_activate, constant, depth, role, scan_depth, position (before_desc,
// after_desc), additional_keys, exclude_keys, activate_only_after, keep_activate_after_match,
// dont_activate_after_match, probability. Others are taken off, and what stands below them as
// `@@@...` is read in their place.
#pragma once

#include <string>
#include <vector>

#include "dramatis/persona/v1/lore.pb.h"

namespace dramatis::persona {

inline constexpr int kDefaultLoreDepth = 4;

v1::Lore RenderedLore(const v1::Lore& lore);

// The field of each pattern of the entry that RE2 does not take, as `keys[2]`.
std::vector<std::string> BadPatterns(const v1::LoreEntry& entry);

}  // namespace dramatis::persona
