// The words of rows that were indexed when a word was something else. Part of SqlStore.
#pragma once

#include <vector>

#include "shared/sql/backfill.h"

namespace dramatis::memory {

std::vector<sql::Backfill> WordBackfills();

}  // namespace dramatis::memory
