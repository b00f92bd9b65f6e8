#include "services/conversation/prompt/frame.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dramatis::conversation {

namespace prompt = dramatis::prompt::v1;

prompt::PromptPart FramePart(const SessionRow& conversation, const std::string& persona_name) {
  prompt::PromptPart part;
  part.set_kind(prompt::PART_KIND_FRAME);
  part.set_source(absl::StrCat("conversation/", conversation.conversation_id));
  std::string text = absl::StrCat("This is a private conversation. Present: ", persona_name,
                                  " (you) and one user.");
  if (conversation.title_given && !conversation.title.empty()) {
    absl::StrAppend(&text, " Its title: ", conversation.title);
  }
  part.set_text(std::move(text));
  return part;
}

std::vector<prompt::PromptPart> OrderParts(std::vector<prompt::PromptPart> parts) {
  std::multimap<prompt::PartKind, prompt::PromptPart> by_kind;  // equal keys stay in their order
  for (prompt::PromptPart& part : parts)
    by_kind.emplace(part.kind(), std::move(part));
  parts.clear();
  for (auto& [_, part] : by_kind)
    parts.push_back(std::move(part));
  return parts;
}

}  // namespace dramatis::conversation
