#include "services/conversation/prompt/message_prompt.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/conversation/lore/matching.h"
#include "services/conversation/model/persona_macros.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/rooms/rooms.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;
namespace persona = dramatis::persona::v1;
namespace prompt = dramatis::prompt::v1;

constexpr char kMessagePrefix[] = "message/";
constexpr char kPersonaPrefix[] = "persona/";
constexpr char kConversationPrefix[] = "conversation/";

// A room's version changes with more than what stands in a prompt: its text is compared, not that.
std::string NameOfItem(const prompt::PackedItem& item) {
  absl::string_view source = item.source();
  if (absl::StartsWith(source, kConversationPrefix)) source = source.substr(0, source.rfind('@'));
  return absl::StrCat(item.kind(), " ", source);
}

std::map<std::string, std::string> HashesOfKept(const prompt::PromptManifest& manifest) {
  std::map<std::string, std::string> hashes;
  for (const prompt::PackedItem& item : manifest.items()) {
    if (item.kept()) hashes[NameOfItem(item)] = item.hash();
  }
  return hashes;
}

// 0 where no part is the persona's.
int PersonaVersion(const prompt::PromptManifest& manifest, const std::string& persona_id) {
  const std::string prefix = absl::StrCat(kPersonaPrefix, persona_id, "@");
  for (const prompt::PackedItem& item : manifest.items()) {
    int version = 0;
    if (absl::StartsWith(item.source(), prefix) &&
        absl::SimpleAtoi(item.source().substr(prefix.size()), &version)) {
      return version;
    }
  }
  return 0;
}

// The newest message of the prompt; empty where nobody had said anything.
std::string NewestMessage(const prompt::PromptManifest& manifest) {
  if (manifest.items().empty()) return "";
  return std::string(absl::StripPrefix(manifest.items().rbegin()->source(), kMessagePrefix));
}

// With those who were present at `then`.
Room RoomThen(Room room, absl::Time then) {
  for (ParticipantRow& row : room.participants) {
    if (row.joined_at > then) row.left_at = row.joined_at;
    if (row.left_at.has_value() && *row.left_at > then) row.left_at = std::nullopt;
  }
  return room;
}

// A message that was edited once, and since: its first text is what was said then.
void AsItWas(absl::Time then, MessageRow& message) {
  constexpr int kChangedOnce = 2;
  if (message.version == kChangedOnce && message.edited_at.has_value() &&
      *message.edited_at > then && message.original_content.has_value()) {
    message.content = *message.original_content;
  }
}

bool IsRecalled(const prompt::PackedItem& item) {
  return item.kind() == "memory" || item.kind() == "summary";
}

}  // namespace

std::vector<std::string> Differing(const prompt::PromptManifest& before,
                                   const prompt::PromptManifest& now) {
  const std::map<std::string, std::string> was = HashesOfKept(before);
  const std::map<std::string, std::string> is = HashesOfKept(now);
  std::vector<std::string> sources;
  const auto note = [&](const prompt::PackedItem& item, const auto& other) {
    if (!item.kept()) return;
    const auto found = other.find(NameOfItem(item));
    if (found != other.end() && found->second == item.hash()) return;
    if (!absl::c_linear_search(sources, item.source())) sources.push_back(item.source());
  };
  for (const prompt::PackedItem& item : before.items())
    note(item, is);
  for (const prompt::PackedItem& item : now.items()) {
    if (!was.contains(NameOfItem(item))) note(item, was);
  }
  return sources;
}

absl::StatusOr<v1::MessagePrompt> MessagePrompts::Get(const CallContext& call,
                                                      const v1::GetMessagePromptRequest& request) {
  const std::string& id = request.conversation_id();
  DRAMATIS_ASSIGN_OR_RETURN(const Room room, FindViewable(rooms_, call.identity, id));
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> message,
                            rooms_.store.FindRoomMessage(id, request.message_id()));
  if (!message.has_value() || !MayRead(room, *message, call.identity)) {
    return NotFoundError("message");
  }
  const ParticipantRow* const author = FindParticipant(room, message->persona_id);
  if (!call.identity.IsAdmin() && (author == nullptr || author->user_id != call.identity.user_id)) {
    return PermissionError("only the persona's owner may see how its message came about");
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<RepliedTurn> replied,
                            tools_.turns.FindRepliedTurn(id, request.message_id()));
  if (!replied.has_value() || replied->manifest.empty()) return NotFoundError("prompt");
  v1::MessagePrompt answer;
  answer.set_message_id(message->message_id);
  answer.set_turn_id(replied->turn.turn_id);
  if (!answer.mutable_manifest()->ParseFromString(replied->manifest)) {
    return InternalError("a stored manifest cannot be read");
  }
  DRAMATIS_ASSIGN_OR_RETURN(*answer.mutable_verification(),
                            Verify(call, room, *message, *replied, answer.manifest()));
  *answer.mutable_parameters() = answer.manifest().parameters();
  answer.mutable_manifest()->clear_parameters();
  if (call.identity.IsAdmin() && !replied->turn.score.empty()) {
    answer.mutable_score()->ParseFromString(replied->turn.score);
  }
  return answer;
}

absl::StatusOr<v1::MessagePrompt::Verification> MessagePrompts::Verify(
    const CallContext& call,
    const Room& room,
    const MessageRow& reply,
    const RepliedTurn& replied,
    const prompt::PromptManifest& manifest) {
  v1::MessagePrompt::Verification verification;
  const CallContext own = call.AsService(replied.turn.user_id);
  persona::RenderPersonaRequest render;
  render.set_persona_id(reply.persona_id);
  render.set_user_id(replied.turn.user_id);
  render.set_participant(true);
  render.set_version(PersonaVersion(manifest, reply.persona_id));
  auto rendering = tools_.personas.Render(own, render);
  absl::StatusOr<std::vector<prompt::PromptPart>> recalled =
      RecallAgain(own, room, reply, replied.turn, manifest);
  absl::StatusOr<RenderedPersona> rendered = rendering.get();
  if (!recalled.ok()) return std::move(recalled).status();
  if (absl::IsNotFound(rendered.status())) {
    verification.add_differing(absl::StrCat(kPersonaPrefix, reply.persona_id));
    return verification;
  }
  if (!rendered.ok()) return std::move(rendered).status();
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> history,
                            HistoryThen(reply, room.row.conversation_id, NewestMessage(manifest)));

  const RenderedPersona persona = WithMacros(
      *rendered,
      {.user = SpeakerFor(room, history, replied.turn.trigger_message_id, reply.persona_id),
       .conversation_id = room.row.conversation_id,
       .turn_id = replied.turn.turn_id});
  inference::StreamGenerateRequest request = RoomRequest({.room = RoomThen(room, reply.created_at),
                                                          .persona = persona,
                                                          .recalled = *recalled,
                                                          .history = history,
                                                          .lore = LoreAgain(persona, manifest)});
  request.set_turn_key(replied.turn.turn_id);
  request.mutable_parameters()->set_model(manifest.model());
  const absl::StatusOr<inference::PackPromptResponse> packed = tools_.inference.Pack(own, request);
  if (absl::IsUnavailable(packed.status()) || absl::IsDeadlineExceeded(packed.status())) {
    return packed.status();
  }
  if (!packed.ok()) {  // the model is gone, or its window has become too small
    verification.add_differing(absl::StrCat("model/", manifest.model()));
    return verification;
  }
  const prompt::PromptManifest& again = packed->manifest();
  verification.set_request_hash(again.request_hash());
  verification.set_same(again.request_hash() == manifest.request_hash());
  if (verification.same()) return verification;
  for (std::string& source : Differing(manifest, again))
    verification.add_differing(std::move(source));
  if (again.parameters().SerializeAsString() != manifest.parameters().SerializeAsString()) {
    verification.add_differing("parameters");
  }
  return verification;
}

absl::StatusOr<std::vector<prompt::PromptPart>> MessagePrompts::RecallAgain(
    const CallContext& call,
    const Room& room,
    const MessageRow& reply,
    const TurnRow& turn,
    const prompt::PromptManifest& manifest) {
  std::vector<prompt::PromptPart> parts;
  if (absl::c_none_of(manifest.items(), &IsRecalled)) return parts;
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::optional<MessageRow> trigger,
      rooms_.store.FindRoomMessage(room.row.conversation_id, turn.trigger_message_id));
  const std::string query = trigger.has_value() && !trigger->hidden ? trigger->content : "";
  DRAMATIS_ASSIGN_OR_RETURN(
      const Recalled recalled,
      tools_.memories.Recall(call, RoomRecall(room, reply.persona_id, query, reply.sequence))
          .get());
  for (const prompt::PackedItem& item : manifest.items()) {
    if (!IsRecalled(item)) continue;
    const auto part = absl::c_find_if(recalled.parts, [&](const prompt::PromptPart& one) {
      return one.source() == item.source();
    });
    if (part != recalled.parts.end()) parts.push_back(*part);
  }
  return Tellable(room, std::move(parts));
}

absl::StatusOr<std::vector<MessageRow>> MessagePrompts::HistoryThen(
    const MessageRow& reply, const std::string& conversation_id, const std::string& newest_id) {
  int before = reply.sequence;
  if (!newest_id.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> newest,
                              rooms_.store.FindRoomMessage(conversation_id, newest_id));
    if (newest.has_value()) before = newest->sequence + 1;
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<MessageRow> history,
                            ReadRoomHistory(tools_.store, conversation_id, before,
                                            /*at_least=*/0));
  for (MessageRow& message : history)
    AsItWas(reply.created_at, message);
  return history;
}

}  // namespace dramatis::conversation
