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
  bool operator==(const AvatarRow&) const = default;
};

class AvatarStore {
 public:
  virtual ~AvatarStore() = default;
  virtual absl::StatusOr<std::optional<AvatarRow>> FindAvatar(const std::string& persona_id) = 0;
  // In the place of the one that was there.
  virtual absl::Status SetAvatar(const std::string& persona_id,
                                 const AvatarRow& avatar,
                                 absl::Time now) = 0;
};

}  // namespace dramatis::persona
