// How long an AI participant waits before it answers, so that a burst of messages gets one answer
// and a model is not seen by its haste. Pure functions.
#pragma once

#include <string>

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/time/time.h"

namespace dramatis::conversation {

inline constexpr absl::Duration kShortestDelay = absl::Milliseconds(500);
inline constexpr absl::Duration kLongestDelay = absl::Seconds(10);

// Between the persona's responseDelay, where it has one. Otherwise 500..10000 ms:
//
//   500 ms + 15 ms for each code point of `text`, times 1.5 - (extraversion + assertiveness) / 200,
//   times 0.8..1.2
//
// The same for the same seed, persona and message, on every machine.
absl::Duration ResponseDelay(const std::string& seed,
                             const dramatis::persona::v1::RenderPersonaResponse& persona,
                             const std::string& message_id,
                             const std::string& text);

}  // namespace dramatis::conversation
