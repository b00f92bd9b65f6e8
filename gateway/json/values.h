// What JSON values a field of a message takes: the rules of json/check.cc and routing/query.cc.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// The shapes that a message type has in JSON.
enum class JsonShape {
  kMessage,    // an object of its fields
  kTimestamp,  // RFC 3339 text
  kFieldMask,  // paths joined by commas
  kObject,     // google.protobuf.Struct: any object
  kList,       // google.protobuf.ListValue: any list
  kValue,      // google.protobuf.Value: anything
  kOther,      // Any, Duration, wrappers: not used by this project's messages
};
JsonShape ShapeOf(const google::protobuf::Descriptor& message);

// Each says what is wrong, as in "must be a string", or nothing. `field` is taken as one value,
// also where it is a list or a map's value.
std::string CheckText(const google::protobuf::FieldDescriptor& field, std::string_view text);
std::string CheckInteger(const google::protobuf::FieldDescriptor& field, int64_t value);
std::string CheckUnsigned(const google::protobuf::FieldDescriptor& field, uint64_t value);
std::string CheckDouble(const google::protobuf::FieldDescriptor& field, double value);
// The same of a number in free JSON, which becomes a double; `integer` as it is written.
std::string CheckFreeNumber(double value, bool integer);
std::string CheckFreeInteger(int64_t value);
std::string CheckBool(const google::protobuf::FieldDescriptor& field);
// What a value of this field must be, as in "must be a string".
std::string Requirement(const google::protobuf::FieldDescriptor& field);
// The same for the whole field: "must be a list" where it is repeated.
std::string WholeRequirement(const google::protobuf::FieldDescriptor& field);

}  // namespace dramatis::gateway
