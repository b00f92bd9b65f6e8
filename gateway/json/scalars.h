// Values of protobuf's wire format as JSON tokens: what json/writer.cc is made of. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/json/wire.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// The wire type of one value of a field.
WireType WireTypeOf(google::protobuf::FieldDescriptor::Type type);

// Appends an integer in decimal.
void AppendJsonInteger(std::string& out, int64_t value);
// Appends a bool or a number of this type, from its bits on the wire. 64-bit integers are strings
// in the mapping, since JavaScript's numbers cannot hold them.
void AppendJsonScalar(std::string& out,
                      google::protobuf::FieldDescriptor::Type type,
                      uint64_t value);
void AppendJsonBytes(std::string& out, std::string_view bytes);
// Messages with a form of their own; false if the bytes are not one, or its value is out of range.
bool AppendJsonTimestamp(std::string& out, std::string_view wire);
bool AppendJsonFieldMask(std::string& out, std::string_view wire);

}  // namespace dramatis::gateway
