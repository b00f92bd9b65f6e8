#include "services/persona/sql/avatars.h"

#include "services/persona/sql/pictures.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kFindAvatar = {R"(
  select content_type, width, height, picture, object_key
  from persona_avatars
  where persona_id = $1)"};

constexpr Statement kWriteAvatar = {R"(
  insert into persona_avatars (persona_id, content_type, width, height, picture, update_time)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (persona_id) do update
  set content_type = excluded.content_type, width = excluded.width, height = excluded.height,
    picture = excluded.picture, object_key = '', update_time = excluded.update_time)"};

// The row's lock, so that nobody deletes the persona meanwhile and leaves its picture.
constexpr Statement kLockPersona = {R"(
  update personas
  set version = version
  where persona_id = $1 and delete_time is null
  returning persona_id)"};

}  // namespace

absl::StatusOr<std::optional<AvatarRow>> SqlAvatarStore::FindAvatar(const std::string& persona_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kFindAvatar, {persona_id});
  }));
  if (rows.empty()) return std::nullopt;
  const sql::Row& row = rows.front();
  return AvatarRow{.content_type = row.Text(0),
                   .width = row.Int(1),
                   .height = row.Int(2),
                   .picture = row.Blob(3),
                   .object_key = row.Text(4)};
}

absl::Status SqlAvatarStore::SetAvatar(const std::string& persona_id,
                                       const AvatarRow& avatar,
                                       absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows locked, tx.Execute(kLockPersona, {persona_id}));
    if (locked.empty()) return NotFoundError("persona");
    return WriteAvatar(tx, persona_id, avatar, now);
  });
}

absl::Status WriteAvatar(Transaction& tx,
                         const std::string& persona_id,
                         const AvatarRow& avatar,
                         absl::Time now) {
  DRAMATIS_RETURN_IF_ERROR(DropAvatar(tx, persona_id));
  return tx
      .Execute(kWriteAvatar, {persona_id, avatar.content_type, avatar.width, avatar.height,
                              Bytes{avatar.picture}, now})
      .status();
}

}  // namespace dramatis::persona
