// What goes into the prompt of a turn in a room. Beside a session's: who says each line, and a
// frame with title, topic, goal and who is present.
//
// Nothing that is remembered of one user may be told to another: memories go into a prompt only
// where the room is private and everybody who takes part, through whatever persona, is the one user
// who opened it. Summaries of the room itself always do. What was hidden is in no prompt.
//
// A turn hears all that has been said until it begins, also after the message that it answers.
#pragma once

#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/room_rows.h"
#include "services/conversation/prompt/turn_prompt.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// The request for the turn, all but its key. As TurnPrompt::Request.
absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest> PrepareRoomPrompt(
    const TurnTools& tools, const TurnJob& job, const CallContext& call);

// Of what it is made, so that it can be made again.
struct RoomScene {
  const Room& room;
  const RenderedPersona& persona;
  const std::vector<dramatis::prompt::v1::PromptPart>& recalled;
  const std::vector<MessageRow>& history;  // time order, hidden ones left out
  const std::vector<dramatis::prompt::v1::PromptPart>& lore;
};
dramatis::inference::v1::StreamGenerateRequest RoomRequest(const RoomScene& scene);

// What memory is asked: with `query`, for memories and summaries.
dramatis::memory::v1::RecallRequest RoomRecall(const Room& room,
                                               const std::string& persona_id,
                                               const std::string& query,
                                               int newest_sequence);
// Leaves out of what memory said what may not be told in the room.
std::vector<dramatis::prompt::v1::PromptPart> Tellable(
    const Room& room, std::vector<dramatis::prompt::v1::PromptPart> recalled);
// Whether what is remembered of the user who opened the room may be told in it.
bool MayTellMemories(const Room& room);

// As many of the newest messages before `before_sequence` as kMaxHistoryBytes and
// kMaxHistoryMessages allow, and the newest in any case, in time order, hidden ones left out.
// UNAVAILABLE where `at_least` was not reached or a message between is missing: nothing that could
// not be read is taken for silence.
absl::StatusOr<std::vector<MessageRow>> ReadRoomHistory(Store& store,
                                                        const std::string& conversation_id,
                                                        int before_sequence,
                                                        int at_least);

}  // namespace dramatis::conversation
