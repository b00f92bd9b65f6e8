// A feed that nobody follows: of stores whose rooms no test watches.
#pragma once

#include <string>

#include "services/conversation/events/feed.h"

namespace dramatis::conversation {

class NobodyListens : public RoomFeed {
 public:
  void Changed(const std::string& /*conversation_id*/) override {}
};

}  // namespace dramatis::conversation
