#include "services/conversation/model/turn_error.h"

#include "google/rpc/status.pb.h"

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

std::string SerializeError(const absl::Status& status) {
  google::rpc::Status error;
  error.set_code(static_cast<int>(status.code()));
  error.set_message(std::string(status.message()));
  status.ForEachPayload([&error](absl::string_view url, const absl::Cord& payload) {
    auto* const detail = error.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(payload));
  });
  return error.SerializeAsString();
}

absl::Status ParseError(const std::string& bytes) {
  google::rpc::Status error;
  if (!error.ParseFromString(bytes) || error.code() == 0) {
    return InternalError("the turn's row holds no error");
  }
  absl::Status status(static_cast<absl::StatusCode>(error.code()), error.message());
  for (const auto& detail : error.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

}  // namespace dramatis::conversation
