#include "services/conversation/turn_taking/delay.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

namespace persona = dramatis::persona::v1;

constexpr absl::Duration kPerCodePoint = absl::Milliseconds(15);
constexpr double kSlowest = 1.5;
constexpr double kBothTraits = 200;
constexpr double kLeastJitter = 0.8;
constexpr double kJitter = 0.4;

// 0..1. The engine and the way it is seeded are the standard's, to the bit.
double Chance(const std::string& text) {
  std::seed_seq seed(text.begin(), text.end());
  std::mt19937_64 engine(seed);
  return static_cast<double>(engine()) / static_cast<double>(std::mt19937_64::max());
}

}  // namespace

absl::Duration ResponseDelay(const std::string& seed,
                             const persona::RenderPersonaResponse& persona,
                             const std::string& message_id,
                             const std::string& text) {
  const double chance = Chance(absl::StrCat(seed, "\n", persona.persona_id(), "\n", message_id));
  if (persona.has_response_delay()) {
    const absl::Duration least = absl::Milliseconds(persona.response_delay().min_ms());
    const absl::Duration most = absl::Milliseconds(persona.response_delay().max_ms());
    return absl::Trunc(least + (std::max(most, least) - least) * chance, absl::Milliseconds(1));
  }
  const persona::Personality& traits = persona.personality();
  const double pace = kSlowest - (traits.extraversion() + traits.assertiveness()) / kBothTraits;
  const absl::Duration reading =
      kShortestDelay + kPerCodePoint * static_cast<int64_t>(CodePoints(text));
  const absl::Duration delay = reading * pace * (kLeastJitter + kJitter * chance);
  return absl::Trunc(std::clamp(delay, kShortestDelay, kLongestDelay), absl::Milliseconds(1));
}

}  // namespace dramatis::conversation
