#include "gateway/json/check.h"

#include <algorithm>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

#include "dramatis/options/v1/options.pb.h"

#include "absl/strings/str_cat.h"
#include "gateway/json/frames.h"
#include "gateway/json/names.h"
#include "gateway/json/request_error.h"
#include "gateway/json/values.h"
#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using ErrorCode = boost::system::error_code;

constexpr size_t kMostViolations = 20;

// Receives the parser's events. The names and signatures are Boost.JSON's Handler requirements.
class Checker {
 public:
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);
  // NOLINTEND(readability-identifier-naming)

  Checker(const Descriptor& root,
          const std::vector<const FieldDescriptor*>& taken,
          GivenKeys* keys,
          UnknownFields unknown)
      : root_(root), taken_(taken), keys_(keys), unknown_(unknown) {}

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }

  bool on_object_begin(ErrorCode&) {
    frames_.Push(OpenObject(frames_.Next()));
    return true;
  }
  bool on_object_end(size_t, ErrorCode&) { return Close(); }
  bool on_array_begin(ErrorCode&) {
    frames_.Push(OpenList(frames_.Next()));
    return true;
  }
  bool on_array_end(size_t, ErrorCode&) { return Close(); }

  bool on_key_part(json::string_view part, size_t, ErrorCode&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t, ErrorCode&) {
    text_.append(part.data(), part.size());
    Key(std::exchange(text_, {}));
    return true;
  }
  bool on_string_part(json::string_view part, size_t, ErrorCode&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, size_t, ErrorCode&) {
    text_.append(part.data(), part.size());
    Scalar([&](const FieldDescriptor& field) { return CheckText(field, text_); });
    text_.clear();
    return true;
  }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(int64_t value, json::string_view, ErrorCode&) {
    Scalar([&](const FieldDescriptor& field) { return CheckInteger(field, value); },
           CheckFreeInteger(value));
    return true;
  }
  bool on_uint64(uint64_t value, json::string_view, ErrorCode&) {
    Scalar([&](const FieldDescriptor& field) { return CheckUnsigned(field, value); },
           CheckFreeNumber(static_cast<double>(value), /*integer=*/true));
    return true;
  }
  bool on_double(double value, json::string_view text, ErrorCode&) {
    const bool integer = text.find_first_of(".eE") == json::string_view::npos;
    Scalar([&](const FieldDescriptor& field) { return CheckDouble(field, value); },
           CheckFreeNumber(value, integer));
    return true;
  }
  bool on_bool(bool value, ErrorCode&) {
    Scalar([&](const FieldDescriptor& field) { return CheckBool(field); });
    if (value && frames_.size() == 1 && frames_.top().field != nullptr &&
        frames_.top().field->name() == "stream") {
      checked_.stream = true;
    }
    return true;
  }
  bool on_null(ErrorCode&) {
    const Expected expected = frames_.Next();
    if (expected.kind == Expected::kRoot) {
      not_an_object_ = true;
    } else if (expected.kind == Expected::kElement && !IsValue(*expected.field)) {
      Report("must not be null");
    }
    NotePresent(expected);
    frames_.Advance();
    return true;
  }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }

  const JsonFrames& frames() const { return frames_; }
  bool not_an_object() const { return not_an_object_; }
  const std::vector<FieldViolation>& violations() const { return violations_; }
  CheckedJson Take() { return std::move(checked_); }

 private:
  static bool IsValue(const FieldDescriptor& field) {
    return field.message_type() != nullptr && ShapeOf(*field.message_type()) == JsonShape::kValue;
  }

  void Report(const std::string& what) {
    if (what.empty() || violations_.size() == kMostViolations) return;
    violations_.push_back({frames_.Path(), what});
  }

  // A field that was given, as far as an update mask would name it: not its sub-messages, whose own
  // fields speak for themselves, and not what the server sets anyway.
  void NotePresent(const Expected& expected) {
    if (expected.kind != Expected::kField) return;
    if (expected.field->options().GetExtension(options::v1::rule).output_only()) return;
    std::string path = frames_.ProtoPath();
    if (!path.empty()) checked_.present.push_back(std::move(path));
  }

  // `free` is what is wrong with the value in free JSON.
  template <class Check>
  void Scalar(Check check, const std::string& free = "") {
    const Expected expected = frames_.Next();
    switch (expected.kind) {
      case Expected::kRoot:
        not_an_object_ = true;
        break;
      case Expected::kField:
        Report(expected.field->is_repeated() ? WholeRequirement(*expected.field)
               : IsValue(*expected.field)    ? free
                                             : check(*expected.field));
        break;
      case Expected::kElement:
        Report(IsValue(*expected.field) ? free : check(*expected.field));
        break;
      case Expected::kAnything:
        Report(free);
        break;
      case Expected::kUnknown:
        break;
    }
    NotePresent(expected);
    frames_.Advance();
  }

  // An object where one value of `field` is expected.
  JsonFrame OpenFieldObject(const FieldDescriptor& field) {
    JsonFrame frame;
    if (field.message_type() != nullptr) {
      const JsonShape shape = ShapeOf(*field.message_type());
      if (shape == JsonShape::kObject || shape == JsonShape::kValue) {
        frame.kind = JsonFrame::kFreeObject;
        return frame;
      }
      if (shape == JsonShape::kMessage) {
        frame.kind = JsonFrame::kMessage;
        frame.message = field.message_type();
        return frame;
      }
    }
    Report(Requirement(field));
    return frame;
  }

  JsonFrame OpenObject(const Expected& expected) {
    JsonFrame frame;
    switch (expected.kind) {
      case Expected::kRoot:
        frame.kind = JsonFrame::kMessage;
        frame.message = &root_;
        return frame;
      case Expected::kField:
        if (expected.field->is_map()) {
          NotePresent(expected);
          frame.kind = JsonFrame::kMap;
          frame.field = expected.field;
          return frame;
        }
        if (expected.field->is_repeated()) {
          Report(WholeRequirement(*expected.field));
          return frame;
        }
        frame = OpenFieldObject(*expected.field);
        if (frame.kind != JsonFrame::kMessage) NotePresent(expected);
        return frame;
      case Expected::kElement:
        return OpenFieldObject(*expected.field);
      case Expected::kAnything:
        frame.kind = JsonFrame::kFreeObject;
        return frame;
      case Expected::kUnknown:
        break;
    }
    return frame;
  }

  JsonFrame OpenList(const Expected& expected) {
    JsonFrame frame;
    frame.kind = JsonFrame::kUnknownList;
    switch (expected.kind) {
      case Expected::kRoot:
        not_an_object_ = true;
        break;
      case Expected::kField:
        NotePresent(expected);
        [[fallthrough]];
      case Expected::kElement:
        OpenFieldList(expected, frame);
        break;
      case Expected::kAnything:
        frame.kind = JsonFrame::kFreeList;
        break;
      case Expected::kUnknown:
        break;
    }
    return frame;
  }

  void OpenFieldList(const Expected& expected, JsonFrame& frame) {
    const FieldDescriptor& field = *expected.field;
    const bool whole = expected.kind == Expected::kField;
    if (whole && field.is_repeated() && !field.is_map()) {
      frame.kind = JsonFrame::kList;
      frame.field = &field;
      return;
    }
    const bool single = !(whole && field.is_repeated());
    if (single && field.message_type() != nullptr) {
      const JsonShape shape = ShapeOf(*field.message_type());
      if (shape == JsonShape::kList || shape == JsonShape::kValue) {
        frame.kind = JsonFrame::kFreeList;
        return;
      }
    }
    Report(whole ? WholeRequirement(field) : Requirement(field));
  }

  bool Close() {
    frames_.Pop();
    frames_.Advance();
    return true;
  }

  void Key(std::string key) {
    JsonFrame& frame = frames_.top();
    frame.key = std::move(key);
    if (frame.kind != JsonFrame::kMessage) {
      if (frame.kind != JsonFrame::kUnknownObject && !frame.keys.insert(frame.key).second) {
        Report("is given twice");
      }
      return;
    }
    frame.field = FindField(*frame.message, frame.key);
    if (frame.field == nullptr) {
      if (unknown_ == UnknownFields::kRefused) Report("is not a known field");
      return;
    }
    CheckKnownKey(frame);
    if (keys_ != nullptr) keys_->emplace(frames_.FieldPath(), frame.key);
  }

  void CheckKnownKey(JsonFrame& frame) {
    const FieldDescriptor& field = *frame.field;
    const bool first = frame.keys.insert(field.name()).second;
    if (!first) Report("is given twice");
    if (frames_.size() == 1 && std::find(taken_.begin(), taken_.end(), &field) != taken_.end()) {
      Report("is set by the path");
    }
    if (const auto* oneof = field.real_containing_oneof(); oneof != nullptr && first) {
      // A name that no field can have.
      if (!frame.keys.insert("oneof " + oneof->name()).second) {
        Report(absl::StrCat("is given beside another choice of ", oneof->name()));
      }
    }
  }

  const Descriptor& root_;
  const std::vector<const FieldDescriptor*>& taken_;
  GivenKeys* const keys_;
  const UnknownFields unknown_;
  JsonFrames frames_;
  std::string text_;
  bool not_an_object_ = false;
  std::vector<FieldViolation> violations_;
  CheckedJson checked_;
};

absl::Status Malformed(std::string_view text, const ErrorCode& error, const Checker& checker) {
  const std::string field = checker.frames().Path();
  std::string what = "is not valid JSON here";
  if (error == json::error::too_deep) {
    what = absl::StrCat("nests deeper than ", kJsonDepth);
  } else if (!IsValidUtf8(text)) {
    what = "is not valid UTF-8";
  } else if (error == json::error::incomplete) {
    what = "ends too early";
  }
  return RequestError(errors::v1::ERROR_REASON_MALFORMED_JSON, what,
                      field.empty() ? "body" : field);
}

}  // namespace

absl::StatusOr<CheckedJson> CheckJson(std::string_view text,
                                      const Descriptor& message,
                                      const std::vector<const FieldDescriptor*>& taken,
                                      GivenKeys* keys,
                                      UnknownFields unknown) {
  json::parse_options options;
  options.max_depth = kJsonDepth;
  json::basic_parser<Checker> parser(options, message, taken, keys, unknown);
  ErrorCode error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) return Malformed(text, error, parser.handler());
  if (parser.handler().not_an_object()) {
    return RequestError(errors::v1::ERROR_REASON_MALFORMED_JSON, "must be a JSON object", "body");
  }
  if (!parser.handler().violations().empty()) return FieldErrors(parser.handler().violations());
  return parser.handler().Take();
}

}  // namespace dramatis::gateway
