#include "services/persona/sql/forget_user.h"

#include "services/persona/sql/pictures.h"
#include "shared/sql/catalogue/user_rows.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kDisown = {R"(
  update personas
  set owner_id = '', delete_time = coalesce(delete_time, $2)
  where owner_id = $1 and is_public)"};

constexpr Statement kSelectPrivate = {"select persona_id from personas where owner_id = $1"};

constexpr Statement kFreeAllNames = {"delete from persona_names where owner_id = $1"};

}  // namespace

absl::Status ForgetUser(Transaction& tx, const std::string& user_id, absl::Time now) {
  DRAMATIS_RETURN_IF_ERROR(DeletePicturesOf(tx, user_id));
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDisown, {user_id, now}).status());
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rest, tx.Execute(kSelectPrivate, {user_id}));
  for (const sql::Row& row : rest) {
    DRAMATIS_RETURN_IF_ERROR(sql::DeleteRows(tx, "persona_id", row.Text(0), {"dropped_pictures"}));
  }
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kFreeAllNames, {user_id}).status());
  return sql::DeleteUserRows(tx, user_id, now);
}

}  // namespace dramatis::persona
