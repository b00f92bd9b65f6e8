#include "services/persona/pictures/carrying.h"

#include <optional>
#include <string>
#include <vector>

#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::persona {
namespace {

constexpr int kDroppedAtOnce = 64;

}  // namespace

absl::Status Carrying::Run(const std::function<bool()>& ending) {
  DRAMATIS_RETURN_IF_ERROR(DeleteDropped(ending));
  if (pictures_.objects() == nullptr) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(Carry(PictureKind::kAvatar, ending));
  return Carry(PictureKind::kCard, ending);
}

absl::Status Carrying::Carry(PictureKind kind, const std::function<bool()>& ending) {
  while (!ending()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<PictureInRow> row, store_.NextInRow(kind));
    if (!row.has_value()) break;
    const std::string key = PictureKey(kind, *row, ids_.NewId());
    DRAMATIS_RETURN_IF_ERROR(objects::PutWhole(*pictures_.objects(), key, row->picture));
    // After an error it is not known whether the row refers to the object: the sweep will see.
    DRAMATIS_ASSIGN_OR_RETURN(const bool carried, store_.NoteCarried(kind, *row, key));
    if (!carried) DRAMATIS_RETURN_IF_ERROR(pictures_.objects()->Delete(key));
  }
  return absl::OkStatus();
}

absl::Status Carrying::DeleteDropped(const std::function<bool()>& ending) {
  while (!ending()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<PictureObject> dropped,
                              store_.Dropped(kDroppedAtOnce));
    if (!dropped.empty() && pictures_.objects() == nullptr) {
      return WithCause(
          UnavailableError("pictures cannot be deleted just now"),
          "there are pictures to be deleted, but DRAMATIS_OBJECTS does not say where they are");
    }
    for (const PictureObject& object : dropped) {
      DRAMATIS_RETURN_IF_ERROR(pictures_.objects()->Delete(object.object_key));
      DRAMATIS_RETURN_IF_ERROR(store_.NoteGone(object));
    }
    if (static_cast<int>(dropped.size()) < kDroppedAtOnce) break;
  }
  return absl::OkStatus();
}

absl::Status Carrying::DeleteOrphans(const std::function<bool()>& ending) {
  if (pictures_.objects() == nullptr) return absl::OkStatus();
  for (const PictureKind kind : {PictureKind::kAvatar, PictureKind::kCard}) {
    DRAMATIS_RETURN_IF_ERROR(objects::ForEachObject(
        *pictures_.objects(), PicturePrefix(kind), ending,
        [this](const objects::ObjectInfo& listed) { return DeleteIfOrphan(listed); }));
  }
  return absl::OkStatus();
}

absl::Status Carrying::DeleteIfOrphan(const objects::ObjectInfo& listed) {
  const std::optional<PictureObject> object = ReadPictureKey(listed.key);
  if (!object.has_value() || listed.modified + kPictureOrphanAge > clock_.Now()) {
    return absl::OkStatus();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const bool referred_to, store_.IsReferredTo(*object));
  if (referred_to) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(pictures_.objects()->Delete(listed.key));
  logger_.Info("picture of nobody deleted", {{"object", listed.key}});
  return absl::OkStatus();
}

}  // namespace dramatis::persona
