// Sessions that took place elsewhere, with all their messages. Part of SqlJobStore.
#pragma once

#include "absl/status/statusor.h"
#include "services/conversation/archives/job_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// Makes the session unless there is one of its id; whether it did. It counts against no quota.
absl::StatusOr<bool> InsertPastSession(sql::Transaction& tx, const PastSession& session);

}  // namespace dramatis::conversation
