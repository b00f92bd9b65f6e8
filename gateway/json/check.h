// Checks a JSON body against the message it fills, strictly (RFC 8259), before anything is made of
// it: one pass of Boost.JSON's parser, no tree.
//
//   absl::StatusOr<CheckedJson> checked =
//       CheckJson(R"({"name":"Ada","traits":{"wit":200}})", message);
//   // {"nmae":1}        VALIDATION_FAILED, errors: nmae "is not a known field"
//   // {"name":1}        VALIDATION_FAILED, errors: name "must be a string"
//   // {"name":"a"       MALFORMED_JSON
//
// Field names are taken in both spellings and reported in the client's. Numbers must be numbers,
// enumerators are lower_snake_case text, null unsets a field. In free JSON (Struct and the like),
// whose numbers are doubles, integers end at 2^53 - 1 (I-JSON, RFC 7493, 2.2): larger ones would
// come back changed. What a value may be beyond its type
// is the services' field rules'. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/json/names.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// Deepest nesting of a body.
inline constexpr int kJsonDepth = 32;

// What becomes of a field that the message does not have. A known field is checked either way.
enum class UnknownFields { kRefused, kIgnored };

struct CheckedJson {
  // The proto paths of the fields present, into sub-messages (`personality.openness`), also those
  // that are null; not those the server sets (output_only).
  std::vector<std::string> present;
  // The body is an object whose field `stream` is true.
  bool stream = false;
};

// `taken` are fields that the path has filled already: naming them in the body is an error. `keys`,
// where it is given, gets the names of the fields as they came.
// INVALID_ARGUMENT: MALFORMED_JSON, or VALIDATION_FAILED with up to twenty fields.
absl::StatusOr<CheckedJson> CheckJson(
    std::string_view text,
    const google::protobuf::Descriptor& message,
    const std::vector<const google::protobuf::FieldDescriptor*>& taken = {},
    GivenKeys* keys = nullptr,
    UnknownFields unknown = UnknownFields::kRefused);

}  // namespace dramatis::gateway
