#include "shared/rpc/status_conversion.h"

#include "google/rpc/status.pb.h"

#include "absl/strings/cord.h"
#include "shared/status/outgoing.h"

namespace dramatis {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::Status sent = ToCaller(status);
  google::rpc::Status details;
  details.set_code(static_cast<int>(sent.code()));
  details.set_message(std::string(sent.message()));
  sent.ForEachPayload([&](auto url, const absl::Cord& payload) {
    google::protobuf::Any& detail = *details.add_details();
    detail.set_type_url(std::string(url));
    detail.set_value(std::string(payload));
  });
  return grpc::Status(static_cast<grpc::StatusCode>(sent.code()), details.message(),
                      details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // absl::Status reads a code it does not know as UNKNOWN; normalize, so that every layer does.
  const absl::StatusCode code =
      absl::Status(static_cast<absl::StatusCode>(status.error_code()), "").code();
  google::rpc::Status details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details()) ||
      details.details_size() == 0) {
    return TransportError(code, status.error_message());
  }
  absl::Status result(code, status.error_message());
  for (const google::protobuf::Any& detail : details.details())
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  return result;
}

}  // namespace dramatis
