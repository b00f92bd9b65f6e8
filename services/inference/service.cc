#include "services/inference/service.h"

namespace dramatis::inference {

void ServeInference(MethodTable& rpc, const UseCases& use_cases) {
  const auto& [generations, tasks, models, usage, budgets, embeddings] = use_cases;
  rpc.Unary("GetStatus", [&models = models](const CallContext& call, const v1::GetStatusRequest&) {
    return models.GetStatus(call.identity);
  });
  rpc.Unary("ListModels",
            [&models = models](const v1::ListModelsRequest&) { return models.List(); });
  rpc.Stream("StreamGenerate", &Generations::Start, generations);
  rpc.Unary("PackPrompt", &Generations::Pack, generations);
  rpc.Async("RunTask", &Tasks::Run, tasks);
  rpc.Async("Embed", &Embeddings::Embed, embeddings);
  rpc.Unary("GetUsage",
            [&usage = usage](const v1::GetUsageRequest& asked) { return usage.Get(asked); });
  rpc.Unary("ListOwnUsage", &Usage::ListOwn, usage);
  rpc.Unary("ListUsage", &Usage::List, usage);
  rpc.Unary("GetBudget", [&budgets = budgets](const v1::GetBudgetRequest& asked) {
    return budgets.Find(asked.user_id());
  });
  rpc.Unary("UpdateBudget", &Budgets::Update, budgets);
}

}  // namespace dramatis::inference
