#include "services/inference/providers/effort.h"

#include <algorithm>

namespace dramatis::inference {
namespace {

constexpr int kLowReserve = 4096;
constexpr int kMediumReserve = 8192;
constexpr int kHighReserve = 16384;

}  // namespace

Effort EffortFor(const ModelFacts& model, const prompt::v1::ModelParameters& parameters) {
  if (model.thinking == Thinking::kNever) return {};
  switch (parameters.reasoning_effort()) {
    case prompt::v1::REASONING_EFFORT_LOW:
      return {"low", kLowReserve};
    case prompt::v1::REASONING_EFFORT_MEDIUM:
      return {"medium", kMediumReserve};
    case prompt::v1::REASONING_EFFORT_HIGH:
      return {"high", kHighReserve};
    default:
      break;
  }
  if (model.thinking == Thinking::kAlways) return {"low", kLowReserve};
  const bool asked = parameters.reasoning_effort() == prompt::v1::REASONING_EFFORT_NONE;
  if (model.thinking == Thinking::kOptional || asked) return {"none", 0};
  return {};
}

int AnswerLimit(const ModelFacts& model,
                const prompt::v1::ModelParameters& parameters,
                int more_tokens) {
  if (parameters.max_output_tokens() <= 0) return 0;
  const int wanted =
      parameters.max_output_tokens() + EffortFor(model, parameters).reserve + more_tokens;
  return model.max_output_tokens > 0 ? std::min(wanted, model.max_output_tokens) : wanted;
}

}  // namespace dramatis::inference
