#include "services/conversation/model/persona_macros.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/conversation/model/room_views.h"
#include "shared/text/macros.h"

namespace dramatis::conversation {
namespace {

std::string UserOf(const std::string& user) {
  return user.empty() ? kSomeUser : user;
}

}  // namespace

RenderedPersona WithMacros(RenderedPersona persona, const MacroScene& scene) {
  for (prompt::v1::PromptPart& part : *persona.mutable_prompt()->mutable_parts()) {
    part.set_text(ExpandMacros(
        part.text(), {.character = persona.name(),
                      .user = UserOf(scene.user),
                      .seed = absl::StrCat(scene.turn_id, "\n", part.kind()),
                      .lasting_seed = absl::StrCat(scene.conversation_id, "\n", part.kind())}));
  }
  return persona;
}

std::string GreetingFor(const RenderedPersona& persona,
                        const std::string& user,
                        const std::string& conversation_id) {
  const std::string seed = absl::StrCat(conversation_id, "\ngreeting");
  return ExpandMacros(
      persona.greeting(),
      {.character = persona.name(), .user = UserOf(user), .seed = seed, .lasting_seed = seed});
}

std::string SpeakerFor(const Room& room,
                       const std::vector<MessageRow>& history,
                       const std::string& trigger_message_id,
                       const std::string& persona_id) {
  const auto is_other = [&](const MessageRow& row) { return row.persona_id != persona_id; };
  auto said = std::find_if(history.rbegin(), history.rend(), [&](const MessageRow& row) {
    return row.message_id == trigger_message_id && is_other(row);
  });
  if (said == history.rend()) said = std::find_if(history.rbegin(), history.rend(), is_other);
  if (said == history.rend()) return "";
  const ParticipantRow* const speaker = FindParticipant(room, said->persona_id);
  return speaker == nullptr ? "" : speaker->name;
}

}  // namespace dramatis::conversation
