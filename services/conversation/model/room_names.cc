#include "services/conversation/model/room_names.h"

namespace dramatis::conversation {

const char* NameOf(RoomStatus status) {
  switch (status) {
    case RoomStatus::kActive:
      return "active";
    case RoomStatus::kPaused:
      return "paused";
    case RoomStatus::kCompleted:
      return "completed";
    case RoomStatus::kTerminated:
      return "terminated";
  }
  return "";
}

RoomStatus RoomStatusOf(const std::string& name) {
  if (name == "active") return RoomStatus::kActive;
  if (name == "paused") return RoomStatus::kPaused;
  return name == "completed" ? RoomStatus::kCompleted : RoomStatus::kTerminated;
}

const char* NameOf(RoomVisibility visibility) {
  switch (visibility) {
    case RoomVisibility::kPrivate:
      return "private";
    case RoomVisibility::kUnlisted:
      return "unlisted";
    case RoomVisibility::kPublic:
      return "public";
  }
  return "";
}

const char* NameOf(PersonaKind kind) {
  switch (kind) {
    case PersonaKind::kHuman:
      return "human";
    case PersonaKind::kAgent:
      return "ai_agent";
    case PersonaKind::kAmbiguous:
      return "ai_ambiguous";
  }
  return "";
}

const char* NameOf(Role role) {
  switch (role) {
    case Role::kInitiator:
      return "initiator";
    case Role::kHost:
      return "host";
    case Role::kGuest:
      return "guest";
    case Role::kModerator:
      return "moderator";
  }
  return "";
}

const char* NameOf(RoomMessageType type) {
  switch (type) {
    case RoomMessageType::kText:
      return "text";
    case RoomMessageType::kAction:
      return "action";
    case RoomMessageType::kReveal:
      return "reveal";
  }
  return "";
}

const char* NameOf(EventKind kind) {
  switch (kind) {
    case EventKind::kMessage:
      return "message";
    case EventKind::kParticipant:
      return "participant";
    case EventKind::kState:
      return "state";
    case EventKind::kTurn:
      return "turn";
  }
  return "";
}

EventKind EventKindOf(const std::string& name) {
  if (name == "message") return EventKind::kMessage;
  if (name == "participant") return EventKind::kParticipant;
  return name == "state" ? EventKind::kState : EventKind::kTurn;
}

RoomVisibility VisibilityOf(const std::string& name) {
  if (name == "public") return RoomVisibility::kPublic;
  return name == "unlisted" ? RoomVisibility::kUnlisted : RoomVisibility::kPrivate;
}

PersonaKind PersonaKindOf(const std::string& name) {
  if (name == "ai_agent") return PersonaKind::kAgent;
  return name == "ai_ambiguous" ? PersonaKind::kAmbiguous : PersonaKind::kHuman;
}

Role RoleOf(const std::string& name) {
  if (name == "initiator") return Role::kInitiator;
  if (name == "host") return Role::kHost;
  return name == "moderator" ? Role::kModerator : Role::kGuest;
}

RoomMessageType MessageTypeOf(const std::string& name) {
  if (name == "action") return RoomMessageType::kAction;
  return name == "reveal" ? RoomMessageType::kReveal : RoomMessageType::kText;
}

}  // namespace dramatis::conversation
