// The RPCs of conversation's services, a line each; no rules.
#pragma once

#include "services/conversation/accounts/accounts.h"
#include "services/conversation/archives/archives.h"
#include "services/conversation/events/room_events.h"
#include "services/conversation/openai/completion_answers.h"
#include "services/conversation/openai/completions.h"
#include "services/conversation/prompt/message_prompt.h"
#include "services/conversation/rooms/messages.h"
#include "services/conversation/rooms/participants.h"
#include "services/conversation/rooms/rooms.h"
#include "services/conversation/sessions/alternatives.h"
#include "services/conversation/sessions/forks.h"
#include "services/conversation/sessions/history.h"
#include "services/conversation/sessions/previews.h"
#include "services/conversation/sessions/sessions.h"
#include "services/conversation/sessions/shares.h"
#include "services/conversation/sessions/turn_answers.h"
#include "services/conversation/turns/turns.h"
#include "shared/methods/method_table.h"

namespace dramatis::conversation {

// The use cases behind ConversationService. References outlive the table.
struct UseCases {
  Sessions& sessions;
  Previews& previews;
  Alternatives& alternatives;
  Forks& forks;
  Shares& shares;
  Turns& turns;
  History& history;
  Rooms& rooms;
  Participants& participants;
  RoomMessages& messages;
  RoomFollowing& following;
  TurnAnswers& answers;
  MessagePrompts& prompts;
  Accounts& accounts;
};

// Of ConversationService.
void ServeConversations(MethodTable& rpc, const UseCases& use_cases);
// Of ArchiveService. What the RPCs use, here and below, outlives the table.
void ServeArchives(MethodTable& rpc, Archives& archives);
// Of OpenAiService.
void ServeOpenAi(MethodTable& rpc, Completions& completions, CompletionAnswers& answers);

}  // namespace dramatis::conversation
