// Makes valid UTF-8 of a text that comes in pieces cut anywhere, also within a character.
//
//   TextJoiner joiner;
//   joiner.Push("Hi \xED\xA0\xBD", out);    // out == "Hi ": half of an emoji is kept
//   joiner.Push("\xED\xB8\x80 you", out);   // out == "Hi 😀 you"
//   joiner.Finish(out);
//
// Halves of surrogate pairs come as WTF-8 writes them, three bytes each
// (https://simonsapin.github.io/wtf-8/). What is no character, and half a pair without the other
// half, becomes U+FFFD. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace dramatis::inference {

class TextJoiner {
 public:
  // Appends to `out` what is certain.
  void Push(std::string_view piece, std::string& out);
  // The text is over: what is still kept is no character.
  void Finish(std::string& out);

 private:
  std::string kept_;  // the start of a character, fewer than six bytes
};

}  // namespace dramatis::inference
