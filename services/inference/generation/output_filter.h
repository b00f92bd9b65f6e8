// Tidies a model's answer while it streams: takes off what the model thinks first
// (prompt/thinking.h), a leading own name and white space at both ends.
//
//   OutputFilter filter("Ada");
//   filter.Push("  **Ada:", out);     // nothing yet
//   filter.Push("** Hello ", out);    // out == "Hello"; the space is held back
//   filter.Push("there\n", out);      // out == "Hello there"
//   filter.Finish(out);               // the line end is dropped
//
// Holds back only what it cannot decide about yet. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/inference/prompt/thinking.h"

namespace dramatis::inference {

class OutputFilter {
 public:
  // `name` may be empty.
  explicit OutputFilter(const std::string& name);

  // Takes more text and appends to `out` what is decided. Whole code points in, whole out.
  void Push(std::string_view text, std::string& out);
  // Appends what was still held back, less what is dropped at the end.
  void Finish(std::string& out);

 private:
  void PushSaid(std::string_view text, std::string& out);
  void PushBody(std::string_view text, std::string& out);
  bool DecideStart(bool at_end);

  ThinkingFilter thinking_;
  const std::vector<std::string> prefixes_;  // lower case, longest first
  bool started_ = false;
  bool name_taken_ = false;
  std::string head_;   // before the start is decided
  std::string space_;  // trailing white space that is dropped unless more text comes
};

}  // namespace dramatis::inference
