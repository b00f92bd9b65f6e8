#include "services/conversation/peers/grpc_user_data.h"

#include "google/protobuf/empty.pb.h"

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// Of the deletion of some ten thousand rows, or a page of an archive.
constexpr absl::Duration kUserDataTimeout = absl::Seconds(60);

}  // namespace

GrpcUserDataPeer::GrpcUserDataPeer(std::vector<Neighbour> neighbours) {
  for (Neighbour& neighbour : neighbours) {
    neighbours_.push_back(
        {std::move(neighbour.service), std::make_unique<Stub>(std::move(neighbour.connect))});
  }
}

std::vector<std::string> GrpcUserDataPeer::services() const {
  std::vector<std::string> services;
  for (const Connected& neighbour : neighbours_)
    services.push_back(neighbour.service);
  return services;
}

absl::StatusOr<GrpcUserDataPeer::Stub*> GrpcUserDataPeer::Find(const std::string& service) {
  for (const Connected& neighbour : neighbours_) {
    if (neighbour.service == service) return neighbour.stub.get();
  }
  return NotFoundError("service");
}

absl::Status GrpcUserDataPeer::ForgetUser(const CallContext& call, const std::string& user_id) {
  for (const Connected& neighbour : neighbours_) {
    Stub& stub = *neighbour.stub;
    admin::v1::ForgetUserRequest request;
    request.set_service(neighbour.service);
    request.set_user_id(user_id);
    DRAMATIS_RETURN_IF_ERROR(
        calls_
            .Run<google::protobuf::Empty>(call.AsService(user_id), kUserDataTimeout, request,
                                          [&](auto* context, const auto& asked, auto* response) {
                                            return stub->ForgetUser(context, asked, response);
                                          })
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<admin::v1::ExportUserResponse> GrpcUserDataPeer::Export(
    const CallContext& call, const admin::v1::ExportUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(Stub* const stub, Find(request.service()));
  return calls_.Run<admin::v1::ExportUserResponse>(
      call.AsService(request.user_id()), kUserDataTimeout, request,
      [&](auto* context, const auto& asked, auto* response) {
        return (*stub)->ExportUser(context, asked, response);
      });
}

absl::StatusOr<admin::v1::ImportUserResponse> GrpcUserDataPeer::Import(
    const CallContext& call, const admin::v1::ImportUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(Stub* const stub, Find(request.service()));
  return calls_.Run<admin::v1::ImportUserResponse>(
      call.AsService(request.user_id()), kUserDataTimeout, request,
      [&](auto* context, const auto& asked, auto* response) {
        return (*stub)->ImportUser(context, asked, response);
      });
}

}  // namespace dramatis::conversation
