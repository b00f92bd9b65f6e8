#include "services/memory/service.h"

namespace dramatis::memory {

void ServeMemory(MethodTable& rpc, const UseCases& use_cases, Executor& patient) {
  const auto& [profiles, memories, journal, goals, recall, keys, observations, summaries] =
      use_cases;
  rpc.Unary("GetProfile", &Profiles::Get, profiles);
  rpc.Unary("UpdateProfile", &Profiles::Update, profiles);
  rpc.Unary("ListMemories", &Memories::List, memories);
  rpc.Unary("CreateMemory", &Memories::Create, memories);
  rpc.Unary("GetMemory", &Memories::Get, memories);
  rpc.Unary("UpdateMemory", &Memories::Update, memories);
  rpc.Unary("DeleteMemory", &Memories::Delete, memories);
  rpc.Unary("SearchMemories", &Memories::Search, memories);
  rpc.Unary("ListJournalEntries", &Journal::List, journal);
  rpc.Unary("CreateJournalEntry", &Journal::Create, journal);
  rpc.Unary("GetJournalEntry", &Journal::Get, journal);
  rpc.Unary("UpdateJournalEntry", &Journal::Update, journal);
  rpc.Unary("DeleteJournalEntry", &Journal::Delete, journal);
  rpc.Unary("GetJournalStats", &Journal::Stats, journal);
  rpc.Unary("ListGoals", &Goals::List, goals);
  rpc.Unary("CreateGoal", &Goals::Create, goals);
  rpc.Unary("GetGoal", &Goals::Get, goals);
  rpc.Unary("UpdateGoal", &Goals::Update, goals);
  rpc.Unary("DeleteGoal", &Goals::Delete, goals);
  rpc.Unary("CompleteGoal", &Goals::Complete, goals);
  rpc.Unary("RestoreGoal", &Goals::Restore, goals);
  rpc.Unary("ListActivities", &Goals::ListActivities, goals);
  rpc.Unary("CreateActivity", &Goals::CreateActivity, goals);
  rpc.Unary("GetActivity", &Goals::GetActivity, goals);
  rpc.Unary("GetGoalProgress", &Goals::Progress, goals);
  rpc.Unary("ListKeys", &Keys::List, keys);
  rpc.Unary("CreateKey", &Keys::Create, keys);
  rpc.Unary("GetKey", &Keys::Get, keys);
  rpc.Unary("UpdateKey", &Keys::Update, keys);
  rpc.Unary("DeleteKey", &Keys::Delete, keys);
  rpc.Unary("RotateKey", &Keys::Rotate, keys);
  rpc.Unary("LookUpKey", &Keys::LookUp, keys);
  rpc.Unary("Recall", [&summaries = summaries, &recall = recall](const CallContext& call,
                                                                 const v1::RecallRequest& asked) {
    return summaries.WithSummaries(
        asked, [&](const v1::RecallRequest& rest) { return recall.ForTurn(call, rest); });
  });
  rpc.Unary("Observe", &Observations::Observe, observations).On(patient);
  rpc.Unary("Summarize", &Summaries::Summarize, summaries).On(patient);
  rpc.Unary("ForgetMessages", &Observations::Forget, observations);
}

}  // namespace dramatis::memory
