// The names of personas that were made when two names were compared otherwise. Part of SqlStore.
#pragma once

#include <vector>

#include "shared/sql/backfill.h"

namespace dramatis::persona {

// A persona whose name is by now another one's of its owner keeps it, and the key it has.
std::vector<sql::Backfill> NameBackfills();

}  // namespace dramatis::persona
