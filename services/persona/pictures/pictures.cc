#include "services/persona/pictures/pictures.h"

#include <algorithm>
#include <utility>

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/digest/sha256.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::persona {
namespace {

constexpr size_t kUuidChars = 36;
constexpr size_t kHashChars = 64;

absl::Status Unreachable(const std::string& cause) {
  return WithCause(UnavailableError("pictures cannot be reached just now"), cause);
}

bool IsHash(std::string_view text) {
  return text.size() == kHashChars &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c); });
}

}  // namespace

absl::StatusOr<std::string> Pictures::Read(const std::string& key) const {
  if (objects_ == nullptr) {
    return absl::UnavailableError(
        "there are pictures that are objects, but DRAMATIS_OBJECTS does not say where");
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::string body, objects::GetWhole(*objects_, key, kMostPictureBytes));
  if (!key.ends_with(Sha256Hex(body))) return absl::DataLossError("another body has its key");
  return body;
}

absl::Status Pictures::Unreadable(const std::string& key, const absl::Status& why) {
  if (absl::IsUnavailable(why) || absl::IsPermissionDenied(why)) {
    return Unreachable(std::string(why.message()));
  }
  return WithCause(
      Error(absl::StatusCode::kInternal, v1::ERROR_REASON_PERSONA_PICTURE_UNAVAILABLE,
            "the persona's picture cannot be read"),
      absl::StrCat("cannot use the picture ", key, " of DRAMATIS_OBJECTS: ", why.message(),
                   ": put the object back from a backup, or give the persona a picture again"));
}

const char* PicturePrefix(PictureKind kind) {
  return kind == PictureKind::kAvatar ? "avatars/" : "cards/";
}

std::string PictureKey(PictureKind kind, const PictureInRow& row, const std::string& id) {
  return absl::StrCat(PicturePrefix(kind), row.persona_id, "/", id, "-", Sha256Hex(row.picture));
}

std::optional<PictureObject> ReadPictureKey(std::string_view key) {
  for (const PictureKind kind : {PictureKind::kAvatar, PictureKind::kCard}) {
    const std::string_view prefix = PicturePrefix(kind);
    if (!key.starts_with(prefix)) continue;
    const std::string_view rest = key.substr(prefix.size());
    // <persona>/<id>-<hash>
    if (rest.size() != kUuidChars + 1 + kUuidChars + 1 + kHashChars) return std::nullopt;
    const std::string_view id = rest.substr(kUuidChars + 1, kUuidChars);
    if (rest[kUuidChars] != '/' || rest[2 * kUuidChars + 1] != '-' ||
        !IsUuid(std::string(rest.substr(0, kUuidChars))) || !IsUuid(std::string(id)) ||
        !IsHash(rest.substr(2 * kUuidChars + 2))) {
      return std::nullopt;
    }
    return PictureObject{.persona_id = std::string(rest.substr(0, kUuidChars)),
                         .object_key = std::string(key)};
  }
  return std::nullopt;
}

}  // namespace dramatis::persona
