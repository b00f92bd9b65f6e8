#include "services/conversation/peers/grpc_forgetting.h"

#include "google/protobuf/empty.pb.h"

#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// Of the deletion of some ten thousand rows.
constexpr absl::Duration kForgetUserTimeout = absl::Seconds(60);

}  // namespace

absl::Status GrpcForgettingPeer::ForgetUser(const CallContext& call, const std::string& user_id) {
  DRAMATIS_RETURN_IF_ERROR(Ask(persona_, call, "persona", user_id));
  DRAMATIS_RETURN_IF_ERROR(Ask(memory_, call, "memory", user_id));
  return Ask(inference_, call, "inference", user_id);
}

absl::Status GrpcForgettingPeer::Ask(Stub& stub,
                                     const CallContext& call,
                                     const std::string& service,
                                     const std::string& user_id) {
  admin::v1::ForgetUserRequest request;
  request.set_service(service);
  request.set_user_id(user_id);
  return calls_
      .Run<google::protobuf::Empty>(call.AsService(user_id), kForgetUserTimeout, request,
                                    [&](auto* context, const auto& asked, auto* response) {
                                      return stub->ForgetUser(context, asked, response);
                                    })
      .status();
}

}  // namespace dramatis::conversation
