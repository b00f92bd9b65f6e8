// A random secret that a service keeps in its own database, so that all its replicas share it: one
// row of the table `kept_secrets` (name text primary key, secret bytea), written once by whoever is
// first.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// The secret of this name: what is kept, else `fresh`, which is kept from now on. The same for
// everybody who asks at the same time.
absl::StatusOr<std::string> KeptSecret(Database& database,
                                       const std::string& name,
                                       const std::string& fresh);

}  // namespace dramatis::sql
