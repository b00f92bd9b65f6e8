// Every service's AdminService in the test's own process; does as the test says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/admin/v1/admin.grpc.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"
#include "shared/rpc/status_conversion.h"

namespace dramatis::gateway {

class FakeAdmin : public admin::v1::AdminService::CallbackService {
 public:
  // What each call for `service` answers from now on; OK is an answer.
  void Answer(const std::string& service, const absl::Status& status) {
    const absl::MutexLock lock(&mutex_);
    statuses_[service] = status;
  }
  // Seeding `service` does nothing: it has its sample data.
  void HasSample(const std::string& service) {
    const absl::MutexLock lock(&mutex_);
    seeded_[service] = true;
  }
  // From now on nobody is answered, until Release.
  void Hold() {
    const absl::MutexLock lock(&mutex_);
    holding_ = true;
  }
  void Release() {
    std::vector<std::function<void()>> held;
    {
      const absl::MutexLock lock(&mutex_);
      holding_ = false;
      held.swap(held_);
    }
    for (const auto& answer : held)
      answer();
  }
  // `SeedDatabase persona validate` and the like, in the order of the services for each round.
  std::vector<std::string> calls() {
    const absl::MutexLock lock(&mutex_);
    return calls_;
  }
  std::string confirmed() {
    const absl::MutexLock lock(&mutex_);
    return confirmed_;
  }

  grpc::ServerUnaryReactor* GetDatabaseStatus(grpc::CallbackServerContext* context,
                                              const admin::v1::GetDatabaseStatusRequest* request,
                                              admin::v1::DatabaseStatus* response) override {
    response->set_status(admin::v1::SERVING_STATUS_SERVING);
    response->set_engine(admin::v1::DATABASE_ENGINE_SQLITE);
    response->set_connected(true);
    response->set_schema_version(1);
    return Finish(context, "GetDatabaseStatus", request->service());
  }
  grpc::ServerUnaryReactor* SetupDatabase(grpc::CallbackServerContext* context,
                                          const admin::v1::SetupDatabaseRequest* request,
                                          admin::v1::SetupDatabaseResponse* response) override {
    response->add_applied("0001_first");
    response->set_schema_version(1);
    return Finish(context, "SetupDatabase", request->service());
  }
  grpc::ServerUnaryReactor* SeedDatabase(grpc::CallbackServerContext* context,
                                         const admin::v1::SeedDatabaseRequest* request,
                                         admin::v1::SeedDatabaseResponse* response) override {
    {
      const absl::MutexLock lock(&mutex_);
      confirmed_ = request->confirm();
      response->set_seeded(!seeded_[request->service()]);
    }
    if (!request->validate_only()) (*response->mutable_created())["things"] = 2;
    return Finish(context, request->validate_only() ? "ValidateSeed" : "SeedDatabase",
                  request->service());
  }

 private:
  grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context,
                                   const std::string& rpc,
                                   const std::string& service) {
    const auto& metadata = context->client_metadata();
    if (metadata.contains("idempotency-key")) {
      context->AddInitialMetadata("idempotency-replayed", "true");
    }
    auto* const reactor = context->DefaultReactor();
    const absl::MutexLock lock(&mutex_);
    calls_.push_back(rpc + " " + service);
    const absl::Status status = statuses_[service];
    const auto answer = [reactor, status] {
      reactor->Finish(status.ok() ? grpc::Status::OK : ToGrpc(status));
    };
    if (holding_) {
      held_.emplace_back(answer);
    } else {
      answer();
    }
    return reactor;
  }

  absl::Mutex mutex_;
  std::map<std::string, absl::Status> statuses_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, bool> seeded_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mutex_);
  std::string confirmed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::gateway
