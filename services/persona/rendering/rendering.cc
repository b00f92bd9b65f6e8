#include "services/persona/rendering/rendering.h"

#include <set>
#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "services/persona/lore/rendered_lore.h"
#include "services/persona/model/definition.h"
#include "services/persona/rendering/prompt.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using google::protobuf::util::TimeUtil;

// A hold that lasts at least this share of the time asked for is not written again: a conversation
// asks with every turn.
constexpr double kEnoughHold = 0.9;
constexpr int kNanosPerSecond = 1'000'000'000;

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(timestamp));
}

absl::Status CheckHold(const v1::RenderPersonaRequest& request) {
  if (request.hold_conversation_id().empty()) return absl::OkStatus();
  if (!request.has_hold_expire_time()) {
    return FieldErrors({{"hold_expire_time", "must be given with hold_conversation_id"}});
  }
  const google::protobuf::Timestamp& time = request.hold_expire_time();
  if (time.seconds() < TimeUtil::kTimestampMinSeconds ||
      time.seconds() > TimeUtil::kTimestampMaxSeconds || time.nanos() < 0 ||
      time.nanos() >= kNanosPerSecond) {
    return FieldErrors({{"hold_expire_time", "must be a time of the years 1 to 9999"}});
  }
  return absl::OkStatus();
}

v1::RenderPersonaResponse ToResponse(const PersonaRow& row, size_t max_biography_bytes) {
  const v1::Persona definition = WithDefaults(row.definition);
  v1::RenderPersonaResponse response;
  response.set_persona_id(row.persona_id);
  response.set_name(definition.name());
  response.set_type(definition.type());
  response.set_owner_id(row.owner_id);
  response.set_greeting(definition.greeting());
  *response.mutable_alternate_greetings() = definition.alternate_greetings();
  *response.mutable_group_only_greetings() = definition.group_only_greetings();
  response.set_nickname(definition.nickname());
  if (v1::Lore lore; !row.lore.empty() && lore.ParseFromString(row.lore)) {
    *response.mutable_lore() = RenderedLore(lore);
  }
  *response.mutable_prompt() = RenderPrompt(row, max_biography_bytes);
  *response.mutable_parameters() = RenderParameters(row.definition);
  *response.mutable_personality() = definition.personality();
  *response.mutable_knowledge() = definition.knowledge();
  if (definition.has_response_delay()) {
    *response.mutable_response_delay() = definition.response_delay();
  }
  return response;
}

}  // namespace

Rendering::Rendering(const Config& config,
                     Store& store,
                     SourceFollower& follower,
                     DefaultPersona& default_persona,
                     const Clock& clock)
    : config_(config),
      store_(store),
      follower_(follower),
      default_persona_(default_persona),
      clock_(clock) {}

absl::StatusOr<v1::PersonaPrompt> Rendering::GetPrompt(const CallContext& call,
                                                       const v1::GetPersonaPromptRequest& request) {
  if (!IsUuid(request.persona_id())) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, store_.Find(request.persona_id()));
  if (!IsVisible(row, call.identity)) return NotFoundError("persona");
  if (!call.identity.MayManage(row.owner_id)) {
    return PermissionError("only its owner may read the persona's prompt");
  }
  DRAMATIS_ASSIGN_OR_RETURN(row, follower_.Follow(std::move(row)));
  return RenderPrompt(row, config_.max_biography_bytes);
}

absl::StatusOr<v1::RenderPersonaResponse> Rendering::Render(
    const v1::RenderPersonaRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(CheckHold(request));
  std::string persona_id = request.persona_id();
  if (persona_id.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(persona_id, default_persona_.Id());
  }
  if (!IsUuid(persona_id)) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(PersonaAndHold found,
                            store_.FindWithHold(persona_id, request.hold_conversation_id()));
  const Identity user = {.user_id = request.user_id()};
  if (!request.participant() && !IsVisible(found.persona, user)) return NotFoundError("persona");
  if (request.version() > 0) {
    found.persona.version = request.version();
    DRAMATIS_ASSIGN_OR_RETURN(PersonaVersion version,
                              store_.FindVersion(persona_id, request.version()));
    found.persona.definition = std::move(version.definition);
    found.persona.lore = std::move(version.lore);
    return ToResponse(found.persona, config_.max_biography_bytes);
  }
  // What is deleted, or cannot be, needs no hold.
  if (!found.persona.deleted && !default_persona_.Is(persona_id)) {
    DRAMATIS_RETURN_IF_ERROR(Hold(request, found));
  }

  DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, follower_.Follow(std::move(found.persona)));
  v1::RenderPersonaResponse response = ToResponse(row, config_.max_biography_bytes);
  if (!request.participant() && row.owner_id != request.user_id()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::set<std::string> masked,
                              store_.MaskedFor(request.user_id()));
    response.set_masked(masked.contains(row.persona_id));
  }
  return response;
}

absl::Status Rendering::Hold(const v1::RenderPersonaRequest& request, const PersonaAndHold& found) {
  if (request.hold_conversation_id().empty()) return absl::OkStatus();
  const absl::Time now = clock_.Now();
  const absl::Time wanted = FromTimestamp(request.hold_expire_time());
  if (wanted <= now) return absl::OkStatus();
  if (found.hold_expire_time.has_value() &&
      *found.hold_expire_time - now >= kEnoughHold * (wanted - now)) {
    return absl::OkStatus();
  }
  absl::Status held = store_.Hold({.persona_id = found.persona.persona_id,
                                   .conversation_id = request.hold_conversation_id(),
                                   .expire_time = wanted},
                                  now);
  // Deleted since it was read: one that takes part already goes on.
  if (absl::IsNotFound(held) && request.participant()) return absl::OkStatus();
  return held;
}

absl::Status Rendering::SetMasks(const v1::SetMasksRequest& request) {
  return store_.SetMasks(request);
}

absl::Status Rendering::Release(const v1::ReleasePersonaRequest& request) {
  return store_.Release(request.persona_id(), request.conversation_id());
}

}  // namespace dramatis::persona
