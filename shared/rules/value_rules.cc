#include "shared/rules/value_rules.h"

#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

using ::dramatis::options::v1::FieldRule;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// PostgreSQL's text cannot hold it.
constexpr char kNul[] = "must not contain U+0000";

// "must have 2 to 100 characters, has 120"; 0 is no limit.
std::string CountText(uint32_t least, uint32_t most, const char* unit, size_t count) {
  if (least == 0) return absl::StrCat("must have at most ", most, unit, ", has ", count);
  if (most == 0) return absl::StrCat("must have at least ", least, unit, ", has ", count);
  return absl::StrCat("must have ", least, " to ", most, unit, ", has ", count);
}

// Whole numbers are written out: 2592000, not 2.592e+06.
std::string NumberText(double number) {
  constexpr double kMostWhole = 9'007'199'254'740'991;
  const bool is_whole = std::trunc(number) == number && std::abs(number) <= kMostWhole;
  return is_whole ? absl::StrCat(static_cast<int64_t>(number)) : absl::StrCat(number);
}

std::string RangeText(const FieldRule& rule) {
  if (!rule.has_min()) return absl::StrCat("must be at most ", NumberText(rule.max()));
  if (!rule.has_max()) return absl::StrCat("must be at least ", NumberText(rule.min()));
  return absl::StrCat("must be from ", NumberText(rule.min()), " to ", NumberText(rule.max()));
}

Problem TextProblem(const std::string& text, const ValueRule& limits, bool is_item) {
  const FieldRule& rule = limits.rule;
  if (!IsValidUtf8(text)) return "must be valid UTF-8";
  if (text.find('\0') != std::string::npos) return kNul;
  if (!rule.or_value().empty() && text == rule.or_value()) return std::nullopt;
  if (rule.min_length() > 0 || rule.max_length() > 0) {
    const size_t length = CodePoints(TrimSpace(text));
    // An empty text counts as unset, but an item of a list is there.
    const bool too_short = length < rule.min_length() && (is_item || !text.empty());
    const bool too_long = rule.max_length() > 0 && length > rule.max_length();
    if (too_short || too_long) {
      return CountText(rule.min_length(), rule.max_length(), " characters", length);
    }
  }
  if (rule.max_bytes() > 0 && text.size() > rule.max_bytes()) {
    return CountText(0, rule.max_bytes(), " bytes", text.size());
  }
  if (limits.pattern != nullptr && !RE2::FullMatch(text, *limits.pattern)) {
    return absl::StrCat("must match ", rule.pattern());
  }
  return rule.name() ? NameProblem(TrimSpace(text)) : std::nullopt;
}

double Number(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(one ? r.GetInt64(message, &field)
                                     : r.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(one ? r.GetUInt64(message, &field)
                                     : r.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index);
    default:
      return 0;
  }
}

// The JSON of one field's value.
std::optional<std::string> JsonOf(const Message& message, const FieldDescriptor& field) {
  std::string json;
  if (!field.is_repeated() && field.message_type() != nullptr) {
    const Message& value = message.GetReflection()->GetMessage(message, &field);
    if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) return std::nullopt;
    return json;
  }
  // Only messages can be printed: one that has this field alone.
  const std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  const std::unique_ptr<Message> alone(message.New());
  message.GetReflection()->SwapFields(copy.get(), alone.get(), {&field});
  if (!google::protobuf::util::MessageToJsonString(*alone, &json).ok()) return std::nullopt;
  const size_t before = std::string_view("{\"\":").size() + field.json_name().size();
  return json.substr(before, json.size() - before - 1);
}

// Whether a text anywhere in a message of Google's (a Struct's keys and values) holds U+0000.
bool HoldsNul(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
    if (!is_text && field->message_type() == nullptr) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      std::string scratch;
      if (is_text) {
        const std::string& text =
            field->is_repeated()
                ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                : reflection.GetStringReference(message, field, &scratch);
        if (text.find('\0') != std::string::npos) return true;
      } else if (HoldsNul(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                               : reflection.GetMessage(message, field))) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Problem ValueProblem(const Message& message,
                     const FieldDescriptor& field,
                     int index,
                     const ValueRule& limits) {
  const Reflection& reflection = *message.GetReflection();
  const FieldRule& rule = limits.rule;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    std::string scratch;
    const std::string& value =
        index < 0 ? reflection.GetStringReference(message, &field, &scratch)
                  : reflection.GetRepeatedStringReference(message, &field, index, &scratch);
    if (field.type() == FieldDescriptor::TYPE_STRING) {
      return TextProblem(value, limits, /*is_item=*/index >= 0);
    }
    if (rule.max_bytes() > 0 && value.size() > rule.max_bytes()) {
      return CountText(0, rule.max_bytes(), " bytes", value.size());
    }
    return std::nullopt;
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const bool has_nul =
        HoldsNul(index < 0 ? reflection.GetMessage(message, &field)
                           : reflection.GetRepeatedMessage(message, &field, index));
    return has_nul ? Problem(kNul) : std::nullopt;
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const int number = index < 0 ? reflection.GetEnumValue(message, &field)
                                 : reflection.GetRepeatedEnumValue(message, &field, index);
    if (field.enum_type()->FindValueByNumber(number) != nullptr) return std::nullopt;
    return "is not a known value";
  }
  if (!rule.has_min() && !rule.has_max()) return std::nullopt;
  const double number = Number(message, field, index);
  const bool inside = std::isfinite(number) && (!rule.has_min() || number >= rule.min()) &&
                      (!rule.has_max() || number <= rule.max());
  return inside ? Problem() : RangeText(rule);
}

Problem SizeProblem(int size, const FieldRule& rule) {
  const auto count = static_cast<uint32_t>(size);
  const bool too_many = rule.max_items() > 0 && count > rule.max_items();
  if (count >= rule.min_items() && !too_many) return std::nullopt;
  return CountText(rule.min_items(), rule.max_items(), " items", count);
}

Problem JsonProblem(const Message& message, const FieldDescriptor& field, const FieldRule& rule) {
  const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field.is_repeated();
  if (rule.max_bytes() == 0 || is_text) return std::nullopt;
  const std::optional<std::string> json = JsonOf(message, field);
  if (!json.has_value()) return "cannot be written as JSON";
  if (json->size() <= rule.max_bytes()) return std::nullopt;
  return CountText(0, rule.max_bytes(), " bytes as JSON", json->size());
}

}  // namespace dramatis
