#include "shared/text/json_items.h"

#include <utility>

#include "shared/status/macros.h"

namespace dramatis {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

void JsonItems::Keep(std::string_view bytes) {
  if (too_large_) return;
  if (item_.size() + bytes.size() > kMostItemBytes) {
    too_large_ = true;
    item_ = {};
    return;
  }
  item_ += bytes;
}

absl::Status JsonItems::Emit() {
  const std::string item = std::exchange(item_, {});
  const bool too_large = std::exchange(too_large_, false);
  return taker_({too_large ? std::string_view() : std::string_view(item), too_large});
}

absl::Status JsonItems::Add(std::string_view bytes) {
  return kind_ == Kind::kArray ? AddToArray(bytes) : AddLines(bytes);
}

absl::Status JsonItems::AddLines(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    Keep(bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    DRAMATIS_RETURN_IF_ERROR(Emit());
  }
  return absl::OkStatus();
}

bool JsonItems::PassOutside(char c) {
  switch (place_) {
    case Place::kBegin:
      if (IsSpace(c) || kByteOrderMark.find(c) != std::string_view::npos) return true;
      place_ = Place::kBetween;
      return c == '[';
    case Place::kBetween:
      if (IsSpace(c) || c == ',') return true;
      place_ = c == '{' ? Place::kItem : Place::kOther;
      if (c == ']') place_ = Place::kEnd;
      depth_ = c == '[' ? 2 : 1;
      in_text_ = c == '"';
      return true;
    case Place::kEnd:
      return IsSpace(c);
    case Place::kItem:
    case Place::kOther:
      break;
  }
  return true;
}

bool JsonItems::EndsItem(char c) {
  if (in_text_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_text_ = false;
    }
    return false;
  }
  if (c == '"') {
    in_text_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    return --depth_ == 0;
  }
  return false;
}

bool JsonItems::IsOfOther(char c) {
  const bool ends = !in_text_ && depth_ == 1 && c == ',';
  return !ends && !EndsItem(c);
}

absl::Status JsonItems::AddToArray(std::string_view bytes) {
  size_t from = 0;  // of what belongs to the item and is not kept yet
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (place_ == Place::kOther) {
      if (IsOfOther(bytes[i])) continue;
      place_ = Place::kBetween;
      DRAMATIS_RETURN_IF_ERROR(Emit());
    }
    if (place_ != Place::kItem) {
      if (!PassOutside(bytes[i])) return absl::InvalidArgumentError("it is not a JSON array");
      from = i;
    } else if (EndsItem(bytes[i])) {
      Keep(bytes.substr(from, i + 1 - from));
      place_ = Place::kBetween;
      DRAMATIS_RETURN_IF_ERROR(Emit());
    }
  }
  if (place_ == Place::kItem) Keep(bytes.substr(from));
  return absl::OkStatus();
}

absl::Status JsonItems::End() {
  if (kind_ == Kind::kLines) return item_.empty() && !too_large_ ? absl::OkStatus() : Emit();
  if (place_ == Place::kEnd) return absl::OkStatus();
  return absl::InvalidArgumentError("it breaks off");
}

}  // namespace dramatis
