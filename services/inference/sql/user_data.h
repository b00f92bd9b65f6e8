// What inference keeps of a user, as lines of an archive: what they used, and what it cost. For
// reading: another deployment's accounts are not this one's, so that nothing of it is imported.
//
// In an archive: usage. Not in it, for a reason: accounts and reservations (how this deployment's
// budgets stand), idempotency_keys. tests/system/test_exports.py compares the lists with the
// database's catalogue.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/archive/user_data.h"
#include "shared/sql/database.h"

namespace dramatis::inference {

// As ConfiguredModule::export_user and import_user.
absl::StatusOr<UserPage> ExportUser(sql::Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after);
absl::StatusOr<UserImport> ImportUser(sql::Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines);

}  // namespace dramatis::inference
