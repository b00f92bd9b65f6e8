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

// What `{{char}}` stands for.
std::string CharacterOf(const RenderedPersona& persona) {
  return persona.nickname().empty() ? persona.name() : persona.nickname();
}

}  // namespace

RenderedPersona WithMacros(RenderedPersona persona, const MacroScene& scene) {
  const std::string character = CharacterOf(persona);
  const auto expand = [&](const std::string& text, const std::string& place) {
    return ExpandMacros(text, {.character = character,
                               .user = UserOf(scene.user),
                               .seed = absl::StrCat(scene.turn_id, "\n", place),
                               .lasting_seed = absl::StrCat(scene.conversation_id, "\n", place)});
  };
  for (dramatis::prompt::v1::PromptPart& part : *persona.mutable_prompt()->mutable_parts())
    part.set_text(expand(part.text(), absl::StrCat(part.kind())));
  for (dramatis::persona::v1::LoreEntry& entry : *persona.mutable_lore()->mutable_entries()) {
    const std::string place = absl::StrCat("lore/", entry.entry_id());
    entry.set_content(expand(entry.content(), place));
    if (entry.use_regex()) continue;  // braces are the pattern's
    for (auto* const keys : {entry.mutable_keys(), entry.mutable_secondary_keys()})
      for (std::string& key : *keys)
        key = expand(key, place);
  }
  return persona;
}

std::string GreetingFor(const RenderedPersona& persona,
                        const std::string& greeting,
                        const std::string& user,
                        const std::string& conversation_id) {
  const std::string seed = absl::StrCat(conversation_id, "\ngreeting");
  return ExpandMacros(greeting, {.character = CharacterOf(persona),
                                 .user = UserOf(user),
                                 .seed = seed,
                                 .lasting_seed = seed});
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
