#include "gateway/json/request_error.h"

#include "shared/status/errors.h"

namespace dramatis::gateway {

absl::Status RequestError(errors::v1::ErrorReason reason,
                          const std::string& message,
                          const std::string& field) {
  absl::Status status = Error(absl::StatusCode::kInvalidArgument, reason, message);
  if (field.empty()) return status;
  // The same BadRequest that FieldErrors makes, under another reason.
  constexpr char kBadRequest[] = "type.googleapis.com/google.rpc.BadRequest";
  const auto detail = FieldErrors({{field, message}}).GetPayload(kBadRequest);
  if (detail.has_value()) status.SetPayload(kBadRequest, *detail);
  return status;
}

}  // namespace dramatis::gateway
