// Pictures that are objects, as they are read: in the folder or bucket of DRAMATIS_OBJECTS, where
// the deployment names one.
//
//   DRAMATIS_ASSIGN_OR_RETURN(std::optional<AvatarRow> avatar,
//                             pictures.Whole([&] { return avatars.FindAvatar(id); }));
//
// Thread-safe; blocks while a body is read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/persona/model/picture_store.h"
#include "shared/objects/objects.h"

namespace dramatis::persona {

// More than the largest card that may be imported.
inline constexpr size_t kMostPictureBytes = size_t{16} << 20;

class Pictures {
 public:
  // `objects` is null where the deployment names no place; else it outlives this.
  explicit Pictures(objects::Objects* objects) : objects_(objects) {}

  // What `find` finds, an optional row with `picture` and `object_key`, with its picture.
  // PERSONA_PICTURE_UNAVAILABLE where its object is missing or another one than was put there;
  // UNAVAILABLE where the place cannot be reached or is not named.
  template <class Find>
  auto Whole(const Find& find) const -> decltype(find()) {
    std::string missing;
    while (true) {
      auto row = find();
      if (!row.ok() || !row->has_value() || (*row)->object_key.empty()) return row;
      const std::string& key = (*row)->object_key;
      absl::StatusOr<std::string> body = Read(key);
      if (body.ok()) {
        (*row)->picture = *std::move(body);
        return row;
      }
      // It may have been replaced between the two looks.
      if (!absl::IsNotFound(body.status()) || key == missing) return Unreadable(key, body.status());
      missing = key;
    }
  }

  // Null where the deployment names no place.
  objects::Objects* objects() const { return objects_; }

 private:
  absl::StatusOr<std::string> Read(const std::string& key) const;
  static absl::Status Unreadable(const std::string& key, const absl::Status& why);

  objects::Objects* const objects_;
};

// Where pictures of a kind are.
const char* PicturePrefix(PictureKind kind);
// A key that no other picture has or will have: what refers to it means this body.
// `avatars/<persona>/<id>-<SHA-256 of the picture>`.
std::string PictureKey(PictureKind kind, const PictureInRow& row, const std::string& id);
// What a key of PictureKey is of; nullopt for any other key, which is not ours to delete.
std::optional<PictureObject> ReadPictureKey(std::string_view key);

}  // namespace dramatis::persona
