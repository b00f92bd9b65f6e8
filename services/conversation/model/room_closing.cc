#include "services/conversation/model/room_closing.h"

#include <algorithm>

#include "shared/text/words.h"

namespace dramatis::conversation {
namespace {

std::optional<absl::Time> DurationEnd(const RoomRow& row) {
  if (!row.constraints.has_max_duration_minutes()) return std::nullopt;
  return row.created_at + absl::Minutes(row.constraints.max_duration_minutes());
}

std::optional<absl::Time> SilenceEnd(const RoomRow& row) {
  if (!row.settings.has_auto_close_after_hours()) return std::nullopt;
  return row.last_message_at + absl::Hours(row.settings.auto_close_after_hours());
}

bool NamesForbiddenTopic(const v1::Constraints& constraints, const std::string& content) {
  if (constraints.forbidden_topics().empty()) return false;
  const PhraseFinder words(content);
  return std::any_of(constraints.forbidden_topics().begin(), constraints.forbidden_topics().end(),
                     [&](const std::string& topic) { return words.Has(topic); });
}

std::string ReachedBy(const RoomRow& row, const std::string& content) {
  const v1::Constraints& limits = row.constraints;
  if (limits.has_max_messages() && row.last_sequence >= limits.max_messages()) {
    return kMaxMessagesReached;
  }
  if (limits.has_max_characters() && row.characters >= limits.max_characters()) {
    return kMaxCharactersReached;
  }
  return NamesForbiddenTopic(limits, content) ? kForbiddenTopicNamed : "";
}

}  // namespace

void CloseRoom(RoomRow& row, RoomStatus status, const std::string& reason, absl::Time now) {
  row.status = status;
  row.close_reason = reason;
  row.closed_at = row.updated_at = row.hold_expires_at = now;
}

void SetClosesAt(RoomRow& row) {
  row.closes_at = DurationEnd(row);
  const std::optional<absl::Time> silence = SilenceEnd(row);
  if (silence.has_value() && (!row.closes_at.has_value() || *silence < *row.closes_at)) {
    row.closes_at = silence;
  }
}

bool CloseIfDue(RoomRow& row, absl::Time now) {
  if (row.closed() || !row.closes_at.has_value() || *row.closes_at > now) return false;
  const bool by_duration = row.closes_at == DurationEnd(row);
  CloseRoom(row, RoomStatus::kCompleted, by_duration ? kMaxDurationReached : kNothingSaid,
            *row.closes_at);
  ++row.version;
  return true;
}

bool CloseIfReached(RoomRow& row, const std::string& content, absl::Time now) {
  if (row.closed()) return false;
  const std::string reason = ReachedBy(row, content);
  if (reason.empty()) return false;
  CloseRoom(row, RoomStatus::kCompleted, reason, now);
  ++row.version;
  return true;
}

}  // namespace dramatis::conversation
