// ChoiceStore on SQL: the table `speaker_choices`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/events/feed.h"
#include "services/conversation/turn_taking/choice_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlChoiceStore : public ChoiceStore {
 public:
  // References outlive the store.
  SqlChoiceStore(sql::Database& database, RoomFeed& feed) : database_(database), feed_(feed) {}

  absl::StatusOr<std::vector<std::string>> ListDueChoices(absl::Time now,
                                                          bool any_lease,
                                                          int limit) override;
  absl::StatusOr<std::optional<ChoiceJob>> ClaimChoice(const std::string& conversation_id,
                                                       absl::Time now,
                                                       absl::Time until,
                                                       bool any_lease) override;
  absl::StatusOr<std::vector<WaitingTurn>> StoreChoice(const ChoiceRow& choice,
                                                       const TurnPlanner& plan,
                                                       absl::Time now) override;

 private:
  sql::Database& database_;
  RoomFeed& feed_;
};

// Notes that a model is to pick who answers the message. Whether that is new: an answer to an AI
// does not take the place of one to a human.
absl::StatusOr<bool> WriteChoice(sql::Transaction& tx,
                                 const std::string& conversation_id,
                                 const std::string& message_id,
                                 int depth,
                                 const TurnPayer& payer);

}  // namespace dramatis::conversation
