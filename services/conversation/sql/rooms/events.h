// RoomEventStore on SQLite and PostgreSQL.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/conversation/events/store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlRoomEventStore : public RoomEventStore {
 public:
  explicit SqlRoomEventStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<RoomSnapshot>> ReadEvents(const std::string& conversation_id,
                                                         int64_t after,
                                                         int limit) override;
  absl::StatusOr<std::map<std::string, int64_t>> LastEvents(
      const std::vector<std::string>& conversation_ids) override;
  absl::StatusOr<std::string> EventKey(const std::string& conversation_id,
                                       const std::string& fresh) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::conversation
