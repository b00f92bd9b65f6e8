// RoomTurnStore on SQLite and PostgreSQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/events/feed.h"
#include "services/conversation/model/room_turn_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlRoomTurnStore : public RoomTurnStore {
 public:
  // Tells `feed` after each commit that appended events.
  SqlRoomTurnStore(sql::Database& database, RoomFeed& feed) : database_(database), feed_(feed) {}

  absl::StatusOr<std::vector<WaitingTurn>> ListDue(absl::Time now,
                                                   bool any_lease,
                                                   int limit) override;
  absl::StatusOr<std::optional<TurnJob>> Claim(const WaitingTurn& turn,
                                               const Lease& lease,
                                               absl::Time now,
                                               bool any_lease) override;
  absl::StatusOr<Idempotent<StartedRoomTurn>> Start(const RequestedTurn& request,
                                                    const Idempotency& idempotency) override;
  absl::StatusOr<Idempotent<RetriedTurn>> Retry(
      const TurnRow& turn,
      const Lease& lease,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check,
      const std::function<std::string(const TurnRow&)>& answer,
      const Idempotency& idempotency) override;
  absl::StatusOr<RoomTurnEnd> End(const TurnEnd& end, const TurnPlanner& plan) override;
  absl::StatusOr<std::vector<RoomMessageRow>> ListHistory(const std::string& conversation_id,
                                                          int before_sequence,
                                                          int limit) override;
  absl::StatusOr<std::optional<RepliedTurn>> FindReplied(const std::string& conversation_id,
                                                         const std::string& message_id) override;

 private:
  sql::Database& database_;
  RoomFeed& feed_;
};

}  // namespace dramatis::conversation
