// What conversation itself keeps of a user, as lines of an archive: records of
// dramatis.conversation.v1.UserRecord. Sessions (but temporary ones) and rooms, each with its
// messages; long ones in several lines.
//
// Of tables that have a user, these are in an archive: conversations, participants, messages,
// turns, user_conversations (made anew). These are not, for a reason: shares and share_tokens
// (links of this deployment), events (how a room came to be what it is), message_search (made
// anew), user_sessions, idempotency_keys, memory_outbox, account_deletions, jobs, room_members
// (this deployment's own work), transcripts (their messages are brought back before an export).
// tests/system/test_exports.py compares the two lists with the database's catalogue.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/archive/user_data.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// As ConfiguredModule::export_user and import_user.
absl::StatusOr<UserPage> ExportUser(sql::Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after);
absl::StatusOr<UserImport> ImportUser(sql::Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines);

}  // namespace dramatis::conversation
