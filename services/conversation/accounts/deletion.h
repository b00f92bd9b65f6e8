// Deletes accounts, apart from calls, which never wait for it:
//
//   1. sessions       erased, with whatever runs in them
//   2. rooms          those nobody else takes part in are erased; the user's others close; in all
//                     that stay, the user has left and what they said stands under "deleted user"
//   3. archives       what the user brought along or wanted to take away; transcripts of sessions
//   4. the neighbours persona, memory and inference forget the user (AdminService.ForgetUser), once
//                     memory has been told of all that was erased (outbox/)
//   5. the rest       lists, keys, and the job itself; from the beginning where the user has come
//                     back meanwhile
//
// Each step may be done again: one whose process died, or whose neighbour is away, is tried again,
// later each time, until it is done. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/account_store.h"
#include "services/conversation/model/room_tools.h"
#include "services/conversation/transcripts/transcripts.h"
#include "shared/call/call.h"
#include "shared/objects/objects.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

// The neighbours that keep something of users. Calls block.
class ForgettingPeer {
 public:
  virtual ~ForgettingPeer() = default;
  // Has all of them forget the user: OK once all have.
  virtual absl::Status ForgetUser(const CallContext& call, const std::string& user_id) = 0;
};

class AccountDeletions {
 public:
  // `leases` is the clock of leases. References outlive it.
  AccountDeletions(AccountStore& store,
                   const RoomTools& tools,
                   ForgettingPeer& neighbours,
                   objects::Objects& objects,
                   Transcripts& transcripts,
                   const Clock& leases)
      : store_(store),
        tools_(tools),
        neighbours_(neighbours),
        objects_(objects),
        transcripts_(transcripts),
        leases_(leases) {}

  // Works off all jobs that are due, or fewer once `ending` says so. Blocks.
  absl::Status Run(const std::function<bool()>& ending = [] { return false; });

 private:
  // OK where nothing of the user is left, or `ending`.
  absl::Status Delete(const AccountDeletion& job, const std::function<bool()>& ending);
  absl::Status EraseSessions(const CallContext& call, const std::function<bool()>& ending);
  absl::Status LeaveRooms(const CallContext& call, const std::function<bool()>& ending);
  absl::Status LeaveRoom(const CallContext& call, const Room& room);
  // Takes the user and their personas out of a room that others go on reading; their own closes.
  absl::Status LeaveToOthers(const CallContext& call, const Room& room);
  // Frees the personas of those participants of a room that are in it and that `whose` names.
  absl::Status ReleasePersonas(const CallContext& call,
                               const Room& room,
                               const std::function<bool(const ParticipantRow&)>& whose);
  absl::Status DeleteArchives(const std::string& user_id);

  AccountStore& store_;
  const RoomTools tools_;
  ForgettingPeer& neighbours_;
  objects::Objects& objects_;
  Transcripts& transcripts_;
  const Clock& leases_;
};

}  // namespace dramatis::conversation
