// What persona keeps of a user, as lines of an archive: records of dramatis.persona.v1.UserRecord.
//
// In an archive: personas, with the current one of persona_versions; persona_cards and
// persona_avatars, with pictures that are objects. Made anew: persona_names. Not in it, for a
// reason: persona_holds and persona_masks (what conversations of this deployment ask for),
// dropped_pictures and idempotency_keys (its work). tests/system/test_exports.py compares the lists
// with the database's catalogue.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/persona/pictures/pictures.h"
#include "shared/archive/user_data.h"
#include "shared/sql/database.h"

namespace dramatis::persona {

// As ConfiguredModule::export_user.
std::function<absl::StatusOr<UserPage>(sql::Transaction&, const std::string&, const std::string&)>
UserExporter(std::shared_ptr<const Pictures> pictures);

// As ConfiguredModule::import_user. `restrict_ai_personas`: only admins may have AI personas here.
std::function<absl::StatusOr<UserImport>(
    sql::Transaction&, const ImportingUser&, const std::vector<std::string>&)>
UserImporter(bool restrict_ai_personas);

}  // namespace dramatis::persona
