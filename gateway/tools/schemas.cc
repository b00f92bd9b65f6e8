#include "gateway/tools/schemas.h"

#include <algorithm>
#include <tuple>

#include "dramatis/options/v1/document_options.pb.h"
#include "dramatis/options/v1/options.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/json/values.h"
#include "gateway/json/writer.h"
#include "gateway/tools/schema_limits.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

const options::v1::FieldRule& RuleOf(const pb::FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::rule);
}

// "dramatis.persona.v1.Persona" as "persona.Persona".
std::string ShortName(const pb::Descriptor& message) {
  return absl::StrReplaceAll(message.full_name(), {{"dramatis.", ""}, {".v1.", "."}});
}

const char* Suffix(Use use) {
  switch (use) {
    case Use::kInput:
      return ".Input";
    case Use::kUpdate:
      return ".Update";
    case Use::kAnswer:
      break;
  }
  return "";
}

json::object Enumeration(const pb::FieldDescriptor& field, Use use) {
  const auto& only = field.options().GetExtension(options::v1::shape).only();
  const pb::EnumDescriptor& type = *field.enum_type();
  json::array values;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string text = EnumText(*type.value(i));
    const bool told = use == Use::kAnswer || only.empty() ||
                      std::find(only.begin(), only.end(), text) != only.end();
    if (told && !IsUnspecified(*type.value(i))) values.emplace_back(text);
  }
  return {{"type", "string"}, {"enum", std::move(values)}};
}

json::object WellKnown(JsonShape shape) {
  switch (shape) {
    case JsonShape::kTimestamp:
      return {{"type", "string"}, {"format", "date-time"}};
    case JsonShape::kFieldMask:
      return {{"type", "string"}};
    case JsonShape::kObject:
      return {{"type", "object"}, {"additionalProperties", true}};
    case JsonShape::kList:
      return {{"type", "array"}, {"items", json::object{}}};
    default:
      return {};
  }
}

// JSON's null stands for "not given" (protobuf's JSON mapping), so whatever may be left out may be
// null.
json::object OrNull(json::object schema) {
  json::object out;
  if (const json::value* description = schema.if_contains("description")) {
    out["description"] = *description;
    schema.erase("description");
  }
  if (json::value* type = schema.if_contains("type"); type != nullptr && type->is_string()) {
    schema["type"] = json::array{*type, "null"};
    if (json::value* values = schema.if_contains("enum")) values->as_array().emplace_back(nullptr);
    for (auto& [key, value] : schema)
      out[key] = value;
    return out;
  }
  if (schema.empty()) return out;  // anything, null among it
  out["anyOf"] = json::array{std::move(schema), json::object{{"type", "null"}}};
  return out;
}

json::object Text(const char* format) {
  return {{"type", "string"}, {"format", format}};
}

// A format says more than a pattern.
void AddFormat(const std::string& format, json::object& schema) {
  if (format.empty()) return;
  if (format == "date|date-time") {
    schema = {{"anyOf", {Text("date"), Text("date-time")}}};
    return;
  }
  schema = Text(format.c_str());
}

// Whether every answer has the field. Enumerators that say nothing are left out, and so are fields
// with presence that are unset.
bool IsAlways(const pb::FieldDescriptor& field) {
  if (field.is_repeated()) return true;
  if (field.options().GetExtension(options::v1::shape).always()) return true;
  if (LeftOutWhenEmpty(field)) return false;
  return !field.has_presence() && field.enum_type() == nullptr;
}

bool IsRequired(const pb::FieldDescriptor& field, Use use) {
  switch (use) {
    case Use::kAnswer:
      return IsAlways(field);
    case Use::kInput:
      return RuleOf(field).required();
    case Use::kUpdate:
      break;
  }
  return false;
}

// Whether this use leaves the field out.
bool IsLeftOut(const pb::FieldDescriptor& field, Use use) {
  if (use == Use::kAnswer) return false;
  return RuleOf(field).output_only() || (use == Use::kUpdate && RuleOf(field).immutable());
}

}  // namespace

template <class Make>
json::object Schemas::Named(const pb::Descriptor& message,
                            SchemaStyle style,
                            const std::string& suffix,
                            Make make) {
  std::string& name = given_[{&message, style, suffix}];
  if (name.empty()) {
    name = absl::StrCat(ShortName(message), suffix);
    // A message that both spellings use has two schemas.
    if (schemas_.contains(name))
      absl::StrAppend(&name, style.names == Names::kSnake ? "-snake" : "-camel");
    const std::string given = name;
    schemas_[given] = json::object{};  // holds the place: messages may refer to themselves
    json::object schema = make();
    schemas_[given] = std::move(schema);
    return {{"$ref", absl::StrCat("#/components/schemas/", given)}};
  }
  return {{"$ref", absl::StrCat("#/components/schemas/", name)}};
}

json::object Schemas::Reference(const pb::Descriptor& message, SchemaStyle style) {
  const JsonShape shape = ShapeOf(message);
  if (shape != JsonShape::kMessage) return WellKnown(shape);
  return Named(message, style, Suffix(style.use), [&] { return Message(message, style, {}); });
}

json::object Schemas::Body(const pb::Descriptor& message,
                           SchemaStyle style,
                           const Fields& elsewhere) {
  if (elsewhere.empty()) return Reference(message, style);
  // One request may be bound to two paths, with other variables.
  std::string suffix = ".Body";
  if (given_.contains({&message, style, suffix})) {
    const std::string given = given_.at({&message, style, suffix});
    const json::object same = Message(message, style, elsewhere);
    if (schemas_.at(given) != same) absl::StrAppend(&suffix, elsewhere.size());
  }
  return Named(message, style, suffix, [&] { return Message(message, style, elsewhere); });
}

json::object Schemas::Message(const pb::Descriptor& message,
                              SchemaStyle style,
                              const Fields& elsewhere) {
  json::object properties;
  json::array required;
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    if (IsLeftOut(field, style.use)) continue;
    if (std::find(elsewhere.begin(), elsewhere.end(), &field) != elsewhere.end()) continue;
    properties[FieldName(field, style.names)] = Property(field, style);
    if (IsRequired(field, style.use)) required.emplace_back(FieldName(field, style.names));
  }
  json::object schema{{"type", "object"}};
  const std::string comment = comments_.Of(message.full_name());
  if (!comment.empty()) schema["description"] = comment;
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  if (style.use != Use::kAnswer && !style.open) schema["additionalProperties"] = false;
  return schema;
}

json::object Schemas::Events(const pb::Descriptor& message, Names names) {
  if (message.real_oneof_decl_count() == 0) return Reference(message, {names, Use::kAnswer});
  return Named(message, {names, Use::kAnswer}, ".Event", [&] {
    json::array events;
    const auto add = [&](const std::string& name, const std::string& what, json::object data) {
      events.push_back(
          json::object{{"type", "object"},
                       {"description", what},
                       {"properties",
                        {{"event", {{"type", "string"}, {"const", name}}},
                         {"id", {{"type", "string"}, {"description", "For `Last-Event-ID`."}}},
                         {"data", std::move(data)}}},
                       {"required", {"event", "data"}}});
    };
    const pb::OneofDescriptor& oneof = *message.oneof_decl(0);
    for (int i = 0; i < oneof.field_count(); ++i) {
      const pb::FieldDescriptor& field = *oneof.field(i);
      add(FieldName(field, names), comments_.Of(field.full_name()),
          Reference(*field.message_type(), {names, Use::kAnswer}));
    }
    add("error", "Last, instead of any other: why there is no more.",
        {{"$ref", "#/components/schemas/Problem"}});
    return json::object{{"description", comments_.Of(message.full_name())},
                        {"oneOf", std::move(events)}};
  });
}

json::object Schemas::Value(const pb::FieldDescriptor& field, SchemaStyle style) {
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
      return {{"type", "number"}, {"format", "double"}};
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return Enumeration(field, style.use);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return Reference(*field.message_type(), style);
    default:
      return {{"type", "string"}};
  }
}

std::string Schemas::FormatOf(const pb::FieldDescriptor& field, Use use) const {
  const options::v1::Shape& shape = field.options().GetExtension(options::v1::shape);
  if (use != Use::kAnswer) {
    if (shape.format().empty() && ids_.contains(field.name())) return "uuid";
    return shape.format();
  }
  // An answer's text may be empty where it has nothing to say.
  return shape.always() || field.has_presence() ? shape.format() : "";
}

json::object Schemas::Field(const pb::FieldDescriptor& field, SchemaStyle style) {
  const options::v1::FieldRule& rule = RuleOf(field);
  const bool limited = style.use != Use::kAnswer;
  if (field.is_map()) {
    json::object schema{{"type", "object"},
                        {"additionalProperties", Value(*field.message_type()->map_value(), style)}};
    if (limited) AddSizeLimits(rule, rule.required(), /*is_map=*/true, schema);
    return schema;
  }
  if (field.is_repeated()) {
    // An item is there as a whole or not at all, also where the list is what is updated.
    const SchemaStyle whole{style.names, limited ? Use::kInput : Use::kAnswer, style.open};
    json::object items = Value(field, whole);
    if (limited) AddLimits(field, rule.items(), /*is_item=*/true, items);
    AddFormat(FormatOf(field, style.use), items);
    json::object schema{{"type", "array"}, {"items", std::move(items)}};
    if (limited) AddSizeLimits(rule, rule.required(), /*is_map=*/false, schema);
    return schema;
  }
  json::object schema = Value(field, style);
  if (limited) AddLimits(field, rule, /*is_item=*/false, schema);
  AddFormat(FormatOf(field, style.use), schema);
  return schema;
}

json::object Schemas::Property(const pb::FieldDescriptor& field, SchemaStyle style) {
  json::object schema = Field(field, style);
  const std::string description = Description(field, style.use);
  if (!description.empty()) schema["description"] = description;
  const bool nullable = style.use != Use::kAnswer && !RuleOf(field).required();
  return nullable ? OrNull(std::move(schema)) : schema;
}

json::object Schemas::Parameter(const pb::FieldDescriptor& field, Names names) {
  return Field(field, {names, Use::kInput});
}

std::string Schemas::Description(const pb::FieldDescriptor& field, Use use) const {
  std::string text = comments_.Of(field.full_name());
  const std::string& standard = RuleOf(field).default_value();
  if (use == Use::kInput && !standard.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : " ", "Default: ", standard, ".");
  }
  if (use != Use::kAnswer && RuleOf(field).max_bytes() > 0) {
    absl::StrAppend(&text, " At most ", RuleOf(field).max_bytes(), " bytes as JSON.");
  }
  return text;
}

}  // namespace dramatis::gateway
