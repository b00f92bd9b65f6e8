// How much a model is told to think, and how many tokens that may take on top of the answer's
// limit: thinking counts towards the limit that providers know, ours is of what is said. Pure
// functions.
//
//   const Effort effort = EffortFor(model, parameters);
//   const int limit = AnswerLimit(model, parameters);       // what the provider is told
#pragma once

#include <string_view>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/inference/catalogue/catalogue.h"

namespace dramatis::inference {

struct Effort {
  // `none`, `low`, `medium`, `high`; empty where nothing is said of it.
  std::string_view word;
  // Tokens kept for thinking.
  int reserve = 0;
  bool operator==(const Effort&) const = default;
};

// What the owner asked for where the model can do it; else as little as it can be told.
Effort EffortFor(const ModelFacts& model, const prompt::v1::ModelParameters& parameters);

// The most tokens that an answer can take and cost, thinking included; what a model can give at
// most where that is known and less. 0 where the parameters set no limit.
int AnswerLimit(const ModelFacts& model,
                const prompt::v1::ModelParameters& parameters,
                int more_tokens = 0);

}  // namespace dramatis::inference
