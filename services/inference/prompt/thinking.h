// Takes off what a model thinks aloud before it answers: `<think>...</think>` or
// `<thinking>...</thinking>` at the start of an answer, also several, also one that never ends.
// Whatever comes of an answer (a reply, a note, a summary) goes through here first.
//
//   ThinkingFilter filter;
//   filter.Push("<think>They ask.</th", out);    // nothing
//   filter.Push("ink>\nHello", out);             // out == "Hello"
//   filter.Finish(out);
//
// White space before and after a block goes with it. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace dramatis::inference {

class ThinkingFilter {
 public:
  // Takes more of the answer, cut anywhere, and appends to `out` what is certainly said.
  void Push(std::string_view text, std::string& out);
  // The answer is over: what began like a block and is none was said.
  void Finish(std::string& out);

 private:
  enum class Place { kBefore, kInside, kAfter };
  bool LeaveStart(std::string& out);
  bool LeaveBlock();

  Place place_ = Place::kBefore;
  std::string kept_;  // not decided: what may begin a block, or end one
};

// A whole answer without it.
std::string WithoutThinking(std::string_view answer);

}  // namespace dramatis::inference
