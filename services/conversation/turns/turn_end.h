// Storing how a turn ends, be it of a session or of a room. Blocks.
#pragma once

#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_store.h"
#include "services/conversation/model/turn_tools.h"

namespace dramatis::conversation {

// TurnEnd.finish_reason of a line that stands for an answer that failed.
inline constexpr char kFallback[] = "fallback";
// What it says: nothing that tells a person from a program.
inline constexpr char kFallbackText[] = "I have nothing to say to that right now.";

// One transaction, see TurnStore::EndTurn. What a model has said in a room may
// be answered by others.
absl::StatusOr<EndedTurn> StoreTurnEnd(const TurnTools& tools,
                                       const TurnJob& job,
                                       const TurnEnd& end);

// Whether the turn says a line of ours where it fails.
bool FallsBack(const TurnJob& job);
// Makes the end of such a turn out of its failure: what was said so far gives way to our line.
void FallBack(std::string message_id, TurnEnd& end);

}  // namespace dramatis::conversation
