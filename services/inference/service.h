// The RPCs of InferenceService, a line each; no rules.
#pragma once

#include "services/inference/embedding/embeddings.h"
#include "services/inference/generation/generations.h"
#include "services/inference/generation/tasks.h"
#include "services/inference/routing/models.h"
#include "services/inference/usage/budgets.h"
#include "services/inference/usage/usage.h"
#include "shared/methods/method_table.h"

namespace dramatis::inference {

// The use cases behind the RPCs. References outlive the table.
struct UseCases {
  const Generations& generations;
  Tasks& tasks;
  const Models& models;
  Usage& usage;
  const Budgets& budgets;
  Embeddings& embeddings;
};

void ServeInference(MethodTable& rpc, const UseCases& use_cases);

}  // namespace dramatis::inference
