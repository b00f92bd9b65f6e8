// Rows as the API shows them. Pure functions.
#pragma once

#include "dramatis/conversation/v1/conversation.pb.h"
#include "google/protobuf/timestamp.pb.h"

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_store.h"
#include "shared/time/timestamps.h"

namespace dramatis::conversation {

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

// How a session is at `now`.
SessionStatus StatusOf(const std::optional<absl::Time>& ended_at,
                       absl::Time expires_at,
                       absl::Time now);
v1::SessionStatus ToApi(SessionStatus status);
v1::TurnState ToApi(TurnState state);

v1::Session ToSession(const SessionRow& row, absl::Time now);
v1::SessionSummary ToSummary(const SessionSummaryRow& row, absl::Time now);
v1::Message ToMessage(const MessageRow& row);
v1::Turn ToTurn(const TurnRow& row);

TurnFacts FactsOf(const TurnRow& row);
// What a turn that has ended answers: its reply, or its error with the `turn_id`.
absl::StatusOr<v1::ChatResponse> OutcomeOf(const TurnRow& row);
// The row as EndTurn leaves it.
TurnRow Ended(TurnRow row, const TurnEnd& end);

// Why a conversation takes no turn at `now`: SESSION_ENDED, PERSONA_MISMATCH, TURN_IN_PROGRESS, or
// CONFLICT if it would by now.
absl::Status Refusal(const SessionRow& row, const std::string& persona_id, absl::Time now);

}  // namespace dramatis::conversation
