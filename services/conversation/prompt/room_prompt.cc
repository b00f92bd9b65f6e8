#include "services/conversation/prompt/room_prompt.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/conversation/model/persona_macros.h"
#include "services/conversation/model/room_views.h"
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

constexpr int kRoomHistoryPage = 100;
constexpr char kAmbiguity[] =
    "Whether those who take part are people or programs is left open here: do not bring it up, and "
    "claim to be neither. Do not deny being an AI when somebody sincerely asks.";
// Instead of a history in which nobody else has said anything.
constexpr char kNothingSaid[] = "[Nobody has said anything to you yet. Begin.]";

std::string SourceOf(const Room& room) {
  return absl::StrCat("conversation/", room.row.conversation_id, "@", room.row.version);
}

void Tell(const char* lead, const std::string& what, std::string& text) {
  if (!what.empty()) absl::StrAppend(&text, " ", lead, what, ".");
}

prompt::PromptPart Frame(const Room& room, const RenderedPersona& rendered) {
  std::vector<std::string> present = {absl::StrCat(rendered.name(), " (you)")};
  for (const ParticipantRow& row : room.participants) {
    if (row.present() && row.persona_id != rendered.persona_id()) present.push_back(row.name);
  }
  const v1::Constraints& constraints = room.row.constraints;
  std::string text =
      "This is a conversation in which several may take part; each line says whose "
      "it is, but yours.";
  Tell("Present: ", absl::StrJoin(present, ", "), text);
  Tell("Its title: ", room.row.title, text);
  Tell("Its topic: ", room.row.topic, text);
  Tell("Its goal: ", room.row.goal, text);
  Tell("Keep to: ", absl::StrJoin(constraints.allowed_topics(), ", "), text);
  Tell("Do not speak of: ", absl::StrJoin(constraints.forbidden_topics(), ", "), text);
  prompt::PromptPart part;
  part.set_kind(prompt::PART_KIND_FRAME);
  part.set_source(SourceOf(room));
  part.set_text(std::move(text));
  return part;
}

// The persona's own part on its nature holds where that is hidden here, and only there.
std::vector<prompt::PromptPart> PersonaParts(const Room& room, const RenderedPersona& rendered) {
  const ParticipantRow* const row = FindParticipant(room, rendered.persona_id());
  const bool hidden = row != nullptr && IsHidden(room, *row);
  std::vector<prompt::PromptPart> parts;
  bool said = false;
  for (const prompt::PromptPart& part : rendered.prompt().parts()) {
    const bool ambiguity = part.kind() == prompt::PART_KIND_AMBIGUITY;
    if (ambiguity && !hidden) continue;
    said = said || ambiguity;
    parts.push_back(part);
  }
  if (hidden && !said) {
    prompt::PromptPart& part = parts.emplace_back();
    part.set_kind(prompt::PART_KIND_AMBIGUITY);
    part.set_source(SourceOf(room));
    part.set_text(kAmbiguity);
  }
  return parts;
}

MessageRow ToLine(MessageRow message) {
  if (message.type != RoomMessageType::kText) {
    message.content = absl::StrCat("[", message.content, "]");
  }
  return message;
}

persona::RenderPersonaRequest RenderOf(const TurnJob& job) {
  persona::RenderPersonaRequest request;
  request.set_persona_id(job.turn.persona_id);
  request.set_user_id(job.turn.user_id);
  request.set_participant(true);
  return request;
}

}  // namespace

bool MayTellMemories(const Room& room) {
  if (room.row.visibility != RoomVisibility::kPrivate) return false;
  return std::all_of(
      room.participants.begin(), room.participants.end(), [&](const ParticipantRow& row) {
        return !row.present() || !row.stands_for_owner() || row.user_id == room.row.user_id;
      });
}

std::vector<prompt::PromptPart> Tellable(const Room& room,
                                         std::vector<prompt::PromptPart> recalled) {
  if (MayTellMemories(room)) return recalled;
  std::erase_if(recalled, [](const prompt::PromptPart& part) {
    return part.kind() != prompt::PART_KIND_SUMMARY;
  });
  return recalled;
}

memory::RecallRequest RoomRecall(const Room& room,
                                 const std::string& persona_id,
                                 const std::string& query,
                                 int newest_sequence) {
  memory::RecallRequest request;
  request.set_user_id(room.row.user_id);
  request.set_persona_id(persona_id);
  if (MayTellMemories(room)) request.set_query(query);
  request.set_budget_bytes(kRecallBytes);
  request.set_conversation_id(room.row.conversation_id);
  request.set_before_sequence(newest_sequence);
  return request;
}

inference::StreamGenerateRequest RoomRequest(const RoomScene& scene) {
  const RenderedPersona& rendered = scene.persona;
  std::vector<prompt::PromptPart> parts = PersonaParts(scene.room, rendered);
  parts.push_back(Frame(scene.room, rendered));
  parts.insert(parts.end(), scene.lore.begin(), scene.lore.end());
  parts.insert(parts.end(), scene.recalled.begin(), scene.recalled.end());
  std::map<std::string, std::string> names;
  for (const ParticipantRow& row : scene.room.participants) {
    names[ParticipantId(ParticipantKind::kPersona, row.persona_id)] = row.name;
  }
  std::vector<MessageRow> lines;
  lines.reserve(scene.history.size());
  std::transform(scene.history.begin(), scene.history.end(), std::back_inserter(lines), &ToLine);

  inference::StreamGenerateRequest request;
  request.set_user_id(scene.room.row.user_id);
  request.set_persona_id(rendered.persona_id());
  request.set_persona_name(rendered.name());
  *request.mutable_parameters() = rendered.parameters();
  for (prompt::PromptPart& part : OrderParts(std::move(parts)))
    *request.add_parts() = std::move(part);
  LimitLore(rendered, request);
  const std::string own = ParticipantId(ParticipantKind::kPersona, rendered.persona_id());
  for (prompt::PromptMessage& line : RoleTurns(lines, own, names, SummaryEnds(scene.recalled))) {
    *request.add_messages() = std::move(line);
  }
  if (request.messages().empty()) {
    request.add_messages()->set_role(prompt::ROLE_USER);
    request.mutable_messages(0)->set_text(kNothingSaid);
  }
  return request;
}

absl::StatusOr<inference::StreamGenerateRequest> PrepareRoomPrompt(const TurnTools& tools,
                                                                   const TurnJob& job,
                                                                   const CallContext& call) {
  const Room& room = *job.room;
  NeighbourQuery query(tools, call, RenderOf(job),
                       RoomRecall(room, job.turn.persona_id, job.message, room.row.last_sequence));
  // While they work.
  const absl::StatusOr<std::vector<MessageRow>> history =
      ReadRoomHistory(tools.store, room.row.conversation_id, std::numeric_limits<int>::max(),
                      std::max(job.turn.trigger_sequence, room.row.last_sequence));
  DRAMATIS_ASSIGN_OR_RETURN(const Surroundings around, query.Answers());
  if (!history.ok()) return history.status();
  const RenderedPersona persona = WithMacros(
      around.persona,
      {.user = SpeakerFor(room, *history, job.turn.trigger_message_id, job.turn.persona_id),
       .conversation_id = room.row.conversation_id,
       .turn_id = job.turn.turn_id});
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<prompt::PromptPart> lore,
                            LoreFor(tools.store, persona, room.row.conversation_id, *history));
  inference::StreamGenerateRequest request =
      RoomRequest({.room = room,
                   .persona = persona,
                   .recalled = Tellable(room, around.recalled),
                   .history = *history,
                   .lore = lore});
  request.set_user_id(job.turn.payer());
  return request;
}

absl::StatusOr<std::vector<MessageRow>> ReadRoomHistory(Store& store,
                                                        const std::string& conversation_id,
                                                        int before_sequence,
                                                        int at_least) {
  std::vector<MessageRow> newest_first;
  size_t bytes = 0;
  int read_from = 0;  // the number of the oldest that was read
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(std::vector<MessageRow> page,
                              store.ListMessages({.conversation_id = conversation_id,
                                                  .descending = true,
                                                  .beyond_sequence = before_sequence,
                                                  .limit = kRoomHistoryPage}));
    const bool last = static_cast<int>(page.size()) < kRoomHistoryPage;
    bool full = false;
    for (auto message = page.begin(); message != page.end() && !full; ++message) {
      const bool next =
          read_from == 0 ? message->sequence >= at_least : message->sequence == read_from - 1;
      if (!next) return UnavailableError("the room's history has a gap");
      read_from = before_sequence = message->sequence;
      if (message->hidden) continue;
      bytes += message->content.size();
      full = !newest_first.empty() &&
             (bytes > kMaxHistoryBytes || newest_first.size() >= kMaxHistoryMessages);
      if (!full) newest_first.push_back(std::move(*message));
    }
    if (!last && !full) continue;
    if (read_from == 0 && at_least > 0) return UnavailableError("the room's history has a gap");
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
  }
}

}  // namespace dramatis::conversation
