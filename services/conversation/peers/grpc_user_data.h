// The neighbours that keep something of users, over gRPC: what imports and exports need of them,
// and what the deletion of accounts does. Which they are stands in module.cc, once. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/admin/v1/admin.grpc.pb.h"

#include "services/conversation/accounts/deletion.h"
#include "services/conversation/archives/user_data.h"
#include "shared/rpc/neighbour.h"

namespace dramatis::conversation {

class GrpcUserDataPeer : public ForgettingPeer, public UserDataPeer {
 public:
  struct Keeper {
    std::string service;
    Connect connect;
  };
  // In the order in which their lines may be imported.
  explicit GrpcUserDataPeer(std::vector<Keeper> keepers);

  absl::Status ForgetUser(const CallContext& call, const std::string& user_id) override;
  std::vector<std::string> services() const override;
  absl::StatusOr<admin::v1::ExportUserResponse> Export(
      const CallContext& call, const admin::v1::ExportUserRequest& request) override;
  absl::StatusOr<admin::v1::ImportUserResponse> Import(
      const CallContext& call, const admin::v1::ImportUserRequest& request) override;
  // Calls under way, and later ones, end at once.
  void Stop();

 private:
  struct Connected {
    std::string service;
    std::unique_ptr<Neighbour<admin::v1::AdminService>> admin;
  };
  // NOT_FOUND.
  absl::StatusOr<Neighbour<admin::v1::AdminService>*> Find(const std::string& service);

  std::vector<Connected> keepers_;
};

}  // namespace dramatis::conversation
