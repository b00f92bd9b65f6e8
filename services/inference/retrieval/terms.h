// The words of a text, as the built-in retrieval model compares them.
//
//   Words("Where do you LIVE?")          // {"where", "do", "you", "live"}
//   Term("baking") == Term("bakes")      // "bak"
//
// Words are those of shared/text/words.h; what is added here is English: contractions, endings,
// words of like meaning. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis::inference {

// In the order of the text. An apostrophe inside a word is dropped: "don't" is "dont".
std::vector<std::string> Words(std::string_view text);

// The words with a blank before, between and after them: a phrase is found in it as " phrase ".
std::string SpacedWords(std::string_view text);

// What a word is compared by: without English endings.
std::string Term(const std::string& word);

// What a question asks for: the terms of its words, in the order of the text, repeated as there;
// but not of words that are too common to tell texts apart or part of asking ("what", "tell",
// "you").
std::vector<std::string> Terms(std::string_view text);

// What a text is found by: Terms, and besides each character of scripts without spaces.
std::vector<std::string> IndexTerms(std::string_view text);

// Terms of like meaning ("job" for "work"), without the term itself.
std::vector<std::string> RelatedTerms(const std::string& term);

}  // namespace dramatis::inference
