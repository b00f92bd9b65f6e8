#include "shared/http/reasons.h"

#include <utility>

#include "dramatis/options/v1/options.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace dramatis {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;

constexpr char kReasonPrefix[] = "ERROR_REASON_";

}  // namespace

absl::StatusOr<ReasonTable> ReasonTable::Build(const std::vector<const FileDescriptor*>& files) {
  ReasonTable table;
  for (const FileDescriptor* file : files) {
    const EnumDescriptor* reasons = file->FindEnumTypeByName("ErrorReason");
    for (int i = 0; reasons != nullptr && i < reasons->value_count(); ++i) {
      const auto& value = *reasons->value(i);
      if (value.number() == 0) continue;
      const options::v1::ReasonRule& rule = value.options().GetExtension(options::v1::reason);
      Reason reason;
      reason.name = std::string(absl::StripPrefix(value.name(), kReasonPrefix));
      reason.domain = file->package();
      reason.title = rule.title();
      reason.http_status = rule.http_status();
      if (reason.title.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(value.full_name(), ": no title"));
      }
      const std::string name = reason.name;
      if (!table.reasons_.emplace(name, std::move(reason)).second) {
        return absl::InvalidArgumentError(
            absl::StrCat(value.full_name(), ": another service has this reason"));
      }
    }
  }
  return table;
}

const Reason* ReasonTable::Find(const std::string& name) const {
  const auto it = reasons_.find(name);
  return it == reasons_.end() ? nullptr : &it->second;
}

int HttpStatusOf(errors::v1::ErrorReason reason) {
  const auto* const value = errors::v1::ErrorReason_descriptor()->FindValueByNumber(reason);
  const int status =
      value == nullptr ? 0 : value->options().GetExtension(options::v1::reason).http_status();
  return status == 0 ? HttpStatusOf(absl::StatusCode::kInvalidArgument) : status;
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace dramatis
