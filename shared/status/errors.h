// Errors as absl::Status with google.rpc details, the one error type of every layer.
//
//   return Error(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_PERSONA_NAME_TAKEN,
//                "you have a persona of this name");
//   return FieldErrors({{"persona.name", "must have 2 to 100 characters"}});
//
// Messages are for developers who call the API: in English, without content, secrets, SQL, paths.
// Converted to and from gRPC in shared/rpc/status_conversion.h, to a problem document in the
// gateway; nowhere else. Source of the model: https://google.aip.dev/193.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/errors/v1/errors.pb.h"
#include "google/rpc/error_details.pb.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace dramatis {

using ErrorMetadata = std::map<std::string, std::string>;

// What is wrong with one field: its path, as in `persona.personality.openness`, and why.
struct FieldViolation {
  std::string field;
  std::string description;
};

// Builds an error from the full name of an `ErrorReason` enumerator; use `Error` below.
absl::Status ErrorOf(absl::StatusCode code,
                     const google::protobuf::EnumDescriptor& reasons,
                     int reason,
                     const std::string& message,
                     const ErrorMetadata& metadata);

// An error with an ErrorInfo: `reason` is an enumerator of any package's `ErrorReason`; its name
// without `ERROR_REASON_` is ErrorInfo.reason, and ErrorInfo.domain is `<service>.dramatis`, or
// `dramatis` for the shared ones.
template <class Reason>
absl::Status Error(absl::StatusCode code,
                   Reason reason,
                   const std::string& message,
                   const ErrorMetadata& metadata = {}) {
  return ErrorOf(code, *google::protobuf::GetEnumDescriptor<Reason>(), static_cast<int>(reason),
                 message, metadata);
}

// INVALID_ARGUMENT, VALIDATION_FAILED, with a BadRequest that names each field, the first 20 at
// most. Not for an empty list.
absl::Status FieldErrors(const std::vector<FieldViolation>& violations);

// NOT_FOUND: `what` is the resource's noun, as in "persona".
absl::Status NotFoundError(const std::string& what);
// PERMISSION_DENIED.
absl::Status PermissionError(const std::string& message);
// UNAVAILABLE, for a service or database that cannot be reached just now.
absl::Status UnavailableError(const std::string& message);
// INTERNAL: the message is logged where the error is answered and never leaves the process.
absl::Status InternalError(const std::string& message);
// FAILED_PRECONDITION, ETAG_MISMATCH.
absl::Status EtagMismatchError();
// INVALID_ARGUMENT, INVALID_CURSOR, naming the field that held it.
absl::Status CursorError(const std::string& field);

// Says when to try again (google.rpc.RetryInfo).
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);
// Adds facts to the error's ErrorInfo, as the id of the turn that failed. OK stays OK.
absl::Status WithMetadata(absl::Status status, const ErrorMetadata& metadata);
// The fact of an error that ends a stream for good: the cursor with which that is known.
inline constexpr char kCursorFact[] = "cursor";

// The details of an error, where it has them.
std::optional<google::rpc::ErrorInfo> GetErrorInfo(const absl::Status& status);
std::optional<google::rpc::BadRequest> GetBadRequest(const absl::Status& status);
std::optional<absl::Duration> GetRetryAfter(const absl::Status& status);
// ErrorInfo.reason, or empty.
std::string GetReason(const absl::Status& status);
// A fact of the error's ErrorInfo, or empty.
std::string GetFact(const absl::Status& status, const std::string& name);

}  // namespace dramatis
