// Packs a prompt into a model's window (docs: "Context").
//
//   absl::StatusOr<PackedPrompt> packed = Pack(request.parts(), request.messages(), limits);
//
// Budget = window - output tokens - 5 %. Kept in this order: the persona's parts, whole up to a
// quarter of the window: beyond it what its owner has written at length is cut at a paragraph; the
// newest message, whole; lore, by its worth, up to 15 % of the budget or what its book allows;
// recalled memories, in the order given, up to 15 %; then history from the newest back while whole
// messages fit. What is kept stands in the prompt in the order of part kinds, then in time order.
//
// Where history does not fit, or was left out by the caller, one of the summaries offered stands
// for it, named with the exact range of its messages:
//   - none is in the prompt whose messages all are;
//   - a message that the summary in the prompt stands for is not printed besides;
//   - none is used that reaches to the newest message;
//   - of several, the one that leaves the fewest messages without either; of equals the shortest
//     range, since messages say more than a summary;
//   - it takes its room before the history does. One that does not fit is left out: what is then
//     left of the history is what fits, as without a summary.
//
// What comes out is what a strict template takes: system, then user, then alternating, ending with
// user. Lines of the persona before the first one of somebody else, as a greeting or what is left
// where history is cut, stand at the end of the system text.
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/prompt/token_counter.h"

namespace dramatis::inference {

using Parts = google::protobuf::RepeatedPtrField<prompt::v1::PromptPart>;
using Messages = google::protobuf::RepeatedPtrField<prompt::v1::PromptMessage>;

struct PackingLimits {
  int window_tokens = 0;
  int output_tokens = 0;
  std::optional<int> lore_tokens = std::nullopt;  // most of lore, where that is less than its share
  // How texts are counted.
  TokenMeter meter = {};
};

// What a model is asked.
struct PackedPrompt {
  // Kept, in prompt order.
  std::vector<prompt::v1::PromptPart> parts;
  // Kept, in time order.
  std::vector<prompt::v1::PromptMessage> messages;
  // Everything offered; `request_hash` and `model` are for the caller to set.
  prompt::v1::PromptManifest manifest;
};

// One turn of a chat as models take it.
struct ChatTurn {
  prompt::v1::Role role = prompt::v1::ROLE_UNSPECIFIED;
  std::string text;
  bool operator==(const ChatTurn&) const = default;
};

// The tokens a prompt may take.
int PromptBudget(const PackingLimits& limits);

// Errors: FAILED_PRECONDITION, CONTEXT_TOO_LARGE where the persona's parts and the newest message
// exceed the budget. `messages` is not empty and ends with one of ROLE_USER.
absl::StatusOr<PackedPrompt> Pack(const Parts& parts,
                                  const Messages& messages,
                                  const PackingLimits& limits);

// The kept parts as one system text: the parts joined by empty lines, memories as a list under a
// line that says what they are, a summary under one that says which messages it stands for; then
// what the persona opened with. Empty where there is nothing of it.
std::string SystemText(const PackedPrompt& prompt);

// The same in two: what stays the same from turn to turn of a conversation, which a provider may
// cache, and what comes after it, which begins with the empty line between them. Either may be
// empty.
struct SystemTextInTwo {
  std::string stable;
  std::string changing;
};
SystemTextInTwo SystemTextParts(const PackedPrompt& prompt);

// The kept messages from the first one of ROLE_USER on, with neighbours of one role merged and
// those without text left out.
std::vector<ChatTurn> ChatTurns(const PackedPrompt& prompt);

// SHA-256, hexadecimal, of the model, its parameters and the prompt as it is sent.
std::string RequestHash(const std::string& model,
                        const prompt::v1::ModelParameters& parameters,
                        const PackedPrompt& prompt);

}  // namespace dramatis::inference
