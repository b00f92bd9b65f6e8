// How names of fields and enumerators are spelled in JSON, paths and queries.
//
//   EnumText(PERSONA_TYPE_AI_AGENT)             "ai_agent"
//   FindField(descriptor, "sessionId")          session_id
//   RespellPath(descriptor, "a_b.c[2]", kCamel) "aB.c[2]"
//
// Pure functions over descriptors; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dramatis/options/v1/options.pb.h"

#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

enum class Names { kCamel, kSnake };

// The spelling that a method's rule asks for.
Names NamesOf(const options::v1::MethodRule& rule);

// A field's name in that spelling.
const std::string& FieldName(const google::protobuf::FieldDescriptor& field, Names names);
// The field that has this name in either spelling, or null.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& message,
                                                   std::string_view name);
// Whether each segment of such a path is a field.
bool IsFieldPath(const google::protobuf::Descriptor& message, std::string_view path);

// What a client called the fields it gave: by their paths in the proto's names, without indexes.
using GivenKeys = std::map<std::string, std::string>;

// A path over fields (`persona.personality.openness`, `stop[2]`) in that spelling, but for those
// that `given` spells. What is not a field's name stays as it is.
std::string RespellPath(const google::protobuf::Descriptor& message,
                        std::string_view path,
                        Names names,
                        const GivenKeys& given = {});
// `page_size` as `pageSize`.
std::string CamelCase(std::string_view snake);
// `pageSize` as `page_size`; snake_case stays as it is.
std::string SnakeCase(std::string_view camel);

// An enumerator as lower_snake_case without its type's prefix.
std::string EnumText(const google::protobuf::EnumValueDescriptor& value);
// The enumerator that is written so, or null. The zero of a type that calls it UNSPECIFIED has no
// spelling in requests.
const google::protobuf::EnumValueDescriptor* FindEnumValue(
    const google::protobuf::EnumDescriptor& type, std::string_view text);
// Whether it is the zero called UNSPECIFIED: "not said".
bool IsUnspecified(const google::protobuf::EnumValueDescriptor& value);
// Every spelling that FindEnumValue takes, for messages: "human, ai_agent or ai_ambiguous".
std::string EnumChoices(const google::protobuf::EnumDescriptor& type);

}  // namespace dramatis::gateway
