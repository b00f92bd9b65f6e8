// What persona keeps of a user, as lines of an archive: records of dramatis.persona.v1.UserRecord.
//
// In an archive: personas, with the current one of persona_versions; persona_cards. Made anew:
// persona_names. Not in it, for a reason: persona_holds and persona_masks (what conversations of this
// deployment ask for), idempotency_keys. tests/system/test_exports.py compares the lists with the database's
// catalogue.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/archive/user_data.h"
#include "shared/sql/database.h"

namespace dramatis::persona {

// As ModuleFactory::export_user and import_user.
absl::StatusOr<UserPage> ExportUser(sql::Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after);
absl::StatusOr<UserImport> ImportUser(sql::Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines);

// Whether only admins may have AI personas here (DRAMATIS_RESTRICT_AI_PERSONAS); of the process, set
// before it serves.
void RestrictImportedPersonas(bool restricted);

}  // namespace dramatis::persona
