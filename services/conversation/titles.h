// What a list shows of a conversation, taken from its messages. Pure functions.
#pragma once

#include <string>

namespace dramatis::conversation {

// The first 60 code points of a conversation's first message, its white space collapsed.
std::string TitleOf(const std::string& message);
// The first 120 code points of a message.
std::string PreviewOf(const std::string& message);

}  // namespace dramatis::conversation
