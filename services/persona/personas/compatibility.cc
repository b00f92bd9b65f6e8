#include "services/persona/personas/compatibility.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "services/persona/model/definition.h"

namespace dramatis::persona {
namespace {

constexpr double kTraitShare = 0.7;
constexpr double kKnowledgeShare = 0.3;

const char* Label(int score) {
  if (score >= 80) return "excellent";
  if (score >= 60) return "good";
  if (score >= 40) return "fair";
  return "poor";
}

}  // namespace

v1::ComparePersonasResponse Compare(const v1::Persona& one, const v1::Persona& other) {
  const auto traits = Traits(one);
  const auto other_traits = Traits(other);
  int distance = 0;
  for (int i = 0; i < kTraitCount; ++i)
    distance += std::abs(traits[i] - other_traits[i]);

  const std::vector<v1::Knowledge> domains = KnowledgeOf(one);
  const std::vector<v1::Knowledge> other_domains = KnowledgeOf(other);
  v1::ComparePersonasResponse response;
  v1::ComparePersonasResponse::Breakdown& breakdown = *response.mutable_breakdown();
  for (int number = v1::Knowledge_MIN; number <= v1::Knowledge_MAX; ++number) {
    const auto domain = static_cast<v1::Knowledge>(number);
    if (std::find(domains.begin(), domains.end(), domain) != domains.end() &&
        std::find(other_domains.begin(), other_domains.end(), domain) != other_domains.end()) {
      breakdown.add_shared_knowledge(domain);
    }
  }
  breakdown.set_traits(100.0 - static_cast<double>(distance) / kTraitCount);
  breakdown.set_knowledge(100.0 * breakdown.shared_knowledge_size() /
                          static_cast<double>(std::max(domains.size(), other_domains.size())));
  response.set_score(static_cast<int>(
      std::lround(kTraitShare * breakdown.traits() + kKnowledgeShare * breakdown.knowledge())));
  response.set_label(Label(response.score()));
  return response;
}

}  // namespace dramatis::persona
