#include "services/inference/routing/router.h"

#include <algorithm>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::inference {

Router::Router(std::vector<std::unique_ptr<Provider>> providers,
               std::vector<std::string> chain,
               const Clock& clock)
    : chain_(std::move(chain)) {
  for (std::unique_ptr<Provider>& provider : providers) {
    members_.push_back(
        {std::move(provider), std::make_unique<Breakers>(clock), std::make_unique<Health>()});
  }
}

absl::StatusOr<Route> Router::Find(const std::string& name) const {
  const size_t slash = name.find('/');
  const std::string provider = name.substr(0, slash);
  const std::string model = slash == std::string::npos ? "" : name.substr(slash + 1);
  const bool names_nothing = slash != std::string::npos && model.empty();
  for (const Member& member : members_) {
    if (member.provider->name() != provider || names_nothing) continue;
    if (std::optional<ModelFacts> facts = member.provider->FindModel(model)) {
      Breaker& breaker = member.breakers->Of(facts->name);
      return Route{member.provider.get(), &breaker, *std::move(facts), member.health.get()};
    }
  }
  return Error(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_UNKNOWN_MODEL,
               "no provider of this deployment has the model; see GET /api/ai/status");
}

absl::StatusOr<std::vector<Route>> Router::Resolve(
    const std::string& model, const std::vector<std::string>& fallbacks) const {
  std::vector<Route> routes;
  const auto add = [&](Route route) {
    const bool known = std::any_of(routes.begin(), routes.end(), [&](const Route& other) {
      return other.FullName() == route.FullName();
    });
    if (!known) routes.push_back(std::move(route));
  };
  // The chain begins with the default, which comes before what stands in for it.
  DRAMATIS_ASSIGN_OR_RETURN(Route first, Find(model.empty() ? chain_.front() : model));
  add(std::move(first));
  for (const std::string& name : fallbacks) {
    if (absl::StatusOr<Route> route = Find(name); route.ok()) add(*std::move(route));
  }
  for (const std::string& name : chain_) {
    DRAMATIS_ASSIGN_OR_RETURN(Route route, Find(name));
    add(std::move(route));
  }
  return routes;
}

std::string Router::DefaultModel() const {
  const absl::StatusOr<Route> route = Find(chain_.front());
  return route.ok() ? route->FullName() : chain_.front();
}

}  // namespace dramatis::inference
