// A character card's book as lore, and lore as a card's book. Members that the lore has no field
// for stay in the card. Pure functions.
//
//   std::vector<std::string> warnings;
//   const v1::Lore lore = ToLore(card.at("data").as_object(), warnings);
//
// Beside the members of the specifications, those are read that SillyTavern keeps in an entry's
// `extensions`: position, depth, role, selectiveLogic, scan_depth, sticky, cooldown, delay,
// probability, match_whole_words, and the three of recursion.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "dramatis/persona/v1/lore.pb.h"

namespace dramatis::persona {

// The book in the members of a character; without entries where there is none. Entries are named by
// their place in it, from 1 on.
v1::Lore ToLore(const boost::json::object& data, std::vector<std::string>& warnings);

// Changes the book in `data` so that it makes `now`. What of an entry is as it was stays to the
// byte.
void SetLore(const v1::Lore& now, boost::json::object& data);

}  // namespace dramatis::persona
