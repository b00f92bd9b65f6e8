#include "gateway/tools/schemas.h"

#include "dramatis/options/v1/options.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/json_values.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

// "dramatis.persona.v1.Persona" as "persona.Persona".
std::string ShortName(const pb::Descriptor& message) {
  return absl::StrReplaceAll(message.full_name(), {{"dramatis.", ""}, {".v1.", "."}});
}

json::object Enumeration(const pb::EnumDescriptor& type) {
  json::array values;
  for (int i = 0; i < type.value_count(); ++i) {
    if (!IsUnspecified(*type.value(i))) values.emplace_back(EnumText(*type.value(i)));
  }
  return {{"type", "string"}, {"enum", std::move(values)}};
}

void AddNumberRule(const options::v1::FieldRule& rule, json::object& schema) {
  if (rule.has_min()) schema["minimum"] = rule.min();
  if (rule.has_max()) schema["maximum"] = rule.max();
}

void AddTextRule(const options::v1::FieldRule& rule, json::object& schema) {
  const uint32_t least = rule.min_length() > 0 ? rule.min_length() : (rule.required() ? 1 : 0);
  if (least > 0) schema["minLength"] = least;
  if (rule.max_length() > 0) schema["maxLength"] = rule.max_length();
  if (!rule.pattern().empty()) schema["pattern"] = absl::StrCat("^(", rule.pattern(), ")$");
}

// The limits of one value.
void AddValueRule(const pb::FieldDescriptor& field,
                  const options::v1::FieldRule& rule,
                  json::object& schema) {
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    AddTextRule(rule, schema);
  } else if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE &&
             field.cpp_type() != pb::FieldDescriptor::CPPTYPE_ENUM) {
    AddNumberRule(rule, schema);
  }
}

json::object WellKnown(JsonShape shape) {
  switch (shape) {
    case JsonShape::kTimestamp:
      return {{"type", "string"}, {"format", "date-time"}};
    case JsonShape::kFieldMask:
      return {{"type", "string"}, {"description", "Field names joined by commas."}};
    case JsonShape::kObject:
      return {{"type", "object"}, {"additionalProperties", true}};
    case JsonShape::kList:
      return {{"type", "array"}};
    default:
      return {};
  }
}

std::string DefaultNote(const options::v1::FieldRule& rule) {
  if (rule.default_value().empty()) return "";
  return absl::StrCat(" Default: ", rule.default_value(), ".");
}

}  // namespace

json::object Schemas::Reference(const pb::Descriptor& message, Names names) {
  const JsonShape shape = ShapeOf(message);
  if (shape != JsonShape::kMessage) return WellKnown(shape);
  std::string& name = given_[{&message, names}];
  if (name.empty()) {
    name = ShortName(message);
    // A message that both spellings use has two schemas.
    if (schemas_.contains(name))
      absl::StrAppend(&name, names == Names::kSnake ? "-snake" : "-camel");
    const std::string given = name;
    schemas_[given] = json::object{};  // holds the place: messages may refer to themselves
    schemas_[given] = Message(message, names);
    return {{"$ref", absl::StrCat("#/components/schemas/", given)}};
  }
  return {{"$ref", absl::StrCat("#/components/schemas/", name)}};
}

json::object Schemas::Message(const pb::Descriptor& message, Names names) {
  json::object properties;
  json::array required;
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    properties[FieldName(field, names)] = Field(field, names);
    if (field.options().GetExtension(options::v1::rule).required()) {
      required.emplace_back(FieldName(field, names));
    }
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  const std::string comment = comments_.Of(message.full_name());
  if (!comment.empty()) schema["description"] = comment;
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json::object Schemas::Value(const pb::FieldDescriptor& field, Names names) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case pb::FieldDescriptor::CPPTYPE_INT32:
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case pb::FieldDescriptor::CPPTYPE_INT64:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "int64"}};
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}};
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return Enumeration(*field.enum_type());
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return Reference(*field.message_type(), names);
    default:
      return {{"type", "string"}};
  }
}

json::object Schemas::Field(const pb::FieldDescriptor& field, Names names) {
  const options::v1::FieldRule& rule = field.options().GetExtension(options::v1::rule);
  json::object schema;
  if (field.is_map()) {
    schema = {{"type", "object"},
              {"additionalProperties", Value(*field.message_type()->map_value(), names)}};
    if (rule.max_items() > 0) schema["maxProperties"] = rule.max_items();
  } else if (field.is_repeated()) {
    json::object items = Value(field, names);
    if (rule.has_items()) AddValueRule(field, rule.items(), items);
    schema = {{"type", "array"}, {"items", std::move(items)}};
    if (rule.min_items() > 0 || rule.required()) {
      schema["minItems"] = rule.min_items() > 0 ? rule.min_items() : 1;
    }
    if (rule.max_items() > 0) schema["maxItems"] = rule.max_items();
    if (rule.unique()) schema["uniqueItems"] = true;
  } else {
    schema = Value(field, names);
    AddValueRule(field, rule, schema);
  }
  const std::string comment = absl::StrCat(comments_.Of(field.full_name()), DefaultNote(rule));
  if (!comment.empty()) schema["description"] = comment;
  if (rule.output_only()) schema["readOnly"] = true;
  return schema;
}

}  // namespace dramatis::gateway
