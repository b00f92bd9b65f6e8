// Words by which a message is seen to belong to a domain of knowledge. Pure function.
#pragma once

#include <string_view>

#include "dramatis/persona/v1/persona.pb.h"

namespace dramatis::conversation {

// Lower-case English words, one space before, between and after them; empty for `general`, to which
// every message belongs as much as any other.
std::string_view WordsOf(dramatis::persona::v1::Knowledge domain);

}  // namespace dramatis::conversation
