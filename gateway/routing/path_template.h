// The path of a google.api.http binding: literal segments and variables that fill a whole segment.
//
//   PathTemplate::Parse("/api/turns/{turn_id}/stream")
//     -> segments {"api"} {"turns"} {variable "turn_id"} {"stream"}
//
// Of https://google.aip.dev/127 this takes what this project uses: no `*`, no `**`, no patterns
// inside variables, no verbs. Immutable, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace dramatis::gateway {

class PathTemplate {
 public:
  struct Segment {
    std::string text;  // the literal, or the variable's name
    bool variable = false;

    bool operator==(const Segment&) const = default;
  };

  static absl::StatusOr<PathTemplate> Parse(std::string_view text);

  const std::vector<Segment>& segments() const { return segments_; }
  // As it was written: the label of metrics and logs.
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<Segment> segments_;
};

// The raw segments of a request's path: "/a//b" has "a", "" and "b". Nothing if the path does not
// start with '/'.
std::vector<std::string_view> SplitPath(std::string_view path);

}  // namespace dramatis::gateway
