// The conversation's part of a prompt: what it is about and who is present. Pure function.
#pragma once

#include <string>
#include <vector>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// The frame of a conversation in which `persona_name` answers. A title is named only where the
// client gave one: the default title is the user's own first words.
dramatis::prompt::v1::PromptPart FramePart(const SessionRow& conversation,
                                           const std::string& persona_name);

// All parts in the order of their kinds, parts of one kind as they were: the persona's, the
// conversation's frame, what is remembered.
std::vector<dramatis::prompt::v1::PromptPart> OrderParts(
    std::vector<dramatis::prompt::v1::PromptPart> parts);

}  // namespace dramatis::conversation
