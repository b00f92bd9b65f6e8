#include "services/conversation/prompt/history.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/text/speech.h"

namespace dramatis::conversation {

namespace prompt = dramatis::prompt::v1;

std::vector<prompt::PromptMessage> RoleTurns(const std::vector<MessageRow>& messages,
                                             const std::string& persona_participant_id,
                                             const std::map<std::string, std::string>& names,
                                             const std::set<int>& ends) {
  std::vector<prompt::PromptMessage> turns;
  for (const MessageRow& message : messages) {
    const std::string participant_id = message.participant_id();
    const bool own = participant_id == persona_participant_id;
    const auto name = names.find(participant_id);
    std::string line = own || name == names.end() || name->second.empty()
                           ? message.content
                           : SpokenLines(name->second, message.content);
    const prompt::Role role = own ? prompt::ROLE_ASSISTANT : prompt::ROLE_USER;
    // The first summary that does not end before the line above: it must not end between the two.
    const auto end = turns.empty() ? ends.end() : ends.lower_bound(turns.back().sequence());
    const bool summary_ends = end != ends.end() && *end < message.sequence;
    if (turns.empty() || turns.back().role() != role || summary_ends) {
      turns.emplace_back().set_role(role);
      turns.back().set_text(std::move(line));
      turns.back().set_first_sequence(message.sequence);
    } else {
      absl::StrAppend(turns.back().mutable_text(), "\n\n", line);
    }
    turns.back().set_message_id(message.message_id);
    turns.back().set_sequence(message.sequence);
  }
  while (!turns.empty() && turns.back().role() != prompt::ROLE_USER)
    turns.pop_back();
  return turns;
}

}  // namespace dramatis::conversation
