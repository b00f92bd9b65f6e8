// AvatarStore on SQL: the table `persona_avatars`.
#pragma once

#include <optional>
#include <string>

#include "services/persona/model/avatar_store.h"
#include "shared/sql/database.h"

namespace dramatis::persona {

class SqlAvatarStore : public AvatarStore {
 public:
  // The database outlives the store.
  explicit SqlAvatarStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<AvatarRow>> FindAvatar(const std::string& persona_id) override;
  absl::Status SetAvatar(const std::string& persona_id,
                         const AvatarRow& avatar,
                         absl::Time now) override;

 private:
  sql::Database& database_;
};

// Of a persona that is there.
absl::Status WriteAvatar(sql::Transaction& tx,
                         const std::string& persona_id,
                         const AvatarRow& avatar,
                         absl::Time now);

}  // namespace dramatis::persona
