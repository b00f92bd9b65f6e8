#include "services/persona/avatars/avatars.h"

#include <utility>

#include "absl/strings/match.h"
#include "services/persona/avatars/picture.h"
#include "services/persona/model/definition.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

absl::Status NoAvatar(const std::string& why) {
  return FieldErrors({{"picture", why}});
}

}  // namespace

std::optional<AvatarRow> AsAvatar(std::string_view bytes) {
  if (bytes.size() > kMostAvatarBytes) return std::nullopt;
  const std::optional<Picture> picture = ReadPicture(bytes);
  if (!picture.has_value() || picture->width > kMostAvatarSide ||
      picture->height > kMostAvatarSide) {
    return std::nullopt;
  }
  return AvatarRow{.content_type = picture->content_type,
                   .width = picture->width,
                   .height = picture->height,
                   .picture = std::string(bytes)};
}

absl::StatusOr<google::api::HttpBody> Avatars::Get(const CallContext& call,
                                                   const v1::GetAvatarRequest& request) {
  if (!IsUuid(request.persona_id())) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, store_.Find(request.persona_id()));
  if (!IsVisible(row, call.identity)) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<AvatarRow> avatar,
                            pictures_.Whole([&] { return avatars_.FindAvatar(row.persona_id); }));
  if (!avatar.has_value()) return NotFoundError("avatar");
  google::api::HttpBody body;
  body.set_content_type(avatar->content_type);
  body.set_data(std::move(avatar->picture));
  return body;
}

absl::StatusOr<v1::Avatar> Avatars::Update(const CallContext& call,
                                           const v1::UpdateAvatarRequest& request) {
  if (!IsUuid(request.persona_id())) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, store_.Find(request.persona_id()));
  if (!IsVisible(row, call.identity)) return NotFoundError("persona");
  if (!call.identity.MayManage(row.owner_id)) {
    return PermissionError("only its owner may change the persona's picture");
  }
  const std::string& bytes = request.picture().data();
  if (bytes.size() > kMostAvatarBytes) return NoAvatar("must have at most 2 MiB");
  const std::optional<Picture> picture = ReadPicture(bytes);
  if (!picture.has_value()) return NoAvatar("must be a PNG, a JPEG or a WebP");
  const std::string& type = request.picture().content_type();
  const std::string said(TrimSpace(std::string_view(type).substr(0, type.find(';'))));
  if (!absl::EqualsIgnoreCase(said, picture->content_type)) {
    return NoAvatar("must be what its Content-Type says: it is " + picture->content_type);
  }
  if (picture->width > kMostAvatarSide || picture->height > kMostAvatarSide) {
    return NoAvatar("must have at most 4096 pixels a side");
  }
  const absl::Time now = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(avatars_.SetAvatar(row.persona_id,
                                              {.content_type = picture->content_type,
                                               .width = picture->width,
                                               .height = picture->height,
                                               .picture = bytes},
                                              now));
  v1::Avatar avatar;
  avatar.set_persona_id(row.persona_id);
  avatar.set_content_type(picture->content_type);
  avatar.set_width(picture->width);
  avatar.set_height(picture->height);
  avatar.set_bytes(static_cast<int>(bytes.size()));
  avatar.set_etag(AvatarEtag(now));
  return avatar;
}

}  // namespace dramatis::persona
