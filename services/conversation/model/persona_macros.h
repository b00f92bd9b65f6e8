// The macros in a persona's texts, replaced for one turn or for the beginning of a session
// (shared/text/macros.h says which there are). Pure functions.
#pragma once

#include <string>
#include <vector>

#include "services/conversation/model/peers.h"
#include "services/conversation/model/room_rows.h"

namespace dramatis::conversation {

// Whom the persona talks with where that is not known.
inline constexpr char kSomeUser[] = "User";

struct MacroScene {
  std::string user;  // empty for kSomeUser
  std::string conversation_id;
  std::string turn_id;
};

// The persona with every part of its prompt, and its lore, as it is said in this turn.
RenderedPersona WithMacros(RenderedPersona persona, const MacroScene& scene);

// One of the persona's greetings as it begins the conversation.
std::string GreetingFor(const RenderedPersona& persona,
                        const std::string& greeting,
                        const std::string& user,
                        const std::string& conversation_id);

// Whom `persona_id` answers in a room: the name of who said the message that made the turn, else of
// who spoke last; empty where nobody else did.
std::string SpeakerFor(const Room& room,
                       const std::vector<MessageRow>& history,
                       const std::string& trigger_message_id,
                       const std::string& persona_id);

}  // namespace dramatis::conversation
