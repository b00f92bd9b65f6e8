#include "services/conversation/sessions/previews.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/conversation/model/persona_macros.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/prompt/turn_prompt.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/call/access.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;
namespace memory = dramatis::memory::v1;
namespace persona = dramatis::persona::v1;
namespace prompt = dramatis::prompt::v1;

memory::RecallRequest RecallFor(const TurnJob& job) {
  memory::RecallRequest request;
  request.set_user_id(job.turn.user_id);
  request.set_persona_id(job.turn.persona_id);
  request.set_query(job.message);
  request.set_budget_bytes(kRecallBytes);
  request.set_conversation_id(job.turn.conversation_id);
  request.set_before_sequence(job.turn.trigger_sequence);
  return request;
}

// The turn that the message would begin.
TurnJob JobFor(const SessionRow& session, const std::string& message, const std::string& turn_id) {
  TurnJob job;
  job.turn.conversation_id = session.conversation_id;
  job.turn.turn_id = turn_id;
  job.turn.user_id = session.user_id;
  job.turn.session_id = session.session_id;
  job.turn.persona_id = session.persona_id;
  job.turn.trigger_sequence = session.last_sequence + 1;
  job.conversation = session;
  job.message = message;
  return job;
}

// What a session that is not there yet would begin with.
std::vector<MessageRow> NewHistory(const TurnJob& job,
                                   const Surroundings& around,
                                   const std::string& greeting) {
  std::vector<MessageRow> messages;
  if (!TrimSpace(greeting).empty()) {
    MessageRow& first = messages.emplace_back();
    first.sequence = 1;
    first.persona_id = around.persona.persona_id();
    first.content = greeting;
  }
  MessageRow& said = messages.emplace_back();
  said.sequence = static_cast<int>(messages.size());
  said.user_id = job.turn.user_id;
  said.content = job.message;
  return messages;
}

v1::ChatPreview Show(const inference::PackPromptResponse& packed, bool owner) {
  v1::ChatPreview preview;
  *preview.mutable_manifest() = packed.manifest();
  preview.set_model(packed.manifest().model());
  preview.set_most_cost_micros(packed.most_micros());
  const auto& items = packed.manifest().items();
  const bool lore_among = std::any_of(
      items.begin(), items.end(),
      [](const prompt::PackedItem& item) { return item.kept() && item.kind() == "lore_at_depth"; });
  if (owner) preview.set_system(packed.system());
  if (owner || !lore_among) {
    for (const prompt::PromptMessage& message : packed.messages()) {
      v1::ChatPreview::Line& line = *preview.add_messages();
      line.set_role(message.role() == prompt::ROLE_ASSISTANT ? "assistant" : "user");
      line.set_content(message.text());
    }
  }
  if (owner) return preview;
  // How its model is called and what its lore listens for is the owner's.
  preview.mutable_manifest()->clear_parameters();
  for (prompt::PackedItem& item : *preview.mutable_manifest()->mutable_items())
    item.clear_why();
  return preview;
}

}  // namespace

absl::StatusOr<v1::ChatPreview> Previews::Preview(const CallContext& call,
                                                  const v1::ChatRequest& request) {
  const std::string& user_id = call.identity.user_id;
  const CallContext own = call.AsService(user_id);
  SessionRow session;
  session.user_id = user_id;
  session.persona_id = request.persona_id();
  session.session_id = request.session_id();
  session.conversation_id = ConversationIdOf(
      user_id, request.session_id().empty() ? tools_.ids.NewId() : request.session_id());
  bool is_new = true;
  if (!request.session_id().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<SessionRow> found,
                              tools_.store.FindSession(session.conversation_id));
    if (found.has_value()) {
      const absl::Status refusal = Refusal(*found, request.persona_id(), tools_.clock.Now());
      if (!absl::IsAborted(refusal)) return refusal;
      session = *std::move(found);
      is_new = false;
    }
  }
  persona::RenderPersonaRequest render;
  render.set_persona_id(session.persona_id);
  render.set_user_id(user_id);
  render.set_participant(!is_new);
  if (session.persona_id.empty()) {
    // Whom the deployment has for that: memory is asked about one that it knows.
    DRAMATIS_ASSIGN_OR_RETURN(const RenderedPersona known,
                              tools_.personas.Render(own, render).get());
    session.persona_id = known.persona_id();
    render.set_persona_id(known.persona_id());
  }
  TurnJob job = JobFor(session, request.message(), tools_.ids.NewId());
  absl::StatusOr<SessionHistory> history = SessionHistory();
  if (!is_new) history = ReadHistory(tools_.store, job);
  if (!history.ok()) return std::move(history).status();
  DRAMATIS_ASSIGN_OR_RETURN(const Surroundings around,
                            NeighbourQuery(tools_, own, render, RecallFor(job)).Answers());
  DRAMATIS_RETURN_IF_ERROR(CheckPersona(call.identity, around.persona.persona_id()));
  if (is_new) {
    DRAMATIS_RETURN_IF_ERROR(CheckAnswersAsAi(around.persona, call.identity));
    const std::string greeting = GreetingFor(around.persona, around.persona.greeting(),
                                             around.user_name, session.conversation_id);
    job.turn.persona_id = around.persona.persona_id();
    history->messages = NewHistory(job, around, greeting);
    job.turn.trigger_sequence = history->messages.back().sequence;
  } else if (!history->whole) {
    return UnavailableError("the conversation's history has a gap");
  }
  DRAMATIS_ASSIGN_OR_RETURN(inference::StreamGenerateRequest asked,
                            SessionRequest(tools_.store, job, around, history->messages));
  asked.set_turn_key(job.turn.turn_id);
  DRAMATIS_ASSIGN_OR_RETURN(const inference::PackPromptResponse packed,
                            tools_.inference.Pack(own, asked));
  v1::ChatPreview preview = Show(packed, call.identity.MayManage(around.persona.owner_id()));
  if (!is_new) preview.set_session_id(session.session_id);
  preview.set_persona_id(around.persona.persona_id());
  return preview;
}

}  // namespace dramatis::conversation
