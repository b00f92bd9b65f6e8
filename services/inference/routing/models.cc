#include "services/inference/routing/models.h"

#include <optional>

#include "shared/time/timestamps.h"

namespace dramatis::inference {
namespace {

v1::GetStatusResponse::Failure ToMessage(const Trouble& trouble) {
  const Refusal& refusal = trouble.failure.refusal;
  v1::GetStatusResponse::Failure message;
  *message.mutable_time() = ToTimestamp(trouble.time);
  message.set_model(trouble.model);
  message.set_status(refusal.status);
  message.set_code(refusal.code);
  message.set_type(refusal.type);
  message.set_message(refusal.message.empty() ? trouble.failure.message : refusal.message);
  message.set_url(refusal.url);
  return message;
}

}  // namespace

absl::StatusOr<v1::GetStatusResponse> Models::GetStatus(const Identity& identity) const {
  v1::GetStatusResponse response;
  for (const Router::Member& member : router_.members()) {
    v1::GetStatusResponse::Provider& provider = *response.add_providers();
    provider.set_name(member.provider->name());
    provider.set_description(member.provider->description());
    for (const ModelFacts& model : member.provider->models())
      provider.add_models(model.name);
    const bool unavailable = member.breakers->AllOpen() || member.health->misconfigured();
    provider.set_state(unavailable ? v1::PROVIDER_STATE_UNAVAILABLE : v1::PROVIDER_STATE_AVAILABLE);
    if (const std::optional<Trouble> last = member.health->last();
        last.has_value() && identity.IsAdmin()) {
      *provider.mutable_last_error() = ToMessage(*last);
    }
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

std::vector<EndingModel> Models::Ending(absl::Time now) const {
  // Days so written are in order as texts are.
  const std::string last = absl::FormatTime("%Y-%m-%d", now + kNotice, absl::UTCTimeZone());
  std::vector<EndingModel> ending;
  for (const Router::Member& member : router_.members()) {
    for (const ModelFacts& facts : member.provider->models()) {
      if (facts.deprecated.empty() || facts.deprecated > last) continue;
      ending.push_back(
          {.model = member.provider->name() + "/" + facts.name, .until = facts.deprecated});
    }
  }
  return ending;
}

}  // namespace dramatis::inference
