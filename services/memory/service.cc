#include "services/memory/service.h"

namespace dramatis::memory {

grpc::ServerUnaryReactor* MemoryServiceServer::GetProfile(grpc::CallbackServerContext* context,
                                                          const v1::GetProfileRequest* request,
                                                          v1::Profile* response) {
  return rpc_.Unary("GetProfile", context, request, response,
                    [this](const CallContext& call, const v1::GetProfileRequest& r) {
                      return profiles_.Get(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::UpdateProfile(
    grpc::CallbackServerContext* context,
    const v1::UpdateProfileRequest* request,
    v1::Profile* response) {
  return rpc_.Unary("UpdateProfile", context, request, response,
                    [this](const CallContext& call, const v1::UpdateProfileRequest& r) {
                      return profiles_.Update(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::ListMemories(grpc::CallbackServerContext* context,
                                                            const v1::ListMemoriesRequest* request,
                                                            v1::ListMemoriesResponse* response) {
  return rpc_.Unary("ListMemories", context, request, response,
                    [this](const CallContext& call, const v1::ListMemoriesRequest& r) {
                      return memories_.List(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::CreateMemory(grpc::CallbackServerContext* context,
                                                            const v1::CreateMemoryRequest* request,
                                                            v1::Memory* response) {
  return rpc_.Unary("CreateMemory", context, request, response,
                    [this](const CallContext& call, const v1::CreateMemoryRequest& r) {
                      return memories_.Create(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetMemory(grpc::CallbackServerContext* context,
                                                         const v1::GetMemoryRequest* request,
                                                         v1::Memory* response) {
  return rpc_.Unary("GetMemory", context, request, response,
                    [this](const CallContext& call, const v1::GetMemoryRequest& r) {
                      return memories_.Get(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::UpdateMemory(grpc::CallbackServerContext* context,
                                                            const v1::UpdateMemoryRequest* request,
                                                            v1::Memory* response) {
  return rpc_.Unary("UpdateMemory", context, request, response,
                    [this](const CallContext& call, const v1::UpdateMemoryRequest& r) {
                      return memories_.Update(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::DeleteMemory(grpc::CallbackServerContext* context,
                                                            const v1::DeleteMemoryRequest* request,
                                                            google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteMemory", context, request, response,
                    [this](const CallContext& call, const v1::DeleteMemoryRequest& r) {
                      return memories_.Delete(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::SearchMemories(
    grpc::CallbackServerContext* context,
    const v1::SearchMemoriesRequest* request,
    v1::SearchMemoriesResponse* response) {
  return rpc_.Unary("SearchMemories", context, request, response,
                    [this](const CallContext& call, const v1::SearchMemoriesRequest& r) {
                      return memories_.Search(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::Recall(grpc::CallbackServerContext* context,
                                                      const v1::RecallRequest* request,
                                                      v1::RecallResponse* response) {
  return rpc_.Unary(
      "Recall", context, request, response,
      [this](const CallContext& call, const v1::RecallRequest& r) { return RecallFor(call, r); });
}

void MemoryServiceServer::Offer(LocalMethods& local) {
  rpc_.OfferUnary<v1::RecallRequest, v1::RecallResponse>(
      local, "Recall",
      [this](const CallContext& call, const v1::RecallRequest& r) { return RecallFor(call, r); });
  rpc_.OfferUnary<v1::LookUpKeyRequest, v1::LookUpKeyResponse>(
      local, "LookUpKey",
      [this](const CallContext&, const v1::LookUpKeyRequest& r) { return keys_.LookUp(r); });
  const auto relay = [&](const char* method, auto rpc) {
    rpc_.OfferRelay(local, *this, method, rpc);
  };
  relay("GetProfile", &MemoryServiceServer::GetProfile);
  relay("UpdateProfile", &MemoryServiceServer::UpdateProfile);
  relay("ListMemories", &MemoryServiceServer::ListMemories);
  relay("CreateMemory", &MemoryServiceServer::CreateMemory);
  relay("GetMemory", &MemoryServiceServer::GetMemory);
  relay("UpdateMemory", &MemoryServiceServer::UpdateMemory);
  relay("DeleteMemory", &MemoryServiceServer::DeleteMemory);
  relay("SearchMemories", &MemoryServiceServer::SearchMemories);
  relay("ListJournalEntries", &MemoryServiceServer::ListJournalEntries);
  relay("CreateJournalEntry", &MemoryServiceServer::CreateJournalEntry);
  relay("GetJournalEntry", &MemoryServiceServer::GetJournalEntry);
  relay("UpdateJournalEntry", &MemoryServiceServer::UpdateJournalEntry);
  relay("DeleteJournalEntry", &MemoryServiceServer::DeleteJournalEntry);
  relay("GetJournalStats", &MemoryServiceServer::GetJournalStats);
  relay("ListGoals", &MemoryServiceServer::ListGoals);
  relay("CreateGoal", &MemoryServiceServer::CreateGoal);
  relay("GetGoal", &MemoryServiceServer::GetGoal);
  relay("UpdateGoal", &MemoryServiceServer::UpdateGoal);
  relay("DeleteGoal", &MemoryServiceServer::DeleteGoal);
  relay("CompleteGoal", &MemoryServiceServer::CompleteGoal);
  relay("RestoreGoal", &MemoryServiceServer::RestoreGoal);
  relay("ListActivities", &MemoryServiceServer::ListActivities);
  relay("CreateActivity", &MemoryServiceServer::CreateActivity);
  relay("GetActivity", &MemoryServiceServer::GetActivity);
  relay("GetGoalProgress", &MemoryServiceServer::GetGoalProgress);
  relay("ListKeys", &MemoryServiceServer::ListKeys);
  relay("CreateKey", &MemoryServiceServer::CreateKey);
  relay("GetKey", &MemoryServiceServer::GetKey);
  relay("UpdateKey", &MemoryServiceServer::UpdateKey);
  relay("DeleteKey", &MemoryServiceServer::DeleteKey);
  relay("RotateKey", &MemoryServiceServer::RotateKey);
}

absl::StatusOr<v1::RecallResponse> MemoryServiceServer::RecallFor(
    const CallContext& call, const v1::RecallRequest& request) {
  return remembering_.summaries.WithSummaries(
      request, [&](const v1::RecallRequest& rest) { return recall_.ForTurn(call, rest); });
}

}  // namespace dramatis::memory
