// How an AI's message came about, and whether its prompt, made again from what is stored, is the
// same.
//
// The prompt is made again from: the persona's version that was used; the room as it is, with those
// who were present then; the messages up to the newest that was in it, as they were then where that
// is still known (an edit keeps the first text); and what memory says today of what it recalled
// then. Each item is compared by the hash of its text, so that a difference has a name. A message
// that was hidden since, or a memory that was forgotten, differs: it is not brought back.
//
// Thread-safe; blocks.
#pragma once

#include <string>
#include <vector>

#include "dramatis/conversation/v1/room_messages.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/room_tools.h"
#include "services/conversation/model/turn_store.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/prompt/room_prompt.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// The sources of what differs between the kept items of two prompts, those of `before` first, in
// prompt order, each once. Pure function.
std::vector<std::string> Differing(const dramatis::prompt::v1::PromptManifest& before,
                                   const dramatis::prompt::v1::PromptManifest& now);

class MessagePrompts {
 public:
  MessagePrompts(const TurnTools& tools, const RoomTools& rooms) : tools_(tools), rooms_(rooms) {}

  // For the persona's owner and admins: PERMISSION_DENIED for everybody else who may view the room.
  // NOT_FOUND for a message that no model wrote.
  absl::StatusOr<v1::MessagePrompt> Get(const CallContext& call,
                                        const v1::GetMessagePromptRequest& request);

 private:
  absl::StatusOr<v1::MessagePrompt::Verification> Verify(
      const CallContext& call,
      const Room& room,
      const MessageRow& reply,
      const RepliedTurn& replied,
      const dramatis::prompt::v1::PromptManifest& manifest);
  // What memory says now of what it recalled then, in the manifest's order.
  absl::StatusOr<std::vector<dramatis::prompt::v1::PromptPart>> RecallAgain(
      const CallContext& call,
      const Room& room,
      const MessageRow& reply,
      const TurnRow& turn,
      const dramatis::prompt::v1::PromptManifest& manifest);
  absl::StatusOr<std::vector<MessageRow>> HistoryThen(const MessageRow& reply,
                                                      const std::string& conversation_id,
                                                      const std::string& newest_id);

  const TurnTools tools_;
  const RoomTools rooms_;
};

}  // namespace dramatis::conversation
