// What may stand in a name: of a persona, a user, a title. A name is read by people and by models,
// who tell two of them apart by what they see. Pure functions over valid UTF-8.
//
//   NameProblem("Ann\u200B")              // "must not contain the invisible character U+200B"
//   NameKey("ÉLAN  Vital") == NameKey("élan vital")
//
// Refused are control characters and ends of lines, bidirectional controls, private use, and every
// Default_Ignorable_Code_Point (UAX #44), as UTS #39 restricts identifiers. Allowed where they are
// seen or change what is seen:
//   - U+200D and U+200C after a virama, U+200C between joining letters (RFC 5892, A.1 and A.2):
//     Persian and Indic words need them
//   - U+200D between emoji; U+FE0E and U+FE0F after an emoji; variation selectors after a Han
//     character, Mongolian ones after Mongolian letters; tags in the flags that Unicode names
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dramatis {

// What is wrong with the name; nullopt where nothing is.
std::optional<std::string> NameProblem(std::string_view name);

// What two names are compared by: the same for names that look the same but for case, width, white
// space and invisible characters (NFKC_Casefold).
std::string NameKey(std::string_view name);

// The text with the case of each code point folded to one other, in any script: as many code points
// as before, so that what is found in it is found in the text.
std::string FoldCase(std::string_view text);

// Whether nothing of the text is seen: white space and invisible characters alone. A text that is
// seen keeps what is invisible in it.
bool IsBlank(std::string_view text);

// The text without the characters that a name must not contain; ends of lines become spaces.
std::string WithoutInvisible(std::string_view text);

}  // namespace dramatis
