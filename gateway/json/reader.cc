#include "gateway/json/reader.h"

#include "gateway/json/request_error.h"
#include "google/protobuf/util/json_util.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {

absl::StatusOr<JsonBody> JsonReader::Read(
    std::string_view text,
    const google::protobuf::Descriptor& message,
    const std::vector<const google::protobuf::FieldDescriptor*>& taken,
    UnknownFields unknown) const {
  JsonBody body;
  if (text.empty()) return body;
  DRAMATIS_ASSIGN_OR_RETURN(body.checked, CheckJson(text, message, taken, nullptr, unknown));
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = unknown == UnknownFields::kIgnored;
  const auto status = google::protobuf::util::JsonToBinaryString(
      &types_.resolver(), JsonTypes::Url(message), std::string(text), &body.wire, options);
  if (!status.ok()) {
    // What the check let through and the library does not: no message of its own reaches a client.
    return RequestError(errors::v1::ERROR_REASON_MALFORMED_JSON, "cannot be read", "body");
  }
  return body;
}

}  // namespace dramatis::gateway
