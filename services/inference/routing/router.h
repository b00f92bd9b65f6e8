// Which provider answers for which model, and which one after it.
//
//   Router router(std::move(providers), {"openai/gpt-4o-mini", "local"}, clock);
//   absl::StatusOr<std::vector<Route>> routes = router.Resolve(request.parameters().model());
//
// A model is named `provider/model`; the provider's name alone stands for its default model, the
// empty name for the deployment's. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inference/providers/health.h"
#include "services/inference/providers/provider.h"
#include "services/inference/routing/breaker.h"
#include "services/inference/routing/breakers.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

// A model and who provides it. Valid as long as the router.
struct Route {
  Provider* provider = nullptr;
  Breaker* breaker = nullptr;
  ModelFacts model;
  // Null in tests that do not ask for it.
  Health* health = nullptr;

  // `provider/model`.
  std::string FullName() const { return provider->name() + "/" + model.name; }
};

class Router {
 public:
  struct Member {
    std::unique_ptr<Provider> provider;
    std::unique_ptr<Breakers> breakers;
    std::unique_ptr<Health> health;
  };

  // `chain` names models that exist: the deployment's default first, then the ones that stand in
  // for it. Not empty.
  Router(std::vector<std::unique_ptr<Provider>> providers,
         std::vector<std::string> chain,
         const Clock& clock);

  // The model, then those that stand in for it, then all of the chain, each once. Of those that
  // stand in, a name that nobody has is passed over. INVALID_ARGUMENT, UNKNOWN_MODEL.
  absl::StatusOr<std::vector<Route>> Resolve(const std::string& model,
                                             const std::vector<std::string>& fallbacks = {}) const;

  const std::vector<Member>& members() const { return members_; }
  // `provider/model`.
  std::string DefaultModel() const;

 private:
  absl::StatusOr<Route> Find(const std::string& name) const;

  std::vector<Member> members_;
  const std::vector<std::string> chain_;
};

}  // namespace dramatis::inference
