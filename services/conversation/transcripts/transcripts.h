// Transcripts of sessions, as objects: written when a session has been quiet for a while or is
// over, and read once its messages are no longer in the database (sessions/retention.h).
// Thread-safe; blocks.
//
//   transcripts.Write(session);
//   transcripts.Messages({.conversation_id = id, .limit = 20});   // of one that is purged
//   transcripts.BringBack(id);                                    // for what needs them as rows
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "services/conversation/transcripts/transcript_store.h"
#include "shared/objects/objects.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

class Transcripts {
 public:
  // `objects` is null where the deployment keeps none: then what is there cannot be read, and is
  // said to be so. `clock` is that of leases. References outlive it.
  Transcripts(TranscriptStore& rows, Store& store, objects::Objects* objects, const Clock& clock)
      : rows_(rows), store_(store), objects_(objects), clock_(clock) {}

  bool kept() const { return objects_ != nullptr; }

  // Stores the session's transcript, in place of the one that there is. OK also where somebody else
  // does, or the session has changed: it is then written another time.
  absl::Status Write(const SessionRow& session);
  // Whether the object is the one that the row tells of. False where somebody has deleted or
  // changed it.
  absl::StatusOr<bool> IsThere(const TranscriptRow& row);
  // Messages of a session in whose rows there are none: of its transcript, where that has them.
  // None of any other session.
  absl::StatusOr<std::vector<MessageRow>> Messages(const MessageRange& range);
  // Has the messages of a session in the database, where they were not there any more.
  absl::Status BringBack(const std::string& conversation_id);
  // The same for all sessions of a user.
  absl::Status BringBackAll(const std::string& user_id);
  // Deletes transcripts of sessions that are deleted; and whatever there is of a user, none of
  // whose sessions is left.
  absl::Status DeleteDoomed();
  absl::Status DeleteAllOf(const std::string& user_id);

 private:
  using Taker = std::function<absl::Status(MessageRow)>;
  absl::Status Read(const TranscriptRow& row, const SessionRow& session, const Taker& taker);
  absl::Status Delete(const std::vector<TranscriptRow>& rows);

  TranscriptStore& rows_;
  Store& store_;
  objects::Objects* const objects_;
  const Clock& clock_;
};

}  // namespace dramatis::conversation
