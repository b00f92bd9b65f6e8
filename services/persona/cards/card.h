// A character card's document and the persona that it makes. Versions 1 (the members of a card at
// the top), 2 and 3 (in `data`), and newer ones, which are read as 3. Pure functions.
//
//   absl::StatusOr<boost::json::object> card = ParseCard(text);
//   const CardPersona made = ToPersona(*card);
//   // of `name`, `description`, ... a persona with a name, a biography, a greeting
//
// What a persona has no field for stays in the card and is in no prompt: `extensions`, `assets`,
// ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "dramatis/persona/v1/cards.pb.h"
#include "dramatis/persona/v1/lore.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "absl/status/statusor.h"

namespace dramatis::persona {

// VALIDATION_FAILED where it is no JSON object, or none that is a card.
absl::StatusOr<boost::json::object> ParseCard(std::string_view text);

struct CardPersona {
  v1::Persona definition;
  v1::Lore lore;  // its book: lore/book.h
  // What of the card the persona has not, or only in part.
  std::vector<std::string> warnings;
};

CardPersona ToPersona(const boost::json::object& card);

// A card of version 3 for a persona that was made without one.
boost::json::object NewCard(const v1::Persona& definition, const v1::Lore& lore);

// The card with what differs in `now` from the persona that the card makes; nothing changed: the
// same card.
boost::json::object WithChanges(boost::json::object card,
                                const v1::Persona& now,
                                const v1::Lore& lore);

// The version that a card is of; UNSPECIFIED of version 1.
v1::CardSpec SpecOf(const boost::json::object& card);

// The card in that version; the same card where it is of it, or UNSPECIFIED is asked for. Members
// that the version does not know are kept.
boost::json::object InSpec(boost::json::object card, v1::CardSpec spec);

}  // namespace dramatis::persona
