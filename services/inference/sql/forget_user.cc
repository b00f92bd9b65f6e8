#include "services/inference/sql/forget_user.h"

#include "shared/sql/catalogue/user_rows.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

// Those of the user's keys go, as the keys do.
constexpr sql::Statement kForgetAccounts = {R"(
  delete from accounts
  where user_id = $1
    and (account <> '' or (spent_micros = 0 and reserved_micros = 0
      and monthly_budget_micros is null and tokens_per_minute is null)))"};

}  // namespace

absl::Status ForgetUser(sql::Transaction& tx, const std::string& user_id, absl::Time /*now*/) {
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetAccounts, {user_id}).status());
  // A reservation goes when its call ends.
  return sql::DeleteRows(tx, "user_id", user_id, {"accounts", "reservations"});
}

}  // namespace dramatis::inference
