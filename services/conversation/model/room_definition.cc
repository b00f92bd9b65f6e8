#include "services/conversation/model/room_definition.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/room_views.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

// As the proto's field rules say.
constexpr int kDefaultMaxAiResponders = 2;

void FillDefaults(v1::ConversationSettings& settings) {
  if (!settings.has_max_participants()) settings.set_max_participants(kDefaultMaxParticipants);
  if (!settings.has_allow_late_joining()) settings.set_allow_late_joining(true);
  if (settings.turn_policy() == v1::TURN_POLICY_UNSPECIFIED) {
    settings.set_turn_policy(v1::TURN_POLICY_NATURAL);
  }
  if (!settings.has_max_ai_responders()) settings.set_max_ai_responders(kDefaultMaxAiResponders);
}

// Tags in the one form they are kept in: trimmed, each once.
template <class Tags>
absl::Status SetTags(const Tags& tags, const std::string& field, RoomRow& row) {
  std::vector<std::string> kept;
  for (int i = 0; i < tags.size(); ++i) {
    std::string tag(TrimSpace(tags.Get(i)));
    if (tag.find('\n') != std::string::npos) {
      return FieldErrors({{absl::StrCat(field, "[", i, "]"), "must be one line"}});
    }
    if (std::find(kept.begin(), kept.end(), tag) == kept.end()) kept.push_back(std::move(tag));
  }
  row.topic_tags = std::move(kept);
  return absl::OkStatus();
}

// Nobody has two settings.
absl::Status CheckParticipants(const v1::ConversationSettings& settings,
                               const std::string& parent) {
  std::set<std::string> seen;
  for (int i = 0; i < settings.participants_size(); ++i) {
    if (seen.insert(settings.participants(i).persona_id()).second) continue;
    return FieldErrors({{absl::StrCat(parent, "settings.participants[", i, "].persona_id"),
                         "must stand there once"}});
  }
  return absl::OkStatus();
}

// Takes over the fields that a new room and a changed one have in common.
template <class Message>
absl::Status Take(const Message& from, const std::string& parent, RoomRow& row) {
  row.title = std::string(TrimSpace(from.title()));
  row.topic = std::string(TrimSpace(from.topic()));
  row.description = from.description();
  row.goal = from.goal();
  row.visibility = FromApi(from.visibility());
  row.constraints = from.constraints();
  row.settings = from.settings();
  FillDefaults(row.settings);
  DRAMATIS_RETURN_IF_ERROR(CheckParticipants(row.settings, parent));
  SetClosesAt(row);
  return SetTags(from.topic_tags(), absl::StrCat(parent, "topic_tags"), row);
}

v1::Conversation DefinitionOf(const RoomRow& row) {
  v1::Conversation definition;
  definition.set_title(row.title);
  definition.set_topic(row.topic);
  definition.set_description(row.description);
  definition.set_goal(row.goal);
  definition.mutable_topic_tags()->Add(row.topic_tags.begin(), row.topic_tags.end());
  definition.set_visibility(ToApi(row.visibility));
  *definition.mutable_constraints() = row.constraints;
  *definition.mutable_settings() = row.settings;
  return definition;
}

}  // namespace

RoomVisibility FromApi(v1::Visibility visibility) {
  switch (visibility) {
    case v1::VISIBILITY_PUBLIC:
      return RoomVisibility::kPublic;
    case v1::VISIBILITY_UNLISTED:
      return RoomVisibility::kUnlisted;
    default:
      return RoomVisibility::kPrivate;
  }
}

absl::Status Define(const v1::CreateConversationRequest& request, RoomRow& row) {
  return Take(request, "", row);
}

absl::Status Redefine(const v1::UpdateConversationRequest& request, RoomRow& row) {
  v1::Conversation definition = DefinitionOf(row);
  const auto& paths = request.update_mask().paths();
  MergeFields(request.conversation(), {paths.begin(), paths.end()}, definition);
  // It would show what everybody is without anybody having revealed it.
  if (row.settings.ambiguous() && !definition.settings().ambiguous()) {
    return FieldErrors({{"conversation.settings.ambiguous",
                         "cannot be taken back: participants are revealed one by one"}});
  }
  return Take(definition, "conversation.", row);
}

}  // namespace dramatis::conversation
