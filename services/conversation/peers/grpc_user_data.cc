#include "services/conversation/peers/grpc_user_data.h"

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// Of the deletion of some ten thousand rows, or a page of an archive.
constexpr absl::Duration kUserDataTimeout = absl::Seconds(60);

}  // namespace

GrpcUserDataPeer::GrpcUserDataPeer(std::vector<Keeper> keepers) {
  for (Keeper& keeper : keepers) {
    keepers_.push_back(
        {std::move(keeper.service),
         std::make_unique<Neighbour<admin::v1::AdminService>>(std::move(keeper.connect))});
  }
}

void GrpcUserDataPeer::Stop() {
  for (const Connected& keeper : keepers_)
    keeper.admin->CancelAll();
}

std::vector<std::string> GrpcUserDataPeer::services() const {
  std::vector<std::string> services;
  for (const Connected& keeper : keepers_)
    services.push_back(keeper.service);
  return services;
}

absl::StatusOr<Neighbour<admin::v1::AdminService>*> GrpcUserDataPeer::Find(
    const std::string& service) {
  for (const Connected& keeper : keepers_) {
    if (keeper.service == service) return keeper.admin.get();
  }
  return NotFoundError("service");
}

absl::Status GrpcUserDataPeer::ForgetUser(const CallContext& call, const std::string& user_id) {
  for (const Connected& keeper : keepers_) {
    admin::v1::ForgetUserRequest request;
    request.set_service(keeper.service);
    request.set_user_id(user_id);
    DRAMATIS_RETURN_IF_ERROR(keeper.admin
                                 ->Call(&admin::v1::AdminService::Stub::ForgetUser,
                                        call.AsService(user_id), kUserDataTimeout, request)
                                 .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<admin::v1::ExportUserResponse> GrpcUserDataPeer::Export(
    const CallContext& call, const admin::v1::ExportUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(auto* const keeper, Find(request.service()));
  return keeper->Call(&admin::v1::AdminService::Stub::ExportUser, call.AsService(request.user_id()),
                      kUserDataTimeout, request);
}

absl::StatusOr<admin::v1::ImportUserResponse> GrpcUserDataPeer::Import(
    const CallContext& call, const admin::v1::ImportUserRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(auto* const keeper, Find(request.service()));
  return keeper->Call(&admin::v1::AdminService::Stub::ImportUser, call.AsService(request.user_id()),
                      kUserDataTimeout, request);
}

}  // namespace dramatis::conversation
