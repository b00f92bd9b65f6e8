#include "gateway/routing/path_template.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace dramatis::gateway {
namespace {

absl::Status BrokenTemplate(std::string_view text, const char* why) {
  return absl::InvalidArgumentError(
      absl::StrCat("path template \"", std::string(text), "\": ", why));
}

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}
bool IsNameCharacter(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9');
}
bool IsLiteralCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

// A field's name, or a path of them as `message.message_id`.
bool IsVariableName(std::string_view name) {
  bool starts = true;
  for (const char c : name) {
    if (starts ? !IsNameStart(c) : !IsNameCharacter(c) && c != '.') return false;
    starts = c == '.';
  }
  return !starts;
}

}  // namespace

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.empty() || path[0] != '/') return segments;
  path.remove_prefix(1);
  while (true) {
    const size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

absl::StatusOr<PathTemplate> PathTemplate::Parse(std::string_view text) {
  PathTemplate result;
  result.text_ = std::string(text);
  if (text.empty() || text[0] != '/') return BrokenTemplate(text, "must start with '/'");
  for (const std::string_view part : SplitPath(text)) {
    Segment segment;
    if (part.size() >= 2 && part.front() == '{' && part.back() == '}') {
      segment = {std::string(part.substr(1, part.size() - 2)), true};
      if (!IsVariableName(segment.text))
        return BrokenTemplate(text, "a variable must be a field's name");
      const auto& seen = result.segments_;
      if (std::find(seen.begin(), seen.end(), segment) != seen.end()) {
        return BrokenTemplate(text, "a variable stands twice");
      }
    } else {
      segment = {std::string(part), false};
      if (part.empty() || !std::all_of(part.begin(), part.end(), IsLiteralCharacter)) {
        return BrokenTemplate(text,
                              "a literal must be made of letters, digits and '-', '.', '_', '~'");
      }
    }
    result.segments_.push_back(std::move(segment));
  }
  return result;
}

}  // namespace dramatis::gateway
