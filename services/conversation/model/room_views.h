// Rooms as the API shows them to one caller. All masking is done here: nothing of a room reaches a
// client but through these functions. Pure.
//
// Whoever was sent out sees nothing of what came later: see HorizonOf.
//
// Until it is revealed, an `ai_ambiguous` participant, and in an `ambiguous` conversation every
// participant, shows nobody but its owner and admins what it is: its type is `unknown`, and its
// messages say nothing of turns, models or usage.
#pragma once

#include <string>
#include <vector>

#include "dramatis/conversation/v1/room_messages.pb.h"
#include "dramatis/conversation/v1/rooms.pb.h"

#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/room_store.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// The persona's row, present or not; null for one that never took part.
const ParticipantRow* FindParticipant(const Room& room, const std::string& persona_id);

// Whether what the participant is stays hidden from those who neither own it nor are admins.
bool IsHidden(const Room& room, const ParticipantRow& participant);
// Whether it stays hidden from this caller. A persona that never took part is.
bool IsMasked(const Room& room, const std::string& persona_id, const Identity& identity);

// Change with every change; for If-Match.
std::string EtagOf(const RoomRow& row);
std::string EtagOf(const MessageRow& row);

v1::ConversationStatus ToApi(RoomStatus status);
v1::ParticipantRole ToApi(Role role);
v1::Visibility ToApi(RoomVisibility visibility);

v1::Conversation ToConversation(const Room& room, const Identity& identity);
v1::Participant ToParticipant(const Room& room,
                              const ParticipantRow& row,
                              const Identity& identity);
v1::ConversationMessage ToConversationMessage(const Room& room,
                                              const MessageRow& stored,
                                              const Identity& identity);
// Whether the caller may read the message: whoever was sent out reads what was said until then.
bool MayRead(const Room& room, const MessageRow& message, const Identity& identity);
// Whether the caller may see that the participant was ever here.
bool MayMeet(const Room& room, const ParticipantRow& participant, const Identity& identity);

// The message with the turns of those whom the caller may know to be AIs.
v1::CreateMessageResponse ToCreateMessageResponse(const AppendedMessage& appended,
                                                  const Identity& identity);

// What a `reveal` message says.
std::string RevealText(const ParticipantRow& participant);

}  // namespace dramatis::conversation
