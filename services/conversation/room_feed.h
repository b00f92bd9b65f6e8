// Whoever follows a room is told that something happened in it.
#pragma once

#include <string>

namespace dramatis::conversation {

class RoomFeed {
 public:
  virtual ~RoomFeed() = default;
  // Events were appended to the conversation, and are committed. Returns at once. Thread-safe.
  virtual void Changed(const std::string& conversation_id) = 0;
};

}  // namespace dramatis::conversation
