// The RPCs of goals of MemoryService.
#include "services/memory/service.h"

namespace dramatis::memory {

grpc::ServerUnaryReactor* MemoryServiceServer::ListGoals(grpc::CallbackServerContext* context,
                                                         const v1::ListGoalsRequest* request,
                                                         v1::ListGoalsResponse* response) {
  return rpc_.Unary("ListGoals", context, request, response,
                    [this](const CallContext& call, const v1::ListGoalsRequest& r) {
                      return goals_.List(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::CreateGoal(grpc::CallbackServerContext* context,
                                                          const v1::CreateGoalRequest* request,
                                                          v1::Goal* response) {
  return rpc_.Unary("CreateGoal", context, request, response,
                    [this](const CallContext& call, const v1::CreateGoalRequest& r) {
                      return goals_.Create(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetGoal(grpc::CallbackServerContext* context,
                                                       const v1::GetGoalRequest* request,
                                                       v1::Goal* response) {
  return rpc_.Unary(
      "GetGoal", context, request, response,
      [this](const CallContext& call, const v1::GetGoalRequest& r) { return goals_.Get(call, r); });
}

grpc::ServerUnaryReactor* MemoryServiceServer::UpdateGoal(grpc::CallbackServerContext* context,
                                                          const v1::UpdateGoalRequest* request,
                                                          v1::Goal* response) {
  return rpc_.Unary("UpdateGoal", context, request, response,
                    [this](const CallContext& call, const v1::UpdateGoalRequest& r) {
                      return goals_.Update(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::DeleteGoal(grpc::CallbackServerContext* context,
                                                          const v1::DeleteGoalRequest* request,
                                                          google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteGoal", context, request, response,
                    [this](const CallContext& call, const v1::DeleteGoalRequest& r) {
                      return goals_.Delete(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::CompleteGoal(grpc::CallbackServerContext* context,
                                                            const v1::CompleteGoalRequest* request,
                                                            v1::Goal* response) {
  return rpc_.Unary("CompleteGoal", context, request, response,
                    [this](const CallContext& call, const v1::CompleteGoalRequest& r) {
                      return goals_.Complete(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::RestoreGoal(grpc::CallbackServerContext* context,
                                                           const v1::RestoreGoalRequest* request,
                                                           v1::Goal* response) {
  return rpc_.Unary("RestoreGoal", context, request, response,
                    [this](const CallContext& call, const v1::RestoreGoalRequest& r) {
                      return goals_.Restore(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::ListActivities(
    grpc::CallbackServerContext* context,
    const v1::ListActivitiesRequest* request,
    v1::ListActivitiesResponse* response) {
  return rpc_.Unary("ListActivities", context, request, response,
                    [this](const CallContext& call, const v1::ListActivitiesRequest& r) {
                      return goals_.ListActivities(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::CreateActivity(
    grpc::CallbackServerContext* context,
    const v1::CreateActivityRequest* request,
    v1::Activity* response) {
  return rpc_.Unary("CreateActivity", context, request, response,
                    [this](const CallContext& call, const v1::CreateActivityRequest& r) {
                      return goals_.CreateActivity(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetActivity(grpc::CallbackServerContext* context,
                                                           const v1::GetActivityRequest* request,
                                                           v1::Activity* response) {
  return rpc_.Unary("GetActivity", context, request, response,
                    [this](const CallContext& call, const v1::GetActivityRequest& r) {
                      return goals_.GetActivity(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetGoalProgress(
    grpc::CallbackServerContext* context,
    const v1::GetGoalProgressRequest* request,
    v1::GoalProgress* response) {
  return rpc_.Unary("GetGoalProgress", context, request, response,
                    [this](const CallContext& call, const v1::GetGoalProgressRequest& r) {
                      return goals_.Progress(call, r);
                    });
}

}  // namespace dramatis::memory
