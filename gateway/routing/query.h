// Query parameters and path variables: text into fields of a request, as wire bytes.
//
//   ReadQuery: "pageSize=5&knowledge=arts&knowledge=science"
//     -> page_size 5, knowledge [arts, science]
//
// Names in both spellings, lists by repetition, enumerators in lower_snake_case, numbers and
// `true`, `false` strictly, times as RFC 3339, field masks joined by commas. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {

// Whether one value of the field can be written as text: scalars, enumerators, Timestamp,
// FieldMask.
bool IsTextual(const google::protobuf::FieldDescriptor& field);

// Appends the field with the value that `text` says. Returns what is wrong, as in "must be true or
// false", or nothing.
std::string AppendTextField(const google::protobuf::FieldDescriptor& field,
                            const std::string& text,
                            std::string& wire);

struct QueryFields {
  std::string wire;
  // The fields that were given.
  std::vector<const google::protobuf::FieldDescriptor*> given;
};

// Reads what follows the '?'. `taken` are fields that the path or the body fills: as parameters
// they are as unknown as any other name, and so is everything where `request` is null. Violations
// name the parameters as they came.
absl::StatusOr<QueryFields> ReadQuery(
    std::string_view query,
    const google::protobuf::Descriptor* request,
    const std::vector<const google::protobuf::FieldDescriptor*>& taken);

}  // namespace dramatis::gateway
