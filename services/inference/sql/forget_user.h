// What inference forgets of a user whose account is deleted: every row of usage, also of calls that
// are under way and settle later. What was spent this month stays until the month is over, and the
// limits that an admin set stay, as one row of sums: else a deletion would renew a spent budget.
// One transaction.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "shared/sql/database.h"

namespace dramatis::inference {

absl::Status ForgetUser(sql::Transaction& tx, const std::string& user_id, absl::Time now);

}  // namespace dramatis::inference
