// Which pictures of personas are in their rows, and which are objects: avatars, and the pictures
// and CHARX files that cards came in. Thread-safe; as model/store.h.
//
// A picture is written into its row, together with what it belongs to. Where the deployment has a
// place for objects it is carried there afterwards (pictures/carrying.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dramatis::persona {

enum class PictureKind { kAvatar, kCard };

struct PictureInRow {
  std::string persona_id;
  std::string picture;
};

struct PictureObject {
  std::string persona_id;
  std::string object_key;
  bool operator==(const PictureObject&) const = default;
};

class PictureStore {
 public:
  virtual ~PictureStore() = default;

  // A picture that is in its row; nullopt if none is.
  virtual absl::StatusOr<std::optional<PictureInRow>> NextInRow(PictureKind kind) = 0;
  // The picture is an object now, and its row is emptied. False, and nothing is changed, where the
  // row has another one by now, or is gone.
  virtual absl::StatusOr<bool> NoteCarried(PictureKind kind,
                                           const PictureInRow& row,
                                           const std::string& object_key) = 0;
  // Objects that rows have referred to and do not any more, at most `limit`.
  virtual absl::StatusOr<std::vector<PictureObject>> Dropped(int limit) = 0;
  // The dropped object is deleted.
  virtual absl::Status NoteGone(const PictureObject& object) = 0;
  // Whether a row refers to it.
  virtual absl::StatusOr<bool> IsReferredTo(const PictureObject& object) = 0;
};

}  // namespace dramatis::persona
