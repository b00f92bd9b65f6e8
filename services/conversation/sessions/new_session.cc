#include "services/conversation/sessions/new_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/conversation/model/persona_macros.h"
#include "services/conversation/model/session_views.h"
#include "shared/call/access.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

namespace memory = dramatis::memory::v1;
namespace persona = dramatis::persona::v1;

// Of somebody else's persona whose type is hidden nobody learns it here: it is refused as a human's
// is.
bool AnswersAsAi(const RenderedPersona& rendered, const Identity& identity) {
  if (rendered.type() == persona::PERSONA_TYPE_HUMAN) return false;
  const bool hidden = rendered.type() == persona::PERSONA_TYPE_AI_AMBIGUOUS || rendered.masked();
  return !hidden || identity.MayManage(rendered.owner_id());
}

// What the user wants to be called; empty where they did not say.
absl::StatusOr<std::string> NameOfUser(const TurnTools& tools,
                                       const CallContext& call,
                                       const SessionRow& row) {
  memory::RecallRequest request;
  request.set_user_id(row.user_id);
  request.set_persona_id(row.persona_id);
  const CallContext own = call.AsService(row.user_id);
  absl::StatusOr<Recalled> recalled = tools.memories.Recall(own, request).get();
  if (!recalled.ok()) recalled = tools.memories.Recall(own, request).get();
  if (!recalled.ok()) return UnavailableError("the user's profile could not be read");
  return std::move(recalled->display_name);
}

// Has the conversation begin with the persona's greeting, if it has one.
absl::Status Greet(const TurnTools& tools,
                   const CallContext& call,
                   const RenderedPersona& persona,
                   int greeting_index,
                   SessionRow& row) {
  if (greeting_index > persona.alternate_greetings_size()) {
    return FieldErrors({{"greeting_index", "must be that of one of the persona's greetings"}});
  }
  const std::string& greeting =
      greeting_index == 0 ? persona.greeting() : persona.alternate_greetings(greeting_index - 1);
  if (TrimSpace(greeting).empty()) return absl::OkStatus();
  std::string user;
  if (NamesUser(greeting)) {
    DRAMATIS_ASSIGN_OR_RETURN(user, NameOfUser(tools, call, row));
  }
  row.greeting = GreetingFor(persona, greeting, user, row.conversation_id);
  if (TrimSpace(row.greeting).empty()) {  // it was a comment
    row.greeting.clear();
    return absl::OkStatus();
  }
  row.greeting_message_id = tools.ids.NewId();
  row.last_sequence = 1;
  return absl::OkStatus();
}

}  // namespace

std::string ConversationIdOf(const std::string& user_id, const std::string& session_id) {
  return NameId(absl::StrCat("session\n", user_id, "\n", session_id));
}

absl::Status CheckAnswersAsAi(const RenderedPersona& rendered, const Identity& identity) {
  if (AnswersAsAi(rendered, identity)) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_AN_AI_PERSONA,
               "the persona does not answer as an AI");
}

absl::StatusOr<SessionRow> PrepareSession(const TurnTools& tools,
                                          const CallContext& call,
                                          const NewSession& session) {
  const std::string& user_id = call.identity.user_id;
  const absl::Time now = tools.clock.Now();
  SessionRow row;
  row.conversation_id = ConversationIdOf(user_id, session.session_id);
  row.user_id = user_id;
  row.session_id = session.session_id;
  row.title = session.title;
  row.title_given = !session.title.empty();
  row.metadata = session.metadata;
  row.created_at = row.last_activity_at = now;
  row.ttl = session.ttl;
  row.temporary = session.temporary;
  row.expires_at = now + session.ttl;
  row.hold_expires_at = HoldUntil(row);

  persona::RenderPersonaRequest request;
  request.set_persona_id(session.persona_id);
  request.set_user_id(user_id);
  request.set_hold_conversation_id(row.conversation_id);
  *request.mutable_hold_expire_time() = ToTimestamp(row.hold_expires_at);
  DRAMATIS_ASSIGN_OR_RETURN(const RenderedPersona rendered,
                            tools.personas.Render(call.AsService(user_id), request).get());
  row.persona_id = rendered.persona_id();
  row.persona_name = rendered.name();
  if (absl::Status answers = CheckAnswersAsAi(rendered, call.identity); !answers.ok()) {
    ReleaseHold(tools, call, row);
    return answers;
  }
  if (const absl::Status may = CheckPersona(call.identity, row.persona_id); !may.ok()) {
    ReleaseHold(tools, call, row);
    return may;
  }
  const absl::Status greeted =
      session.greets ? Greet(tools, call, rendered, session.greeting_index, row) : absl::OkStatus();
  if (!greeted.ok()) {
    ReleaseUnlessLive(tools, call, row);
    return greeted;
  }
  return row;
}

bool ReleaseHold(const TurnTools& tools, const CallContext& call, const SessionRow& row) {
  const absl::Status released =
      tools.personas.Release(call.AsService(row.user_id), row.persona_id, row.conversation_id);
  if (released.ok()) return true;
  tools.logger.Warning("persona not released", {{"conversation_id", row.conversation_id},
                                                {"correlation_id", call.correlation_id},
                                                {"code", GetReason(released)}});
  return false;
}

void ReleaseUnlessLive(const TurnTools& tools, const CallContext& call, const SessionRow& row) {
  const auto live = [&] {
    const auto found = tools.store.FindSession(row.conversation_id);
    // Where nobody knows, the hold ends by itself.
    return !found.ok() || (found->has_value() && !(*found)->ended_at.has_value() &&
                           (*found)->persona_id == row.persona_id);
  };
  if (live() || !ReleaseHold(tools, call, row) || !live()) return;
  // One has begun meanwhile, under the hold that is no more.
  if (const absl::Status held = RenewHold(tools, call, row); !held.ok()) {
    tools.logger.Warning("persona not held", {{"conversation_id", row.conversation_id},
                                              {"correlation_id", call.correlation_id},
                                              {"code", GetReason(held)}});
  }
}

absl::Status RenewHold(const TurnTools& tools, const CallContext& call, const SessionRow& row) {
  persona::RenderPersonaRequest request;
  request.set_persona_id(row.persona_id);
  request.set_user_id(row.user_id);
  request.set_participant(true);
  request.set_hold_conversation_id(row.conversation_id);
  *request.mutable_hold_expire_time() = ToTimestamp(HoldUntil(row));
  return tools.personas.Render(call.AsService(row.user_id), request).get().status();
}

}  // namespace dramatis::conversation
