// libFuzzer: a card's document from anywhere. What a card makes is a persona that may be made, and
// a card that was taken over without changes is the same one; a book that was changed is read back
// as it was written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/json/serialize.hpp>

#include "services/persona/cards/card.h"
#include "services/persona/lore/rendered_lore.h"
#include "services/persona/model/definition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dramatis::persona;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto card = ParseCard(text);
  if (!card.ok()) return 0;
  const CardPersona made = ToPersona(*card);
  if (!CheckDefinition(made.definition).empty()) std::abort();
  if (WithChanges(*card, made.definition, made.lore) != *card) std::abort();
  RenderedLore(made.lore);
  v1::Lore changed = made.lore;
  for (v1::LoreEntry& entry : *changed.mutable_entries())
    entry.set_content("changed");
  v1::Lore again = ToPersona(WithChanges(*card, made.definition, changed)).lore;
  for (v1::Lore* const lore : {&changed, &again}) {
    for (v1::LoreEntry& entry : *lore->mutable_entries())
      entry.clear_entry_id();
  }
  if (again.SerializeAsString() != changed.SerializeAsString()) std::abort();
  for (const v1::CardSpec spec : {v1::CARD_SPEC_V2, v1::CARD_SPEC_V3}) {
    if (!ParseCard(boost::json::serialize(InSpec(*card, spec))).ok()) std::abort();
  }
  return 0;
}
