#include "services/conversation/rooms/rooms.h"

#include <optional>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/model/permissions.h"
#include "services/conversation/model/persona_macros.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/room_definition.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/rooms/holds.h"
#include "services/conversation/rooms/masks.h"
#include "services/conversation/search/found_token.h"
#include "services/conversation/search/search_text.h"
#include "shared/call/if_match.h"
#include "shared/digest/sha256.h"
#include "shared/page/page_token.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

std::optional<RoomStatus> StatusFilter(v1::ConversationStatus status) {
  switch (status) {
    case v1::CONVERSATION_STATUS_ACTIVE:
      return RoomStatus::kActive;
    case v1::CONVERSATION_STATUS_PAUSED:
      return RoomStatus::kPaused;
    case v1::CONVERSATION_STATUS_COMPLETED:
      return RoomStatus::kCompleted;
    case v1::CONVERSATION_STATUS_TERMINATED:
      return RoomStatus::kTerminated;
    default:
      return std::nullopt;
  }
}

RoomFilter FilterOf(const CallContext& call,
                    const v1::ListConversationsRequest& request,
                    absl::Time now) {
  RoomFilter filter;
  filter.user_id = call.identity.user_id;
  filter.admin = call.identity.IsAdmin();
  filter.status = StatusFilter(request.status());
  if (request.visibility() != v1::VISIBILITY_UNSPECIFIED) {
    filter.visibility = FromApi(request.visibility());
  }
  filter.persona_id = request.persona_id();
  filter.topic_tag = request.topic_tag();
  filter.words = SearchedWords(request.q());
  filter.now = now;
  filter.limit = PageSize(request) + 1;  // one more says whether there is a next page
  return filter;
}

// What a page token of the list is bound to.
PageScope ScopeOf(const CallContext& call, const v1::ListConversationsRequest& request) {
  v1::ListConversationsRequest filters = request;
  filters.clear_page_size();
  filters.clear_page_token();
  return {call, absl::StrCat("rooms\n", call.identity.user_id, "\n", call.identity.IsAdmin(), "\n",
                             filters.SerializeAsString())};
}

absl::Status InvalidState(const RoomRow& row, const char* needed) {
  const std::string status = NameOf(row.status);
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_INVALID_STATE,
               absl::StrCat("the conversation is ", status, ", not ", needed),
               {{"status", status}});
}

// Who is in a new room: the caller's first own persona opened it.
absl::Status AddFirst(const std::vector<RenderedPersona>& personas,
                      const std::string& user_id,
                      Room& room) {
  for (const RenderedPersona& persona : personas) {
    const bool initiator = room.row.persona_id.empty() && persona.owner_id() == user_id;
    if (initiator) room.row.persona_id = persona.persona_id();
    ParticipantRow row = NewParticipant(persona, initiator ? Role::kInitiator : Role::kGuest,
                                        user_id, room.row.created_at);
    row.position = static_cast<int>(room.participants.size());
    room.participants.push_back(std::move(row));
  }
  if (!room.row.persona_id.empty()) return absl::OkStatus();
  return FieldErrors({{"persona_ids", "must have at least one persona of your own"}});
}

// What AI personas say first in a new room, where their authors wrote something for that; who may
// not be known for one says nothing.
std::vector<MessageRow> GreetingsOf(const std::vector<RenderedPersona>& personas,
                                    const Room& room,
                                    IdSource& ids) {
  std::vector<MessageRow> greetings;
  if (room.row.settings.ambiguous()) return greetings;
  const ParticipantRow* const host = FindParticipant(room, room.row.persona_id);
  for (const RenderedPersona& persona : personas) {
    const auto& texts = persona.group_only_greetings();
    if (texts.empty() || persona.type() != dramatis::persona::v1::PERSONA_TYPE_AI_AGENT) continue;
    // The same one however often the room is asked for.
    const std::string drawn =
        Sha256Of(absl::StrCat(room.row.conversation_id, "\n", persona.persona_id()));
    const std::string& text = texts[static_cast<unsigned char>(drawn[0]) % texts.size()];
    MessageRow greeting;
    greeting.content = GreetingFor(persona, text, host->name, room.row.conversation_id);
    if (TrimSpace(greeting.content).empty()) continue;  // it was a comment
    greeting.message_id = ids.NewId();
    greeting.persona_id = persona.persona_id();
    greeting.user_id = persona.owner_id();
    greeting.created_at = room.row.created_at;
    greetings.push_back(std::move(greeting));
  }
  return greetings;
}

}  // namespace

absl::StatusOr<Room> FindViewable(const RoomTools& tools,
                                  const Identity& identity,
                                  const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, tools.store.FindRoom(conversation_id));
  if (!room.has_value()) return NotFoundError("conversation");
  CloseIfDue(room->row, tools.clock.Now());
  DRAMATIS_RETURN_IF_ERROR(Require(*room, identity, Permission::kView));
  return *std::move(room);
}

absl::StatusOr<Idempotent<v1::Conversation>> Rooms::Create(
    const CallContext& call, const v1::CreateConversationRequest& request) {
  Room room;
  room.row.conversation_id = tools_.ids.NewId();
  room.row.user_id = call.identity.user_id;
  const absl::Time now = tools_.clock.Now();
  room.row.created_at = room.row.updated_at = room.row.last_message_at = now;
  room.row.hold_expires_at = now + kHoldTime;
  DRAMATIS_RETURN_IF_ERROR(Define(request, room.row));
  if (request.persona_ids_size() > room.row.settings.max_participants()) {
    return FieldErrors({{"persona_ids", "must be at most settings.max_participants"}});
  }
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<RenderedPersona> personas,
      HoldPersonas(tools_, call, {request.persona_ids().begin(), request.persona_ids().end()},
                   room.row.conversation_id));
  const auto show = [&](const Room& made) { return ToConversation(made, call.identity); };
  absl::Status added = AddFirst(personas, call.identity.user_id, room);
  for (const RenderedPersona& persona : personas)
    if (added.ok()) added = MayBring(persona, call.identity);
  absl::StatusOr<Idempotent<Room>> created =
      added.ok() ? tools_.store.CreateRoom(room, GreetingsOf(personas, room, tools_.ids),
                                           {{call, "CreateConversation", request}, show})
                 : absl::StatusOr<Idempotent<Room>>(added);
  // The id is new: what was not made needs no hold.
  if (!created.ok() || created->replayed) ReleaseRoom(tools_, call, room);
  if (!created.ok()) return std::move(created).status();
  if (!created->replayed) TellMasks(tools_, call, created->result);
  return FirstAnswer(*created, show);
}

absl::StatusOr<v1::ListConversationsResponse> Rooms::Search(
    const CallContext& call, const v1::ListConversationsRequest& request, RoomFilter filter) {
  const PageScope scope = ScopeOf(call, request);
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(filter.after_found, DecodeFoundToken(scope, request.page_token()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<FoundRoom> rooms, tools_.store.SearchRooms(filter));
  v1::ListConversationsResponse response;
  const auto size = static_cast<size_t>(PageSize(request));
  if (rooms.size() > size) {
    rooms.resize(size);
    response.set_next_page_token(
        EncodeFoundToken(scope, rooms.back().found, rooms.back().room.row.conversation_id));
  }
  for (FoundRoom& one : rooms) {
    CloseIfDue(one.room.row, filter.now);
    v1::Conversation& conversation = *response.add_conversations();
    conversation = ToConversation(one.room, call.identity);
    for (v1::SearchMatch& match : MatchesOf(one.room.row, one.found.places, filter.words))
      *conversation.add_matches() = std::move(match);
  }
  return response;
}

absl::StatusOr<v1::ListConversationsResponse> Rooms::List(
    const CallContext& call, const v1::ListConversationsRequest& request) {
  const PageScope scope = ScopeOf(call, request);
  RoomFilter filter = FilterOf(call, request, tools_.clock.Now());
  if (!filter.words.empty()) return Search(call, request, std::move(filter));
  // Nothing is found by something that has no word.
  if (!TrimSpace(request.q()).empty()) return v1::ListConversationsResponse();
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                              DecodePageToken(scope, request.page_token(), 1));
    filter.before = keys[0];
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<Room> rooms, tools_.store.ListRooms(filter));
  v1::ListConversationsResponse response;
  const auto size = static_cast<size_t>(PageSize(request));
  if (rooms.size() > size) {
    rooms.resize(size);
    response.set_next_page_token(EncodePageToken(scope, {rooms.back().row.conversation_id}));
  }
  for (Room& room : rooms) {
    CloseIfDue(room.row, filter.now);
    *response.add_conversations() = ToConversation(room, call.identity);
  }
  return response;
}

absl::StatusOr<v1::Conversation> Rooms::Get(const CallContext& call,
                                            const v1::GetConversationRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Room room,
                            FindViewable(tools_, call.identity, request.conversation_id()));
  return ToConversation(room, call.identity);
}

absl::StatusOr<Idempotent<v1::Conversation>> Rooms::Update(
    const CallContext& call, const v1::UpdateConversationRequest& request) {
  const absl::Time now = tools_.clock.Now();
  return Change(call, request.conversation_id(), now,
                [&](Room& room) -> absl::Status {
                  DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
                  DRAMATIS_RETURN_IF_ERROR(Redefine(request, room.row));
                  // New constraints may have been reached already.
                  if (!CloseIfReached(room.row, /*content=*/"", now)) CloseIfDue(room.row, now);
                  return absl::OkStatus();
                },
                {call, "UpdateConversation", request});
}

absl::Status Rooms::Delete(const CallContext& call, const v1::DeleteConversationRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Room room,
      tools_.store.DeleteRoom(
          request.conversation_id(), tools_.clock.Now(), [&](const Room& found) -> absl::Status {
            DRAMATIS_RETURN_IF_ERROR(Require(found, call.identity, Permission::kDelete));
            return CheckIfMatch(call, EtagOf(found.row));
          }));
  ReleaseRoom(tools_, call, room);
  TellMasks(tools_, call, room);
  return absl::OkStatus();
}

absl::StatusOr<Idempotent<v1::Conversation>> Rooms::Close(
    const CallContext& call, const v1::CloseConversationRequest& request) {
  RoomStatus status = RoomStatus::kCompleted;
  if (request.status() == v1::CONVERSATION_STATUS_TERMINATED) {
    status = RoomStatus::kTerminated;
  } else if (request.status() != v1::CONVERSATION_STATUS_COMPLETED &&
             request.status() != v1::CONVERSATION_STATUS_UNSPECIFIED) {
    return FieldErrors({{"status", "must be completed or terminated"}});
  }
  const absl::Time now = tools_.clock.Now();
  return Change(call, request.conversation_id(), now,
                [&](Room& room) -> absl::Status {
                  DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
                  CloseRoom(room.row, status, request.reason(), now);
                  return absl::OkStatus();
                },
                {call, "CloseConversation", request});
}

absl::StatusOr<Idempotent<v1::Conversation>> Rooms::Pause(
    const CallContext& call, const v1::PauseConversationRequest& request) {
  return Change(call, request.conversation_id(), tools_.clock.Now(),
                [](Room& room) -> absl::Status {
                  if (room.row.status != RoomStatus::kActive)
                    return InvalidState(room.row, "active");
                  room.row.status = RoomStatus::kPaused;
                  return absl::OkStatus();
                },
                {call, "PauseConversation", request});
}

absl::StatusOr<Idempotent<v1::Conversation>> Rooms::Resume(
    const CallContext& call, const v1::ResumeConversationRequest& request) {
  return Change(call, request.conversation_id(), tools_.clock.Now(),
                [](Room& room) -> absl::Status {
                  if (room.row.status != RoomStatus::kPaused)
                    return InvalidState(room.row, "paused");
                  room.row.status = RoomStatus::kActive;
                  return absl::OkStatus();
                },
                {call, "ResumeConversation", request});
}

absl::StatusOr<Idempotent<v1::Conversation>> Rooms::Change(const CallContext& call,
                                                           const std::string& conversation_id,
                                                           absl::Time now,
                                                           const RoomChange& change,
                                                           const Idempotency& idempotency) {
  const auto show = [&](const Room& room) { return ToConversation(room, call.identity); };
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<Room> changed,
      tools_.store.ChangeRoom(conversation_id, now,
                              [&](Room& room) -> absl::Status {
                                DRAMATIS_RETURN_IF_ERROR(
                                    RequireRight(room, call.identity, Permission::kClose));
                                DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, EtagOf(room.row)));
                                return change(room);
                              },
                              {idempotency, show}));
  if (!changed.replayed && changed.result.row.closed()) ReleaseRoom(tools_, call, changed.result);
  if (!changed.replayed) TellMasks(tools_, call, changed.result);
  return FirstAnswer(changed, show);
}

}  // namespace dramatis::conversation
