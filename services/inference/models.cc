#include "services/inference/models.h"

namespace dramatis::inference {

absl::StatusOr<v1::GetStatusResponse> Models::GetStatus() const {
  v1::GetStatusResponse response;
  for (const Router::Member& member : router_.members()) {
    v1::GetStatusResponse::Provider& provider = *response.add_providers();
    provider.set_name(member.provider->name());
    provider.set_description(member.provider->description());
    for (const ModelFacts& model : member.provider->models())
      provider.add_models(model.name);
    const bool refused = member.breaker->RetryAfter() > absl::ZeroDuration();
    provider.set_state(refused ? v1::PROVIDER_STATE_UNAVAILABLE : v1::PROVIDER_STATE_AVAILABLE);
    if (!member.provider->retrieval()) response.set_configured(true);
  }
  response.set_default_model(router_.DefaultModel());
  return response;
}

absl::StatusOr<v1::ListModelsResponse> Models::List() const {
  v1::ListModelsResponse response;
  for (const Router::Member& member : router_.members()) {
    for (const ModelFacts& facts : member.provider->models()) {
      constexpr double kMicros = 1e6;  // the catalogue counts dollars
      v1::ListModelsResponse::Model& model = *response.add_models();
      model.set_name(member.provider->name() + "/" + facts.name);
      model.set_window_tokens(facts.window_tokens);
      model.set_input_price(facts.prices.input * kMicros);
      model.set_output_price(facts.prices.output * kMicros);
      model.set_cached_price(facts.prices.cached * kMicros);
    }
  }
  return response;
}

}  // namespace dramatis::inference
