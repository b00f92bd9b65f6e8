// What conversation keeps of choices that a model is to make: who answers a message in a room whose
// policy is `model`. Each function is one transaction; as model/turn_store.h.
//
// A choice is written in the transaction of its message, at most one for each room: a later message
// of a human takes the earlier one's place, so that a burst gets one answer. Whoever claims it
// first asks the model, under a lease, and puts the turns in its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/model/turn_store.h"

namespace dramatis::conversation {

struct ChoiceRow {
  std::string conversation_id;
  std::string message_id;
  int depth = 0;  // of the turn that is to be made
  TurnPayer payer;
  int64_t fence = 0;
  int attempts = 0;  // this one included
};

// A choice under a lease, with what it is made from.
struct ChoiceJob {
  // Whoever the choice names, else the room's owner.
  const std::string& payer_id() const {
    return choice.payer.user_id.empty() ? room.row.user_id : choice.payer.user_id;
  }

  ChoiceRow choice;
  Room room;
  MessageRow message;
  std::vector<MessageRow> recent;  // as TurnPlanner is given
};

class ChoiceStore {
 public:
  virtual ~ChoiceStore() = default;

  // Rooms with a choice that nobody works on: never claimed, or its lease over at `now`; with
  // `any_lease` all.
  virtual absl::StatusOr<std::vector<std::string>> ListDueChoices(absl::Time now,
                                                                  bool any_lease,
                                                                  int limit) = 0;
  // Takes such a choice until `until`. nullopt where there is none; one that nobody can answer any
  // more, in a room that is closed, paused or gone or of a message that was hidden, is deleted.
  virtual absl::StatusOr<std::optional<ChoiceJob>> ClaimChoice(const std::string& conversation_id,
                                                               absl::Time now,
                                                               absl::Time until,
                                                               bool any_lease) = 0;
  // Puts the turns that `plan` answers in the choice's place, and says what is to be awaited;
  // nothing where the choice is somebody else's by now.
  virtual absl::StatusOr<std::vector<WaitingTurn>> StoreChoice(const ChoiceRow& choice,
                                                               const TurnPlanner& plan,
                                                               absl::Time now) = 0;
};

}  // namespace dramatis::conversation
