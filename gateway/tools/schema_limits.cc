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
  // What is left after trimming has so many code points.
  const std::string text =
      least == 1 ? R"(\S)" : absl::StrCat(R"(\S[\s\S]{)", least - 2, R"(,}\S)");
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
