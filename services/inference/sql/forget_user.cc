#include "services/inference/sql/forget_user.h"

#include "services/inference/sql/ledger.h"
#include "shared/digest/sha256.h"
#include "shared/sql/catalogue/user_rows.h"
#include "shared/sql/lease_clock.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

constexpr sql::Statement kNoteForgotten = {R"(
  insert into forgotten_users (user_hash, forgotten_at)
  values ($1, $2)
  on conflict (user_hash) do update set forgotten_at = excluded.forgotten_at)"};

// Those of the user's keys go, as the keys do.
constexpr sql::Statement kForgetKeyAccounts = {R"(
  delete from accounts
  where user_id = $1 and account <> '')"};

constexpr sql::Statement kMarkForgotten = {R"(
  update accounts
  set forgotten = true
  where user_id = $1)"};

}  // namespace

absl::Status ForgetUser(sql::Transaction& tx, const std::string& user_id, absl::Time now) {
  // By the ledger's clock.
  DRAMATIS_ASSIGN_OR_RETURN(const absl::Time forgotten_at, sql::DatabaseTime(tx, now));
  // First: whoever reserves or settles at the same time waits for the account.
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kMarkForgotten, {user_id}).status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetKeyAccounts, {user_id}).status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetEmptyAccount, {user_id}).status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kNoteForgotten, {Sha256Hex(user_id), forgotten_at}).status());
  // A reservation goes when its call ends.
  return sql::DeleteRows(tx, "user_id", user_id, {"accounts", "reservations"});
}

}  // namespace dramatis::inference
