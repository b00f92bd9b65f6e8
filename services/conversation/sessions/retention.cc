#include "services/conversation/sessions/retention.h"

#include <algorithm>
#include <vector>

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// When the session was over; the infinite future where it is not yet.
absl::Time OverSince(const SessionRow& session, absl::Time now) {
  const absl::Time since = session.ended_at.value_or(session.expires_at);
  return since <= now ? since : absl::InfiniteFuture();
}

}  // namespace

absl::Status Retention::Run(const std::function<bool()>& ending) {
  DRAMATIS_RETURN_IF_ERROR(transcripts_.DeleteDoomed());
  if (!transcripts_.kept() && rules_.rows == absl::InfiniteDuration()) return absl::OkStatus();
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<TranscribedSession> found,
                            rows_.Sessions(after_, rules_.at_once));
  for (const TranscribedSession& session : found) {
    if (ending()) return absl::OkStatus();
    const absl::Status tended = Tend(session);
    // Nobody waits for what is away once for each session; the next run begins with this one.
    if (absl::IsUnavailable(tended) || absl::IsPermissionDenied(tended)) return tended;
    if (!tended.ok()) {
      logger_.Warning(
          "session not kept as settings say",
          {{"conversation_id", session.session.conversation_id}, {"code", GetReason(tended)}});
    }
    after_ = session.session.conversation_id;
  }
  if (static_cast<int>(found.size()) < rules_.at_once) after_.clear();
  return absl::OkStatus();
}

absl::Status Retention::Tend(const TranscribedSession& found) {
  const SessionRow& session = found.session;
  if (!session.active_turn_id.empty()) return absl::OkStatus();
  const absl::Time now = clock_.Now();
  const absl::Time over = OverSince(session, now);
  const bool purged = found.transcript.has_value() && found.transcript->purged;
  if (!transcripts_.kept()) {
    // What is elsewhere stays until whoever runs this says again where.
    return !purged && over + rules_.rows <= now ? Delete(session) : absl::OkStatus();
  }
  if (over + rules_.transcripts <= now) return Delete(session);
  if (purged) return absl::OkStatus();
  const bool quiet = over <= now || session.last_activity_at + kQuiet <= now;
  if (!found.up_to_date()) {
    return quiet && session.last_sequence > 0 ? transcripts_.Write(session) : absl::OkStatus();
  }
  if (std::max(over + rules_.rows, found.transcript->restored_at + kBroughtBack) > now) {
    return absl::OkStatus();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const bool there, transcripts_.IsThere(*found.transcript));
  if (!there) return transcripts_.Write(session);
  return rows_.Purge(session, now).status();
}

absl::Status Retention::Delete(const SessionRow& session) {
  const absl::StatusOr<SessionRow> deleted = store_.DeleteSession(session.conversation_id);
  if (absl::IsNotFound(deleted.status())) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(deleted.status());
  release_(*deleted);
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
