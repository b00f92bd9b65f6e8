// PictureStore on SQL: the columns `picture` and `object_key` of `persona_avatars` and
// `persona_cards`, and the table `dropped_pictures`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/persona/model/picture_store.h"
#include "shared/sql/database.h"

namespace dramatis::persona {

class SqlPictureStore : public PictureStore {
 public:
  // The database outlives the store.
  explicit SqlPictureStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<PictureInRow>> NextInRow(PictureKind kind) override;
  absl::StatusOr<bool> NoteCarried(PictureKind kind,
                                   const PictureInRow& row,
                                   const std::string& object_key) override;
  absl::StatusOr<std::vector<PictureObject>> Dropped(int limit) override;
  absl::Status NoteGone(const PictureObject& object) override;
  absl::StatusOr<bool> IsReferredTo(const PictureObject& object) override;

 private:
  sql::Database& database_;
};

// The row that refers to the persona's avatar is about to go, or to get another one.
absl::Status DropAvatar(sql::Transaction& tx, const std::string& persona_id);
// Deletes avatars and cards of all personas of an owner.
absl::Status DeletePicturesOf(sql::Transaction& tx, const std::string& owner_id);

}  // namespace dramatis::persona
