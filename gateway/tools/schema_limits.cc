#include "gateway/tools/schema_limits.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

// Whole numbers without a fraction: generators read `100.0` as a number of another kind.
json::value Number(double value) {
  if (std::trunc(value) == value && std::abs(value) < 9e15) return static_cast<int64_t>(value);
  return value;
}

template <class Integer>
void AddBounds(json::object& schema) {
  schema["minimum"] = std::numeric_limits<Integer>::min();
  schema["maximum"] = std::numeric_limits<Integer>::max();
}

void AddNumberLimits(const pb::FieldDescriptor& field,
                     const options::v1::FieldRule& rule,
                     json::object& schema) {
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) AddBounds<int32_t>(schema);
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT32) AddBounds<uint32_t>(schema);
  if (rule.has_min()) schema["minimum"] = Number(rule.min());
  if (rule.has_max()) schema["maximum"] = Number(rule.max());
}

void AddTextLimits(const options::v1::FieldRule& rule, bool is_item, json::object& schema) {
  const bool needed = is_item || rule.required();
  const uint32_t least = rule.min_length() > 0 ? rule.min_length() : (rule.required() ? 1 : 0);
  if (rule.max_length() > 0) schema["maxLength"] = rule.max_length();
  if (!rule.pattern().empty()) {
    schema["pattern"] = absl::StrCat("^(?:", rule.pattern(), needed ? ")$" : ")?$");
    return;
  }
  if (least == 0) return;
  // What is left after trimming has so many code points; what is required shows something: IsBlank
  // of shared/text/names.h, of the first 65,536 code points.
  constexpr char kSeen[] =
      R"([^\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e)"
      R"(\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8])";
  const std::string one = rule.required() ? kSeen : R"(\S)";
  const std::string text = least == 1 ? one : absl::StrCat(R"(\S[\s\S]{)", least - 2, R"(,}\S)");
  schema["pattern"] = needed ? text : absl::StrCat("^$|", text);
  if (needed) schema["minLength"] = least;
}

}  // namespace

void AddLimits(const pb::FieldDescriptor& field,
               const options::v1::FieldRule& rule,
               bool is_item,
               json::object& schema) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return AddTextLimits(rule, is_item, schema);
    case pb::FieldDescriptor::CPPTYPE_INT32:
    case pb::FieldDescriptor::CPPTYPE_UINT32:
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return AddNumberLimits(field, rule, schema);
    default:
      return;
  }
}

void AddSizeLimits(const options::v1::FieldRule& rule,
                   bool required,
                   bool is_map,
                   json::object& schema) {
  const uint32_t least = rule.min_items() > 0 ? rule.min_items() : (required ? 1 : 0);
  if (least > 0) schema[is_map ? "minProperties" : "minItems"] = least;
  if (rule.max_items() > 0) schema[is_map ? "maxProperties" : "maxItems"] = rule.max_items();
  if (rule.unique()) schema["uniqueItems"] = true;
}

}  // namespace dramatis::gateway
