// The table `lore_firings`: what of personas' lore has fired in conversations, with effects in
// time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

absl::StatusOr<std::vector<LoreFiring>> SelectFirings(sql::Transaction& tx,
                                                      const std::string& conversation_id,
                                                      const std::string& persona_id);

// Each takes the place of what is known of its entry.
absl::Status WriteFirings(sql::Transaction& tx,
                          const std::string& conversation_id,
                          const std::string& persona_id,
                          const std::vector<LoreFiring>& firings);

absl::Status DeleteFirings(sql::Transaction& tx, const std::string& conversation_id);

// Copies what fired with the messages up to `last`.
absl::Status CopyFirings(sql::Transaction& tx,
                         const std::string& from_conversation_id,
                         const std::string& to_conversation_id,
                         int last);

}  // namespace dramatis::conversation
