// What inference's tests ask models for, and what those cost.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/inference/generation/generation.h"
#include "services/inference/testing/fakes.h"

namespace dramatis::inference {

// A micro for a token of a prompt, two for one of an answer.
inline ModelFacts PricedModel() {
  return {.name = "m", .window_tokens = 1000, .prices = {.input = 1, .output = 2, .cached = 0}};
}

// Of a prompt that was counted and is not looked at.
inline ModelRequest RequestOf(ModelFacts model, int prompt_tokens) {
  auto prompt = std::make_shared<PackedPrompt>();
  prompt->manifest.set_prompt_tokens(prompt_tokens);
  return {.model = std::move(model), .prompt = prompt, .parameters = {}, .persona_name = "Ada"};
}

// User u's turn t, in its first attempt.
inline GenerationFacts FirstTurn() {
  return {.payer = {.user_id = "u"},
          .persona_id = "p",
          .persona_name = "Ada",
          .turn_key = "t:1",
          .correlation_id = "c"};
}

// A router's only provider; it stays with the test as `provider`.
inline std::vector<std::unique_ptr<Provider>> OnlyProvider(FakeProvider*& provider,
                                                           ModelFacts model) {
  auto fake = std::make_unique<FakeProvider>("fake", std::vector<ModelFacts>{std::move(model)});
  provider = fake.get();
  std::vector<std::unique_ptr<Provider>> providers;
  providers.push_back(std::move(fake));
  return providers;
}

}  // namespace dramatis::inference
