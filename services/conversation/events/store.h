// What whoever follows a room reads of it. As in model/store.h each function is one transaction,
// and a store that cannot be read is UNAVAILABLE, never an empty result.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// An event with what it is about, as that is now.
struct RoomEvent {
  EventRow row;
  std::shared_ptr<const MessageRow> message;  // of a message event, else null
  std::string error_code;                     // of a turn that ended with an error
};

// A room at one moment.
struct RoomSnapshot {
  Room room;
  std::vector<RoomEvent> events;  // those asked for, in order
  std::vector<TurnRow> running;   // who speaks at that moment
};

class RoomEventStore {
 public:
  virtual ~RoomEventStore() = default;

  // The room with at most `limit` events after number `after`; nullopt if there is none, or it was
  // deleted, or it is a session.
  virtual absl::StatusOr<std::optional<RoomSnapshot>> ReadEvents(const std::string& conversation_id,
                                                                 int64_t after,
                                                                 int limit) = 0;

  // The number of the newest event of each of these rooms; those that are gone are left out.
  virtual absl::StatusOr<std::map<std::string, int64_t>> LastEvents(
      const std::vector<std::string>& conversation_ids) = 0;

  // The key of the room's cursors: the one it has, else `fresh`, which it has from then on.
  // NOT_FOUND.
  virtual absl::StatusOr<std::string> EventKey(const std::string& conversation_id,
                                               const std::string& fresh) = 0;
};

}  // namespace dramatis::conversation
