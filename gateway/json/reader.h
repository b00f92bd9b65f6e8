// Request bodies: JSON into wire bytes. CheckJson (json/check.h) says what is wrong in our words;
// what it passes is converted by protobuf's JsonToBinaryString.
//
//   JsonReader reader(types);
//   absl::StatusOr<JsonBody> body = reader.Read(R"({"name":"Ada"})", message, {});
//   body->wire, body->present
//
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/json/check.h"
#include "gateway/json/types.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

struct JsonBody {
  std::string wire;
  CheckedJson checked;
};

class JsonReader {
 public:
  explicit JsonReader(const JsonTypes& types) : types_(types) {}

  // An empty text counts as `{}`. Errors as CheckJson's.
  absl::StatusOr<JsonBody> Read(std::string_view text,
                                const google::protobuf::Descriptor& message,
                                const std::vector<const google::protobuf::FieldDescriptor*>& taken,
                                UnknownFields unknown = UnknownFields::kRefused) const;

 private:
  const JsonTypes& types_;
};

}  // namespace dramatis::gateway
