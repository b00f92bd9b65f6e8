// The table `queued_messages`: what is said in a session while a turn of it runs, and waits for its
// end. The first of them is said in the transaction in which that turn ends: there is a queue only
// where a turn is active.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/turn_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// Lets the message wait, and makes its turn. False where no turn runs in the session, or it takes
// none. TURN_IN_PROGRESS where kMostQueued wait already.
absl::StatusOr<bool> Enqueue(sql::Transaction& tx, const NewTurn& turn);

// Says the message that has waited longest and begins its turn, under the lease that `ended` had.
// nullopt where none waits. In a session that takes no turn any more all that wait fail.
absl::StatusOr<std::optional<TurnJob>> BeginNext(sql::Transaction& tx,
                                                 const FencedTurn& ended,
                                                 absl::Time now);

// Ends the turn where its message waits; whether it does.
absl::StatusOr<bool> CancelQueued(sql::Transaction& tx, const TurnRow& turn, absl::Time now);

// Fails all that wait in a session that has ended: SESSION_ENDED.
absl::Status EndQueue(sql::Transaction& tx, const std::string& conversation_id, absl::Time now);

}  // namespace dramatis::conversation
