// What a list shows of a conversation, taken from its messages. Pure functions.
#pragma once

#include <string>

namespace dramatis::conversation {

// The beginning of a conversation's first message in one line, as many whole graphemes as have at
// most 60 code points, without the invisible characters that no name may have.
std::string TitleOf(const std::string& message);
// The beginning of a message, as many whole graphemes as have at most 120 code points.
std::string PreviewOf(const std::string& message);

}  // namespace dramatis::conversation
