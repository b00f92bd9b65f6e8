// What a word is, for everything that looks for words: search in memories, journals and messages,
// who is addressed, forbidden topics, retrieval. On ICU, so that every script is read by one rule.
//
//   SearchWords("Adas Café — she's been to Malmö, 2x") == {"adas", "cafe", "malmo", "2x"}
//   PhraseFinder("คุณสมชายครับ").Has("สมชาย")               // true
//   PhraseFinder("Anna!").Has("Ann")                       // false
//
// A word is a run of letters, digits and their marks, folded: compatibility forms and case by
// Unicode's NFKC_Casefold, which drops invisible characters, and without accents. So it can stand
// in any query language without being quoted. Scripts that set no spaces between words (Han, kana,
// Hangul for its endings, and those of Line_Break SA: Thai, Lao, Khmer, Burmese...) are cut into
// overlapping pairs of characters: "猫が好き" gives 猫が, が好, 好き.
//
// Pure functions; bytes that are no UTF-8 separate words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dramatis {

// The most words that one query looks for.
inline constexpr size_t kMostQueryWords = 64;

// A folded word, and the bytes of the text that it was made of.
struct Word {
  std::string text;
  size_t begin = 0;
  size_t end = 0;
};

// The words in order, stop words included. A character of an unspaced script that stands alone is a
// word. Of a word over 64 characters, the first 64.
std::vector<Word> SplitWords(std::string_view text);

// What a text is found by: SplitWords, and besides each character of unspaced scripts, so that a
// query of one character finds it.
std::vector<Word> SplitIndexWords(std::string_view text);

// SplitWords without English stop words.
std::vector<std::string> SearchWords(std::string_view text);

// SplitWords, separated by spaces: of two texts that say the same in the same words, the same.
std::string FoldedText(std::string_view text);

// Every character of a text folded as words are, what separates them as it is: for looking for a
// part of a text.
std::string FoldCharacters(std::string_view text);

// What an index stores of a text: SplitIndexWords, without stop words and with, separated by
// spaces.
std::string IndexedText(std::string_view text);
std::string IndexedTextWithStopWords(std::string_view text);

// The words to look for: SearchWords, each once, at most kMostQueryWords. Of more, the first half
// from the text's beginning and the rest from its end, where a long message says what it wants.
std::vector<std::string> QueryWords(std::string_view text);
// The same; where all are stop words, those.
std::vector<std::string> QueryWordsOrStopWords(std::string_view text);

// The stop words of PostgreSQL's and Snowball's English dictionaries, folded; the pieces that an
// apostrophe leaves behind and single letters of the Latin alphabet are among them.
bool IsStopWord(std::string_view word);

// Finds names and phrases as words of a text: next to each other, whatever separates them. Between
// the characters of unspaced scripts a phrase may begin and end wherever a syllable can: not
// between a letter and its vowel or tone. A phrase of Hangul may be followed by particles (민수야).
class PhraseFinder {
 public:
  explicit PhraseFinder(std::string_view text);

  // Whether the words of `phrase` stand in the text. Not for a phrase without any.
  bool Has(std::string_view phrase) const;
  // Has; and where they stand, nothing is found again: a longer name first, then what is part of
  // it.
  bool Take(std::string_view phrase);
  // The characters of a phrase that are compared.
  static size_t Length(std::string_view phrase);

 private:
  // Where it stands from `from` on; npos if nowhere.
  size_t Find(const std::u32string& phrase, size_t from) const;

  std::u32string text_;  // folded; a space for each run of separators
};

}  // namespace dramatis
