// Rows that belong to somebody or something, deleted from every table that names them. The tables
// are those of the database's own catalogue with a column of that name, so that one which a later
// migration adds is among them.
//
//   DRAMATIS_RETURN_IF_ERROR(sql::DeleteUserRows(tx, user_id));
//   DRAMATIS_RETURN_IF_ERROR(sql::DeleteRows(tx, "conversation_id", id, {"memory_outbox"}));
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// Deletes, from every table of the service that has the text column `column` but those in `except`,
// the rows where it is `value`. Tables are taken in the order of their names.
absl::Status DeleteRows(Transaction& tx,
                        const std::string& column,
                        const std::string& value,
                        const std::vector<std::string>& except = {});

// The same of the column user_id: what a service forgets of a user unless it says otherwise
// (ModuleFactory::forget_user).
absl::Status DeleteUserRows(Transaction& tx, const std::string& user_id, absl::Time now);

}  // namespace dramatis::sql
