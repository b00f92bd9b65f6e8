// The beginning of a session: its id, its persona.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

inline constexpr absl::Duration kDefaultTtl = absl::Seconds(86400);

// UUIDv5 of user and session id: sessions of two users never meet, and no unique constraint spans
// them.
std::string ConversationIdOf(const std::string& user_id, const std::string& session_id);

struct NewSession {
  std::string session_id;
  std::string persona_id;  // empty for the deployment's default
  std::string title;
  std::string metadata;  // serialized google.protobuf.Struct
  absl::Duration ttl = kDefaultTtl;
  bool temporary = false;
  bool greets = true;      // begins with the persona's greeting
  int greeting_index = 0;  // which of them; from 1 on the alternate ones
};

// OK where the caller may talk to the persona as to an AI, else NOT_AN_AI_PERSONA.
absl::Status CheckAnswersAsAi(const RenderedPersona& rendered, const Identity& identity);

// The row of the caller's new session, its persona checked and held for it, with the persona's
// greeting as its first message where it has one. NOT_FOUND for the
// persona, NOT_AN_AI_PERSONA, and persona's own errors.
absl::StatusOr<SessionRow> PrepareSession(const TurnTools& tools,
                                          const CallContext& call,
                                          const NewSession& session);

// Gives up persona's hold; whether that worked. A failure is logged.
bool ReleaseHold(const TurnTools& tools, const CallContext& call, const SessionRow& row);

// Gives up the hold that was taken for a session which then was not begun, unless there is one
// under its id that needs it.
void ReleaseUnlessLive(const TurnTools& tools, const CallContext& call, const SessionRow& row);

// Holds the session's persona until HoldUntil(row).
absl::Status RenewHold(const TurnTools& tools, const CallContext& call, const SessionRow& row);

}  // namespace dramatis::conversation
