#include "services/conversation/accounts/deletion.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/archives/job_store.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/rooms/holds.h"
#include "services/conversation/rooms/masks.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::conversation {
namespace {

// Longer than any single step takes: another worker may do the same again, but need not.
constexpr absl::Duration kLease = absl::Minutes(5);
constexpr absl::Duration kFirstRetry = absl::Seconds(1);
constexpr absl::Duration kLastRetry = absl::Minutes(10);
constexpr int kAtOnce = 64;

CallContext CallOf(const AccountDeletion& job) {
  CallContext call;
  call.identity.user_id = job.user_id;
  call.correlation_id = absl::StrCat("account-", job.job_id);
  return call;
}

// Whether somebody else than `user_id` takes, or took, part in the room.
bool IsShared(const Room& room, const std::string& user_id) {
  return (room.row.user_id != user_id && !room.row.user_id.empty()) ||
         std::any_of(
             room.participants.begin(), room.participants.end(), [&](const ParticipantRow& row) {
               return row.stands_for_owner() && row.user_id != user_id && !row.user_id.empty();
             });
}

}  // namespace

absl::Status AccountDeletions::Run(const std::function<bool()>& ending) {
  while (!ending()) {
    const absl::Time now = leases_.Now();
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<AccountDeletion> job,
                              store_.Take(now, now + kLease));
    if (!job.has_value()) break;
    const LogScope scope(CallOf(*job));
    const absl::Status deleted = Delete(*job, ending);
    if (deleted.ok() && !ending()) {
      tools_.logger.Info("account deleted", {{"job_id", job->job_id}});
      continue;
    }
    // Whoever comes after the end of this process goes on at once.
    const absl::Duration wait =
        deleted.ok() ? absl::ZeroDuration()
                     : std::min(kFirstRetry * (1 << std::min(job->attempts, 10)), kLastRetry);
    if (!deleted.ok()) {
      tools_.logger.Info("account not deleted yet",
                         {{"job_id", job->job_id}, {"error", OperatorMessage(deleted)}});
    }
    DRAMATIS_RETURN_IF_ERROR(store_.PutBack(*job, leases_.Now() + wait, job->attempts + 1));
    if (!deleted.ok()) return deleted;
  }
  return absl::OkStatus();
}

absl::Status AccountDeletions::Delete(const AccountDeletion& job,
                                      const std::function<bool()>& ending) {
  const CallContext call = CallOf(job);
  while (!ending()) {
    DRAMATIS_RETURN_IF_ERROR(EraseSessions(call, ending));
    DRAMATIS_RETURN_IF_ERROR(LeaveRooms(call, ending));
    if (ending()) break;
    DRAMATIS_ASSIGN_OR_RETURN(const bool told, store_.MemoryIsTold(job.user_id));
    if (!told) return UnavailableError("memory has not been told of everything yet");
    DRAMATIS_RETURN_IF_ERROR(DeleteArchives(job.user_id));
    DRAMATIS_RETURN_IF_ERROR(transcripts_.DeleteAllOf(job.user_id));
    DRAMATIS_RETURN_IF_ERROR(neighbours_.ForgetUser(call, job.user_id));
    DRAMATIS_ASSIGN_OR_RETURN(const bool finished, store_.Finish(job));
    if (finished) break;
  }
  return absl::OkStatus();
}

absl::Status AccountDeletions::EraseSessions(const CallContext& call,
                                             const std::function<bool()>& ending) {
  const std::string& user_id = call.identity.user_id;
  while (!ending()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<SessionRow> sessions,
                              store_.Sessions(user_id, kAtOnce));
    for (const SessionRow& session : sessions) {
      DRAMATIS_RETURN_IF_ERROR(tools_.personas.Release(call.AsService(user_id), session.persona_id,
                                                       session.conversation_id));
      DRAMATIS_RETURN_IF_ERROR(store_.Erase(user_id, session.conversation_id));
    }
    if (static_cast<int>(sessions.size()) < kAtOnce) break;
  }
  return absl::OkStatus();
}

absl::Status AccountDeletions::DeleteArchives(const std::string& user_id) {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<objects::ObjectInfo> archives,
                              objects_.List(ObjectsOf(user_id), "", kAtOnce));
    for (const objects::ObjectInfo& archive : archives)
      DRAMATIS_RETURN_IF_ERROR(objects_.Delete(archive.key));
    if (static_cast<int>(archives.size()) < kAtOnce) return absl::OkStatus();
  }
}

absl::Status AccountDeletions::LeaveRooms(const CallContext& call,
                                          const std::function<bool()>& ending) {
  while (!ending()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<Room> rooms,
                              store_.Rooms(call.identity.user_id, kAtOnce));
    for (const Room& room : rooms)
      DRAMATIS_RETURN_IF_ERROR(LeaveRoom(call, room));
    if (static_cast<int>(rooms.size()) < kAtOnce) break;
  }
  return absl::OkStatus();
}

absl::Status AccountDeletions::LeaveRoom(const CallContext& call, const Room& room) {
  const std::string& user_id = call.identity.user_id;
  const std::string& id = room.row.conversation_id;
  if (room.row.user_id == user_id && (room.row.deleted || !IsShared(room, user_id))) {
    DRAMATIS_RETURN_IF_ERROR(
        ReleasePersonas(call, room, [](const ParticipantRow&) { return true; }));
    return store_.Erase(user_id, id);
  }
  if (!room.row.deleted) DRAMATIS_RETURN_IF_ERROR(LeaveToOthers(call, room));
  return store_.TakeNameOut(user_id, id);
}

absl::Status AccountDeletions::LeaveToOthers(const CallContext& call, const Room& room) {
  const std::string& user_id = call.identity.user_id;
  const v1::DeleteAccountRequest request;
  const absl::Time now = tools_.clock.Now();
  const auto leave = [&](Room& changed) -> absl::Status {
    for (ParticipantRow& row : changed.participants) {
      if (row.user_id != user_id) continue;
      if (row.present()) row.left_at = now;
      if (row.stands_for_owner()) row.name = kDeletedUser;
    }
    if (room.row.user_id == user_id && !changed.row.closed()) {
      CloseRoom(changed.row, RoomStatus::kTerminated, "", now);
    }
    return absl::OkStatus();
  };
  const absl::StatusOr<Idempotent<Room>> left = tools_.store.ChangeRoom(
      room.row.conversation_id, now, leave, {{call, "DeleteAccount", request}});
  if (absl::IsNotFound(left.status())) return absl::OkStatus();
  if (!left.ok()) return left.status();
  const bool closed = left->result.row.closed();
  DRAMATIS_RETURN_IF_ERROR(ReleasePersonas(
      call, room, [&](const ParticipantRow& row) { return closed || row.user_id == user_id; }));
  TellMasks(tools_, call, left->result);
  return absl::OkStatus();
}

absl::Status AccountDeletions::ReleasePersonas(
    const CallContext& call,
    const Room& room,
    const std::function<bool(const ParticipantRow&)>& whose) {
  const CallContext service = call.AsService(call.identity.user_id);
  for (const ParticipantRow& row : room.participants) {
    if (!row.present() || !whose(row)) continue;
    DRAMATIS_RETURN_IF_ERROR(
        tools_.personas.Release(service, row.persona_id, room.row.conversation_id));
  }
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
