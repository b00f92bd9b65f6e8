// The words of a text, as both full-text indexes get them: FTS5 and PostgreSQL split and fold text
// by rules of their own, which differ and which depend on the server's locale. So we do it once,
// for what is remembered and for what is asked; the engines stem the words and find them.
//
//   SearchWords("Adas Café — she's been to Malmö, 2x")
//       == {"adas", "cafe", "malmo", "2x"}
//
// A word is letters and digits only, so it can stand in any query language without being quoted.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis::memory {

// The most words that one query looks for.
inline constexpr size_t kMostQueryWords = 64;

// The words of valid UTF-8, in order: compatibility forms and case folded (Unicode, NFKC_Casefold),
// accents dropped, English stop words left out. Scripts that do not put spaces between words are
// cut into overlapping pairs of characters: "猫が好き" gives 猫が, が好, 好き. Of a word over 64
// characters, the first 64.
std::vector<std::string> SearchWords(std::string_view text);

// Every word of a text as SearchWords folds them, stop words included, separated by spaces: of two
// texts that say the same in the same words, the same.
std::string FoldedText(std::string_view text);

// What an index stores of a text: its words, separated by spaces.
std::string IndexedText(std::string_view text);

// The words to look for: each once, at most kMostQueryWords. Of more, the first half from the
// text's beginning and the rest from its end, where a long message says what it wants.
std::vector<std::string> QueryWords(std::string_view text);

}  // namespace dramatis::memory
