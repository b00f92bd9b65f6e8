#include "services/conversation/prompt/turn_prompt.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/conversation/lore/matching.h"
#include "services/conversation/model/persona_macros.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/prompt/frame.h"
#include "services/conversation/prompt/history.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;
namespace memory = dramatis::memory::v1;
namespace persona = dramatis::persona::v1;
namespace prompt = dramatis::prompt::v1;

constexpr int kHistoryPage = 100;

persona::RenderPersonaRequest RenderRequest(const TurnJob& job) {
  persona::RenderPersonaRequest request;
  request.set_persona_id(job.turn.persona_id);
  request.set_user_id(job.turn.user_id);
  request.set_participant(true);
  if (RenewsHold(job)) {
    request.set_hold_conversation_id(job.turn.conversation_id);
    *request.mutable_hold_expire_time() = ToTimestamp(HoldUntil(job.conversation));
  }
  return request;
}

memory::RecallRequest RecallOf(const TurnJob& job) {
  memory::RecallRequest request;
  request.set_user_id(job.turn.user_id);
  request.set_persona_id(job.turn.persona_id);
  request.set_query(job.message);
  request.set_budget_bytes(kRecallBytes);
  request.set_conversation_id(job.turn.conversation_id);
  request.set_before_sequence(job.turn.trigger_sequence);
  return request;
}

void NoteHold(const TurnTools& tools, const SessionRow& conversation) {
  const absl::Status noted =
      tools.store.SetHold(conversation.conversation_id, HoldUntil(conversation));
  // Not noted, it is only renewed again with the next turn.
  if (!noted.ok()) {
    tools.logger.Warning("hold not noted", {{"conversation_id", conversation.conversation_id},
                                            {"code", GetReason(noted)}});
  }
}

// The message that the turn answers.
MessageRow Trigger(const TurnJob& job) {
  MessageRow message;
  message.sequence = job.turn.trigger_sequence;
  message.message_id = job.turn.trigger_message_id;
  message.user_id = job.turn.user_id;
  message.content = job.message;
  return message;
}

// The history of these messages. A session's are numbered without gaps. `cut`: older ones were left
// out.
SessionHistory HistoryOf(std::vector<MessageRow> newest_first, bool cut) {
  bool whole = cut || newest_first.size() > 1 || newest_first.front().sequence <= 1;
  for (size_t i = 1; i < newest_first.size(); ++i)
    whole = whole && newest_first[i].sequence == newest_first[i - 1].sequence - 1;
  std::reverse(newest_first.begin(), newest_first.end());
  return {.messages = std::move(newest_first), .whole = whole};
}

// What the persona, its lore and the recalled parts make, with the frame among them.
void FillParts(const RenderedPersona& persona,
               const std::vector<prompt::PromptPart>& others,
               const SessionRow& conversation,
               inference::StreamGenerateRequest& request) {
  std::vector<prompt::PromptPart> parts(persona.prompt().parts().begin(),
                                        persona.prompt().parts().end());
  parts.push_back(FramePart(conversation, persona.name()));
  parts.insert(parts.end(), others.begin(), others.end());
  for (prompt::PromptPart& part : OrderParts(std::move(parts))) {
    *request.add_parts() = std::move(part);
  }
  LimitLore(persona, request);
}

}  // namespace

NeighbourQuery::NeighbourQuery(const TurnTools& tools,
                               CallContext call,
                               persona::RenderPersonaRequest render,
                               memory::RecallRequest remember)
    : tools_(tools),
      call_(std::move(call)),
      render_(std::move(render)),
      remember_(std::move(remember)),
      rendering_(tools_.personas.Render(call_, render_)),
      recalling_(tools_.memories.Recall(call_, remember_)) {}

absl::StatusOr<Surroundings> NeighbourQuery::Answers() {
  absl::StatusOr<RenderedPersona> persona = rendering_.get();
  absl::StatusOr<Recalled> recalled = recalling_.get();
  if (!persona.ok()) persona = tools_.personas.Render(call_, render_).get();
  if (!persona.ok()) return std::move(persona).status();
  if (!recalled.ok()) recalled = tools_.memories.Recall(call_, remember_).get();
  if (!recalled.ok()) return UnavailableError("what is remembered of the user could not be read");
  return Surroundings{.persona = *std::move(persona),
                      .recalled = std::move(recalled->parts),
                      .user_name = std::move(recalled->display_name)};
}

std::set<int> SummaryEnds(const std::vector<prompt::PromptPart>& parts) {
  std::set<int> ends;
  for (const prompt::PromptPart& part : parts) {
    if (part.kind() == prompt::PART_KIND_SUMMARY) ends.insert(part.to_sequence());
  }
  return ends;
}

bool RenewsHold(const TurnJob& job) {
  return job.conversation.hold_expires_at < job.conversation.expires_at;
}

TurnPrompt::TurnPrompt(const TurnTools& tools, TurnJob job, const CallContext& call)
    : tools_(tools),
      job_(std::move(job)),
      query_(tools, call, RenderRequest(job_), RecallOf(job_)) {}

void TurnPrompt::ReadAhead() {
  // While they work.
  history_ = ReadHistory(tools_.store, job_);
  around_ = query_.Answers();
}

bool TurnPrompt::complete() const {
  if (!HistoryIsWhole() || !around_.has_value()) return false;
  // What fired before is read when the turn is there.
  return !around_->ok() || !HasTimedLore((*around_)->persona);
}

absl::StatusOr<inference::StreamGenerateRequest> TurnPrompt::Request() {
  // While they work.
  if (!HistoryIsWhole()) history_ = ReadHistory(tools_.store, job_);
  if (!around_.has_value()) around_ = query_.Answers();
  if (!around_->ok()) return around_->status();
  if (!history_.ok()) return history_.status();
  if (!history_->whole) return UnavailableError("the conversation's history has a gap");
  const Surroundings& around = **around_;
  if (RenewsHold(job_)) NoteHold(tools_, job_.conversation);

  return SessionRequest(tools_.store, job_, around, history_->messages);
}

absl::StatusOr<inference::StreamGenerateRequest> SessionRequest(
    Store& store,
    const TurnJob& job,
    const Surroundings& around,
    const std::vector<MessageRow>& messages) {
  inference::StreamGenerateRequest request;
  request.set_user_id(job.turn.user_id);
  request.set_persona_id(job.turn.persona_id);
  request.set_persona_name(around.persona.name());
  *request.mutable_parameters() = around.persona.parameters();
  if (!job.turn.wanted_model.empty()) {
    request.mutable_parameters()->set_model(job.turn.wanted_model);
    request.mutable_parameters()->clear_fallback_models();
  }
  const RenderedPersona persona =
      WithMacros(around.persona, {.user = around.user_name,
                                  .conversation_id = job.turn.conversation_id,
                                  .turn_id = job.turn.turn_id});
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<prompt::PromptPart> others,
                            LoreFor(store, persona, job.turn.conversation_id, messages));
  others.insert(others.end(), around.recalled.begin(), around.recalled.end());
  FillParts(persona, others, job.conversation, request);
  const std::string own = ParticipantId(ParticipantKind::kPersona, job.turn.persona_id);
  for (prompt::PromptMessage& line :
       RoleTurns(messages, own, /*names=*/{}, SummaryEnds(around.recalled))) {
    *request.add_messages() = std::move(line);
  }
  return request;
}

absl::StatusOr<std::vector<prompt::PromptPart>> LoreFor(Store& store,
                                                        const RenderedPersona& persona,
                                                        const std::string& conversation_id,
                                                        const std::vector<MessageRow>& history) {
  if (persona.lore().entries().empty()) return std::vector<prompt::PromptPart>();
  std::vector<LoreFiring> firings;
  if (HasTimedLore(persona)) {
    DRAMATIS_ASSIGN_OR_RETURN(firings, store.LoreFirings(conversation_id, persona.persona_id()));
  }
  std::vector<std::string> texts;
  texts.reserve(history.size());
  for (const MessageRow& message : history)
    texts.push_back(message.content);
  return MatchLore({.persona = persona,
                    .messages = texts,
                    .newest_sequence = history.empty() ? 0 : history.back().sequence,
                    .firings = std::move(firings),
                    .conversation_id = conversation_id});
}

void LimitLore(const RenderedPersona& persona, inference::StreamGenerateRequest& request) {
  if (persona.lore().has_token_budget()) request.set_lore_tokens(persona.lore().token_budget());
}

absl::StatusOr<SessionHistory> ReadHistory(Store& store, const TurnJob& job) {
  std::vector<MessageRow> newest_first = {Trigger(job)};
  size_t bytes = job.message.size();
  MessageRange range{.conversation_id = job.turn.conversation_id,
                     .descending = true,
                     .beyond_sequence = job.turn.trigger_sequence,
                     .limit = kHistoryPage};
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(std::vector<MessageRow> page, store.ListMessages(range));
    const bool last = static_cast<int>(page.size()) < kHistoryPage;
    for (MessageRow& message : page) {
      bytes += message.content.size();
      const bool full = bytes > kMaxHistoryBytes || newest_first.size() >= kMaxHistoryMessages;
      if (full) return HistoryOf(std::move(newest_first), /*cut=*/true);
      range.beyond_sequence = message.sequence;
      newest_first.push_back(std::move(message));
    }
    if (last) return HistoryOf(std::move(newest_first), /*cut=*/false);
  }
}

}  // namespace dramatis::conversation
