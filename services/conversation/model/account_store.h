// What conversation keeps of a user, as whoever deletes an account needs it. As in model/store.h
// each function is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// An account that is being deleted. Everything done for it may be done again, so that two workers
// do no harm; the lease only keeps them apart.
struct AccountDeletion {
  std::string user_id;
  std::string job_id;
  absl::Time lease_ends;  // and names the lease
  int attempts = 0;       // that failed in a row
};

// What stands in place of the name of somebody who has left for good.
inline constexpr char kDeletedUser[] = "deleted user";

class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // Notes that the user's account is to be deleted, and answers the job's id: that of an earlier
  // one which is not done.
  virtual absl::StatusOr<std::string> Request(const std::string& user_id,
                                              const std::string& job_id,
                                              absl::Time now) = 0;
  // The job that has been due for longest, under a lease until `lease_ends`; nullopt if none is.
  virtual absl::StatusOr<std::optional<AccountDeletion>> Take(absl::Time now,
                                                              absl::Time lease_ends) = 0;
  // Makes the job due again at `due`. Without effect where the lease is lost.
  virtual absl::Status PutBack(const AccountDeletion& job, absl::Time due, int attempts) = 0;

  // Sessions of the user, at most `limit`.
  virtual absl::StatusOr<std::vector<SessionRow>> Sessions(const std::string& user_id,
                                                           int limit) = 0;
  // Rooms that are the user's, or that a persona of theirs was ever in; also deleted ones.
  virtual absl::StatusOr<std::vector<Room>> Rooms(const std::string& user_id, int limit) = 0;
  // Deletes a conversation with everything in it, whatever runs there: who works on a turn of it
  // finds the lease lost. Memory will be told to forget it.
  virtual absl::Status Erase(const std::string& user_id, const std::string& conversation_id) = 0;
  // Takes the user's id and name out of a room that others read: messages stay, under kDeletedUser;
  // what they were before an edit goes.
  virtual absl::Status TakeNameOut(const std::string& user_id,
                                   const std::string& conversation_id) = 0;
  // Whether memory has been told to forget all that was erased: from then on nothing that it was
  // told before comes late.
  virtual absl::StatusOr<bool> MemoryIsTold(const std::string& user_id) = 0;
  // Deletes what is the user's besides conversations, and the job. False, and nothing is deleted,
  // where the user has a conversation, begun meanwhile, or a transcript.
  virtual absl::StatusOr<bool> Finish(const AccountDeletion& job) = 0;
};

}  // namespace dramatis::conversation
