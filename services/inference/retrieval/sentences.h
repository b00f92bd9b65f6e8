// Splits a free text, such as a biography, into sections, paragraphs and sentences.
//
//   const std::vector<Sentence> sentences = SplitSentences("# Work\n\nI bake. I sell bread.");
//   // {"I bake.", heading "Work", paragraph 0}, {"I sell bread.", heading "Work", paragraph 0}
//
// Headings are Markdown's (`# Work`, or underlined), a short line that ends with a colon, and a
// short line on its own that no punctuation ends. Items of a list are sentences of their own. Line
// ends inside a sentence become spaces; nothing else is changed. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis::inference {

struct Sentence {
  std::string text;
  std::string heading;  // of its section; empty before the first
  int level = 0;        // of the heading: 1 for a title, 0 for none
  int paragraph = 0;    // counted over the whole text
};

std::vector<Sentence> SplitSentences(std::string_view text);

// Whether a sentence ends with a question mark, or has a full-width one.
bool IsQuestion(const std::string& text);

}  // namespace dramatis::inference
