// Which entries of a persona's lore are told in a prompt, and why. A pure function of the messages,
// the book and what fired before in the conversation; its effects in time are SillyTavern's: an
// entry that fires with message n is told until message n + sticky, and does not fire again for
// `cooldown` messages from then on.
//
//   const std::vector<prompt::v1::PromptPart> parts = MatchLore({.book = persona.lore(), ...});
//
// An entry fires that is constant, still sticky, or one of whose keys is in the newest `scan_depth`
// messages; secondary and exclude keys, delay, cooldown and probability may keep it from that.
// Where the book says so, the contents of what fired are looked through in the same way, again and
// again. Keys match without regard to case, accents and width, unless an entry is case-sensitive.
#pragma once

#include <string>
#include <vector>

#include "dramatis/persona/v1/lore.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/conversation/model/peers.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

struct LoreScene {
  const RenderedPersona& persona;            // whose book it is, macros replaced
  const std::vector<std::string>& messages;  // in time order
  int newest_sequence = 0;                   // of the last one
  std::vector<LoreFiring> firings = {};      // before, in this conversation
  std::string conversation_id = {};
};

// What is told, in the order in which it stands in a prompt.
std::vector<dramatis::prompt::v1::PromptPart> MatchLore(const LoreScene& scene);

// The parts that a manifest names as told, made of the persona as it was then; what it has not any
// more is left out.
std::vector<dramatis::prompt::v1::PromptPart> LoreAgain(
    const RenderedPersona& persona, const dramatis::prompt::v1::PromptManifest& manifest);

// Whether an entry of the book has effects in time, so that what fired before matters.
bool HasTimedLore(const RenderedPersona& persona);

// What is to be remembered of the lore among `parts` that a prompt kept.
std::vector<LoreFiring> NewFirings(
    const google::protobuf::RepeatedPtrField<dramatis::prompt::v1::PromptPart>& parts,
    const dramatis::prompt::v1::PromptManifest& manifest,
    int newest_sequence);

}  // namespace dramatis::conversation
