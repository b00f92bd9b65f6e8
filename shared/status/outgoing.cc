#include "shared/status/outgoing.h"

#include <string_view>

#include "dramatis/errors/v1/errors.pb.h"
#include "google/rpc/error_details.pb.h"

#include "absl/strings/cord.h"
#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

constexpr char kDetailPrefix[] = "type.googleapis.com/";
constexpr char kFieldProblemsUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kCauseUrl[] = "dramatis/cause";
// Together well below the 8 KiB of headers that gRPC clients accept by default. The message is
// sent twice: as grpc-message and in the details.
constexpr size_t kMaxMessageBytesSent = 1024;
constexpr size_t kMaxBadRequestBytes = 3072;

// The shared reason of an error that came without one, and what to say where the transport made it.
struct SharedReason {
  errors::v1::ErrorReason reason;
  const char* message;
};

SharedReason ReasonOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return {errors::v1::ERROR_REASON_CANCELLED, "the call was cancelled"};
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return {errors::v1::ERROR_REASON_MALFORMED_REQUEST, "the request is malformed"};
    case absl::StatusCode::kDeadlineExceeded:
      return {errors::v1::ERROR_REASON_TIMEOUT, "the answer did not come in time"};
    case absl::StatusCode::kNotFound:
      return {errors::v1::ERROR_REASON_NOT_FOUND, "not found"};
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return {errors::v1::ERROR_REASON_CONFLICT, "changed by another request meanwhile"};
    case absl::StatusCode::kPermissionDenied:
      return {errors::v1::ERROR_REASON_PERMISSION_DENIED, "not allowed"};
    case absl::StatusCode::kUnauthenticated:
      return {errors::v1::ERROR_REASON_UNAUTHENTICATED, "authentication is required"};
    case absl::StatusCode::kResourceExhausted:
      return {errors::v1::ERROR_REASON_OVERLOADED, "too much work at once"};
    case absl::StatusCode::kUnimplemented:
      return {errors::v1::ERROR_REASON_NOT_IMPLEMENTED, "not implemented"};
    case absl::StatusCode::kUnavailable:
      return {errors::v1::ERROR_REASON_UNAVAILABLE, "a service cannot be reached just now"};
    default:
      return {errors::v1::ERROR_REASON_INTERNAL, "internal error"};
  }
}

bool IsInternal(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

std::string MessageToSend(const absl::Status& status) {
  if (IsInternal(status.code())) return "internal error";
  const std::string_view message(status.message().data(), status.message().size());
  return std::string(message.substr(0, Utf8Floor(message, kMaxMessageBytesSent)));
}

// The first violations, as many as fit.
std::string CutBadRequest(const std::string& serialized) {
  google::rpc::BadRequest bad_request;
  if (serialized.size() <= kMaxBadRequestBytes || !bad_request.ParseFromString(serialized)) {
    return serialized;
  }
  while (bad_request.field_violations_size() > 1 &&
         bad_request.ByteSizeLong() > kMaxBadRequestBytes) {
    bad_request.mutable_field_violations()->RemoveLast();
  }
  return bad_request.SerializeAsString();
}

}  // namespace

absl::Status ToCaller(const absl::Status& status) {
  if (status.ok()) return status;
  absl::Status sent(status.code(), MessageToSend(status));
  const auto send = [&](auto url, const absl::Cord& payload) {
    if (url.substr(0, sizeof(kDetailPrefix) - 1) != kDetailPrefix) return;
    const std::string bytes(payload);
    sent.SetPayload(url, absl::Cord(url == kFieldProblemsUrl ? CutBadRequest(bytes) : bytes));
  };
  status.ForEachPayload(send);
  if (!GetErrorInfo(status).has_value()) {
    Error(status.code(), ReasonOf(status.code()).reason, "").ForEachPayload(send);
  }
  return sent;
}

absl::Status TransportError(absl::StatusCode code, const std::string& cause) {
  const SharedReason shared = ReasonOf(code);
  return WithCause(Error(code, shared.reason, shared.message), cause);
}

absl::Status WithCause(absl::Status status, const std::string& cause) {
  if (!status.ok()) status.SetPayload(kCauseUrl, absl::Cord(cause));
  return status;
}

std::string GetCause(const absl::Status& status) {
  const auto cause = status.GetPayload(kCauseUrl);
  return cause.has_value() ? std::string(*cause) : "";
}

std::string OperatorMessage(const absl::Status& status) {
  const std::string cause = GetCause(status);
  return cause.empty() ? std::string(status.message()) : cause;
}

}  // namespace dramatis
