// The words of a text, as the built-in retrieval model compares them.
//
//   Words("Where do you LIVE?")          // {"where", "do", "you", "live"}
//   Term("baking") == Term("bakes")      // "bak"
//
// ASCII, Latin-1, Greek and Cyrillic letters are taken in lower case; letters of other scripts as
// they are. Chinese and Japanese, which put no spaces between words, are taken in overlapping pairs
// of characters. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis::inference {

// In the order of the text. An apostrophe inside a word is dropped: "don't" is "dont".
std::vector<std::string> Words(std::string_view text);

// Too common to tell texts apart, or part of asking ("what", "tell", "you").
bool IsStopWord(const std::string& word);

// What a word is compared by: without English endings.
std::string Term(const std::string& word);

// The terms of the words that are no stop words, in the order of the text, repeated as there.
std::vector<std::string> Terms(std::string_view text);

// Terms of like meaning ("job" for "work"), without the term itself.
std::vector<std::string> RelatedTerms(const std::string& term);

}  // namespace dramatis::inference
