#include "shared/status/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dramatis {
namespace {

// google.rpc.Status carries its details as Any; absl::Status as payloads of the same type URLs.
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";

void SetDetail(absl::Status& status, const char* url, const google::protobuf::Message& detail) {
  const std::string bytes = detail.SerializeAsString();  // Debian's absl has no Cord(std::string&&)
  status.SetPayload(url, absl::Cord(bytes));
}

template <class Detail>
std::optional<Detail> GetDetail(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

// "dramatis.persona.v1" is `persona.dramatis`; "dramatis.errors.v1", shared by all, `dramatis`.
std::string DomainOf(const google::protobuf::EnumDescriptor& reasons) {
  const std::vector<std::string> parts = absl::StrSplit(reasons.file()->package(), '.');
  if (parts.size() < 2 || parts[1] == "errors") return "dramatis";
  return absl::StrCat(parts[1], ".", parts[0]);
}

std::string NameOf(const google::protobuf::EnumDescriptor& reasons, int reason) {
  constexpr char kPrefix[] = "ERROR_REASON_";
  const google::protobuf::EnumValueDescriptor* value = reasons.FindValueByNumber(reason);
  if (value == nullptr) return "INTERNAL";
  return std::string(absl::StripPrefix(value->name(), kPrefix));
}

}  // namespace

absl::Status ErrorOf(absl::StatusCode code,
                     const google::protobuf::EnumDescriptor& reasons,
                     int reason,
                     const std::string& message,
                     const ErrorMetadata& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(NameOf(reasons, reason));
  info.set_domain(DomainOf(reasons));
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  absl::Status status(code, message);
  SetDetail(status, kErrorInfoUrl, info);
  return status;
}

absl::Status FieldErrors(const std::vector<FieldViolation>& violations) {
  // The details travel in gRPC's trailing metadata, for which receivers have 8 KiB.
  constexpr size_t kMostDetails = 20;
  constexpr size_t kMostInMessage = 5;
  google::rpc::BadRequest bad_request;
  std::string message = "the request is not valid:";
  for (size_t i = 0; i < violations.size() && i < kMostDetails; ++i) {
    const FieldViolation& violation = violations[i];
    google::rpc::BadRequest::FieldViolation& entry = *bad_request.add_field_violations();
    entry.set_field(violation.field);
    entry.set_description(violation.description);
    if (i >= kMostInMessage) continue;
    absl::StrAppend(&message, i == 0 ? " " : "; ", violation.field, " ", violation.description);
  }
  if (violations.size() > kMostInMessage) {
    absl::StrAppend(&message, "; and ", violations.size() - kMostInMessage, " more");
  }
  absl::Status status = Error(absl::StatusCode::kInvalidArgument,
                              errors::v1::ERROR_REASON_VALIDATION_FAILED, message);
  SetDetail(status, kBadRequestUrl, bad_request);
  return status;
}

absl::Status NotFoundError(const std::string& what) {
  return Error(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_NOT_FOUND,
               absl::StrCat("there is no such ", what));
}

absl::Status PermissionError(const std::string& message) {
  return Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_PERMISSION_DENIED,
               message);
}

absl::Status UnavailableError(const std::string& message) {
  return Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_UNAVAILABLE, message);
}

absl::Status InternalError(const std::string& message) {
  return Error(absl::StatusCode::kInternal, errors::v1::ERROR_REASON_INTERNAL, message);
}

absl::Status EtagMismatchError() {
  return Error(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ETAG_MISMATCH,
               "the resource has changed since the given etag");
}

absl::Status CursorError(const std::string& field) {
  const std::string description = "is not a cursor of this list or stream";
  absl::Status status =
      Error(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_INVALID_CURSOR,
            absl::StrCat(field, " ", description));
  google::rpc::BadRequest bad_request;
  google::rpc::BadRequest::FieldViolation& entry = *bad_request.add_field_violations();
  entry.set_field(field);
  entry.set_description(description);
  SetDetail(status, kBadRequestUrl, bad_request);
  return status;
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  if (status.ok()) return status;
  google::rpc::RetryInfo info;
  absl::Duration rest;
  info.mutable_retry_delay()->set_seconds(absl::IDivDuration(delay, absl::Seconds(1), &rest));
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  SetDetail(status, kRetryInfoUrl, info);
  return status;
}

absl::Status WithMetadata(absl::Status status, const ErrorMetadata& metadata) {
  if (status.ok()) return status;
  google::rpc::ErrorInfo info = GetErrorInfo(status).value_or(google::rpc::ErrorInfo());
  for (const auto& [name, value] : metadata)
    (*info.mutable_metadata())[name] = value;
  SetDetail(status, kErrorInfoUrl, info);
  return status;
}

std::optional<google::rpc::ErrorInfo> GetErrorInfo(const absl::Status& status) {
  return GetDetail<google::rpc::ErrorInfo>(status, kErrorInfoUrl);
}

std::optional<google::rpc::BadRequest> GetBadRequest(const absl::Status& status) {
  return GetDetail<google::rpc::BadRequest>(status, kBadRequestUrl);
}

std::optional<absl::Duration> GetRetryAfter(const absl::Status& status) {
  const auto info = GetDetail<google::rpc::RetryInfo>(status, kRetryInfoUrl);
  if (!info.has_value()) return std::nullopt;
  return absl::Seconds(info->retry_delay().seconds()) +
         absl::Nanoseconds(info->retry_delay().nanos());
}

std::string GetFact(const absl::Status& status, const std::string& name) {
  const auto info = GetErrorInfo(status);
  if (!info.has_value()) return "";
  const auto found = info->metadata().find(name);
  return found == info->metadata().end() ? "" : found->second;
}

std::string GetReason(const absl::Status& status) {
  const auto info = GetErrorInfo(status);
  return info.has_value() ? info->reason() : "";
}

}  // namespace dramatis
