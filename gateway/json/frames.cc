#include "gateway/json/frames.h"

#include "absl/strings/str_cat.h"

namespace dramatis::gateway {

Expected JsonFrames::Next() const {
  if (frames_.empty()) return {Expected::kRoot, nullptr};
  const JsonFrame& frame = frames_.back();
  switch (frame.kind) {
    case JsonFrame::kMessage:
      if (frame.field == nullptr) return {Expected::kUnknown, nullptr};
      return {Expected::kField, frame.field};
    case JsonFrame::kMap:
      return {Expected::kElement, frame.field->message_type()->map_value()};
    case JsonFrame::kList:
      return {Expected::kElement, frame.field};
    case JsonFrame::kFreeObject:
    case JsonFrame::kFreeList:
      return {Expected::kAnything, nullptr};
    case JsonFrame::kUnknownObject:
    case JsonFrame::kUnknownList:
      break;
  }
  return {Expected::kUnknown, nullptr};
}

std::string JsonFrames::Path() const {
  std::string path;
  for (const JsonFrame& frame : frames_) {
    if (frame.IsList()) {
      absl::StrAppend(&path, "[", frame.index, "]");
    } else {
      absl::StrAppend(&path, path.empty() ? "" : ".", frame.key);
    }
  }
  return path;
}

std::string JsonFrames::FieldPath() const {
  std::string path;
  for (const JsonFrame& frame : frames_) {
    if (frame.IsList()) continue;
    const bool known = frame.kind == JsonFrame::kMessage && frame.field != nullptr;
    absl::StrAppend(&path, path.empty() ? "" : ".", known ? frame.field->name() : frame.key);
  }
  return path;
}

std::string JsonFrames::ProtoPath() const {
  std::string path;
  for (const JsonFrame& frame : frames_) {
    if (frame.kind != JsonFrame::kMessage || frame.field == nullptr) return "";
    absl::StrAppend(&path, path.empty() ? "" : ".", frame.field->name());
  }
  return path;
}

}  // namespace dramatis::gateway
