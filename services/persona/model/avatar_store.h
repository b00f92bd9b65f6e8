// The pictures of personas, as they are kept. Thread-safe; as model/store.h.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dramatis::persona {

inline constexpr int kMostAvatarSide = 4096;
inline constexpr size_t kMostAvatarBytes = size_t{2} * 1024 * 1024;

struct AvatarRow {
  std::string content_type;
  int width = 0;
  int height = 0;
  std::string picture;
  // Of the object that the picture is; `picture` is empty then. Empty where it is in its row.
  std::string object_key = {};
  bool operator==(const AvatarRow&) const = default;
};

class AvatarStore {
 public:
  virtual ~AvatarStore() = default;
  virtual absl::StatusOr<std::optional<AvatarRow>> FindAvatar(const std::string& persona_id) = 0;
  // In the place of the one that was there. NOT_FOUND where the persona is gone.
  virtual absl::Status SetAvatar(const std::string& persona_id,
                                 const AvatarRow& avatar,
                                 absl::Time now) = 0;
};

}  // namespace dramatis::persona
