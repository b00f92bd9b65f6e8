// What memory keeps of a user, as lines of an archive: records of dramatis.memory.v1.UserRecord.
//
// Of tables that have a user, these are in an archive: profiles, goals, activities,
// journal_entries, memories, summaries. These are made anew: goal_counts, activity_days,
// journal_tags, journal_goals, memory_counts, memory_embeddings. These are not in it, for a reason:
// api_keys, api_key_counts, api_key_secrets (credentials of this deployment), idempotency_keys,
// observations (how far this deployment has read). tests/system/test_exports.py compares the lists
// with the database's catalogue.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/archive/user_data.h"
#include "shared/sql/database.h"

namespace dramatis::memory {

// As ConfiguredModule::export_user and import_user.
absl::StatusOr<UserPage> ExportUser(sql::Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after);
absl::StatusOr<UserImport> ImportUser(sql::Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines);

}  // namespace dramatis::memory
