// MemoryService on gRPC. No rules here: the adapter checks the call, the use cases do the work.
#pragma once

#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "services/memory/goals/goals.h"
#include "services/memory/journal/journal.h"
#include "services/memory/keys/keys.h"
#include "services/memory/memories/memories.h"
#include "services/memory/memories/observations.h"
#include "services/memory/memories/recall.h"
#include "services/memory/memories/summaries.h"
#include "services/memory/profile/profiles.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::memory {

// What takes something from conversations. References outlive the service.
struct RememberingParts {
  // Its executor has threads that may wait for a model.
  ServiceAdapter& patient_rpc;
  Observations& observations;
  Summaries& summaries;
};

class MemoryServiceServer : public v1::MemoryService::CallbackService {
 public:
  // References outlive the service.
  MemoryServiceServer(ServiceAdapter& rpc,
                      Profiles& profiles,
                      Memories& memories,
                      Journal& journal,
                      Goals& goals,
                      memory::Recall& recall,
                      Keys& keys,
                      const RememberingParts& remembering)
      : rpc_(rpc),
        profiles_(profiles),
        memories_(memories),
        journal_(journal),
        goals_(goals),
        recall_(recall),
        keys_(keys),
        remembering_(remembering) {}

  grpc::ServerUnaryReactor* GetProfile(grpc::CallbackServerContext* context,
                                       const v1::GetProfileRequest* request,
                                       v1::Profile* response) override;
  grpc::ServerUnaryReactor* UpdateProfile(grpc::CallbackServerContext* context,
                                          const v1::UpdateProfileRequest* request,
                                          v1::Profile* response) override;
  grpc::ServerUnaryReactor* ListMemories(grpc::CallbackServerContext* context,
                                         const v1::ListMemoriesRequest* request,
                                         v1::ListMemoriesResponse* response) override;
  grpc::ServerUnaryReactor* CreateMemory(grpc::CallbackServerContext* context,
                                         const v1::CreateMemoryRequest* request,
                                         v1::Memory* response) override;
  grpc::ServerUnaryReactor* GetMemory(grpc::CallbackServerContext* context,
                                      const v1::GetMemoryRequest* request,
                                      v1::Memory* response) override;
  grpc::ServerUnaryReactor* UpdateMemory(grpc::CallbackServerContext* context,
                                         const v1::UpdateMemoryRequest* request,
                                         v1::Memory* response) override;
  grpc::ServerUnaryReactor* DeleteMemory(grpc::CallbackServerContext* context,
                                         const v1::DeleteMemoryRequest* request,
                                         google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* SearchMemories(grpc::CallbackServerContext* context,
                                           const v1::SearchMemoriesRequest* request,
                                           v1::SearchMemoriesResponse* response) override;
  // What others of this process may call without gRPC: other services, and the gateway what clients
  // may.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* Recall(grpc::CallbackServerContext* context,
                                   const v1::RecallRequest* request,
                                   v1::RecallResponse* response) override;

  // In journal_service.cc.
  grpc::ServerUnaryReactor* ListJournalEntries(grpc::CallbackServerContext* context,
                                               const v1::ListJournalEntriesRequest* request,
                                               v1::ListJournalEntriesResponse* response) override;
  grpc::ServerUnaryReactor* CreateJournalEntry(grpc::CallbackServerContext* context,
                                               const v1::CreateJournalEntryRequest* request,
                                               v1::JournalEntry* response) override;
  grpc::ServerUnaryReactor* GetJournalEntry(grpc::CallbackServerContext* context,
                                            const v1::GetJournalEntryRequest* request,
                                            v1::JournalEntry* response) override;
  grpc::ServerUnaryReactor* UpdateJournalEntry(grpc::CallbackServerContext* context,
                                               const v1::UpdateJournalEntryRequest* request,
                                               v1::JournalEntry* response) override;
  grpc::ServerUnaryReactor* DeleteJournalEntry(grpc::CallbackServerContext* context,
                                               const v1::DeleteJournalEntryRequest* request,
                                               google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* GetJournalStats(grpc::CallbackServerContext* context,
                                            const v1::GetJournalStatsRequest* request,
                                            v1::JournalStats* response) override;

  // In goals_service.cc.
  grpc::ServerUnaryReactor* ListGoals(grpc::CallbackServerContext* context,
                                      const v1::ListGoalsRequest* request,
                                      v1::ListGoalsResponse* response) override;
  grpc::ServerUnaryReactor* CreateGoal(grpc::CallbackServerContext* context,
                                       const v1::CreateGoalRequest* request,
                                       v1::Goal* response) override;
  grpc::ServerUnaryReactor* GetGoal(grpc::CallbackServerContext* context,
                                    const v1::GetGoalRequest* request,
                                    v1::Goal* response) override;
  grpc::ServerUnaryReactor* UpdateGoal(grpc::CallbackServerContext* context,
                                       const v1::UpdateGoalRequest* request,
                                       v1::Goal* response) override;
  grpc::ServerUnaryReactor* DeleteGoal(grpc::CallbackServerContext* context,
                                       const v1::DeleteGoalRequest* request,
                                       google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* CompleteGoal(grpc::CallbackServerContext* context,
                                         const v1::CompleteGoalRequest* request,
                                         v1::Goal* response) override;
  grpc::ServerUnaryReactor* RestoreGoal(grpc::CallbackServerContext* context,
                                        const v1::RestoreGoalRequest* request,
                                        v1::Goal* response) override;
  grpc::ServerUnaryReactor* ListActivities(grpc::CallbackServerContext* context,
                                           const v1::ListActivitiesRequest* request,
                                           v1::ListActivitiesResponse* response) override;
  grpc::ServerUnaryReactor* CreateActivity(grpc::CallbackServerContext* context,
                                           const v1::CreateActivityRequest* request,
                                           v1::Activity* response) override;
  grpc::ServerUnaryReactor* GetActivity(grpc::CallbackServerContext* context,
                                        const v1::GetActivityRequest* request,
                                        v1::Activity* response) override;
  grpc::ServerUnaryReactor* GetGoalProgress(grpc::CallbackServerContext* context,
                                            const v1::GetGoalProgressRequest* request,
                                            v1::GoalProgress* response) override;

  // In keys_service.cc.
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context,
                                     const v1::ListKeysRequest* request,
                                     v1::ListKeysResponse* response) override;
  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context,
                                      const v1::CreateKeyRequest* request,
                                      v1::Key* response) override;
  grpc::ServerUnaryReactor* GetKey(grpc::CallbackServerContext* context,
                                   const v1::GetKeyRequest* request,
                                   v1::Key* response) override;
  grpc::ServerUnaryReactor* UpdateKey(grpc::CallbackServerContext* context,
                                      const v1::UpdateKeyRequest* request,
                                      v1::Key* response) override;
  grpc::ServerUnaryReactor* DeleteKey(grpc::CallbackServerContext* context,
                                      const v1::DeleteKeyRequest* request,
                                      google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* RotateKey(grpc::CallbackServerContext* context,
                                      const v1::RotateKeyRequest* request,
                                      v1::Key* response) override;
  grpc::ServerUnaryReactor* LookUpKey(grpc::CallbackServerContext* context,
                                      const v1::LookUpKeyRequest* request,
                                      v1::LookUpKeyResponse* response) override;

  // In memory_sync_service.cc.
  grpc::ServerUnaryReactor* Observe(grpc::CallbackServerContext* context,
                                    const v1::ObserveRequest* request,
                                    v1::ObserveResponse* response) override;
  grpc::ServerUnaryReactor* Summarize(grpc::CallbackServerContext* context,
                                      const v1::SummarizeRequest* request,
                                      v1::SummarizeResponse* response) override;
  grpc::ServerUnaryReactor* ForgetMessages(grpc::CallbackServerContext* context,
                                           const v1::ForgetMessagesRequest* request,
                                           v1::ForgetMessagesResponse* response) override;

 private:
  absl::StatusOr<v1::RecallResponse> RecallFor(const CallContext& call,
                                               const v1::RecallRequest& request);

  ServiceAdapter& rpc_;
  Profiles& profiles_;
  Memories& memories_;
  Journal& journal_;
  Goals& goals_;
  memory::Recall& recall_;
  Keys& keys_;
  const RememberingParts remembering_;
};

}  // namespace dramatis::memory
