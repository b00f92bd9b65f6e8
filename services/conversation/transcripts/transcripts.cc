#include "services/conversation/transcripts/transcripts.h"

#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/conversation/transcripts/layout.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"
#include "shared/text/json_items.h"

namespace dramatis::conversation {
namespace {

// Longer than writing a body takes.
constexpr absl::Duration kWriteLease = absl::Minutes(15);
constexpr int kReadAtOnce = 200;
constexpr int kRowsAtOnce = 64;
// Most that is brought back at once.
constexpr size_t kMostRestoredBytes = size_t{256} << 20;

std::string KeyOf(const SessionRow& session) {
  return absl::StrCat(objects::KeyPart(session.user_id), "/", session.session_id, ".json");
}

// What the store of objects says is for whoever runs the program.
absl::Status Failed(const absl::Status& status) {
  if (status.ok() || !GetReason(status).empty()) return status;
  const std::string cause(status.message());
  if (absl::IsNotFound(status)) return WithCause(NotFoundError("transcript"), cause);
  if (absl::IsUnavailable(status) || absl::IsPermissionDenied(status)) {
    return WithCause(UnavailableError("transcripts cannot be reached just now"), cause);
  }
  return WithCause(InternalError("a transcript cannot be read"), cause);
}

absl::Status NotKept() {
  return WithCause(UnavailableError("transcripts cannot be reached just now"),
                   "there are transcripts, but DRAMATIS_TRANSCRIPTS does not say where");
}

// The messages of a session, as a body: a page of rows at a time.
class Body {
 public:
  Body(Store& store, const SessionRow& session) : store_(store), session_(session) {}

  absl::StatusOr<std::string> Next() {
    if (ended_) return std::string();
    std::string piece = begun_ ? "" : "[";
    begun_ = true;
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> messages,
                              store_.ListMessages({.conversation_id = session_.conversation_id,
                                                   .descending = false,
                                                   .beyond_sequence = sequence_,
                                                   .limit = kReadAtOnce}));
    for (const MessageRow& message : messages) {
      if (message.sequence != sequence_ + 1) return Changed();
      absl::StrAppend(&piece, sequence_ == 0 ? "\n" : ",\n", TranscriptItem(message));
      sequence_ = message.sequence;
    }
    if (messages.empty()) {
      if (sequence_ != session_.last_sequence) return Changed();
      ended_ = true;
      piece += "\n]\n";
    }
    return piece;
  }

 private:
  static absl::Status Changed() { return absl::AbortedError("the session changed meanwhile"); }

  Store& store_;
  const SessionRow& session_;
  int sequence_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

absl::Status Transcripts::Write(const SessionRow& session) {
  if (objects_ == nullptr) return NotKept();
  const std::string key = KeyOf(session);
  const absl::Time now = clock_.Now();
  const absl::Time lease_ends = now + kWriteLease;
  DRAMATIS_ASSIGN_OR_RETURN(const bool begun, rows_.Begin(session, key, now, lease_ends));
  if (!begun) return absl::OkStatus();
  Body body(store_, session);
  absl::Status put = objects_->Put(key, [&body] { return body.Next(); });
  std::string version;
  if (put.ok()) {
    const absl::StatusOr<objects::ObjectInfo> info = objects_->Look(key);
    put = info.status();
    if (info.ok()) version = info->version;
  }
  if (!put.ok()) {
    // Whoever comes next need not wait.
    (void)rows_.GiveUp(session.conversation_id, lease_ends);
    return absl::IsAborted(put) ? absl::OkStatus() : put;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const bool noted, rows_.NoteWritten(session, version, lease_ends));
  // Deleted meanwhile: as soon as nobody writes, the object goes.
  return noted ? absl::OkStatus() : rows_.GiveUp(session.conversation_id, lease_ends);
}

absl::StatusOr<bool> Transcripts::IsThere(const TranscriptRow& row) {
  if (objects_ == nullptr) return NotKept();
  const absl::StatusOr<objects::ObjectInfo> info = objects_->Look(row.object_key);
  if (absl::IsNotFound(info.status())) return false;
  DRAMATIS_RETURN_IF_ERROR(info.status());
  return info->version == row.version;
}

absl::Status Transcripts::Read(const TranscriptRow& row,
                               const SessionRow& session,
                               const Taker& taker) {
  if (objects_ == nullptr) return NotKept();
  JsonItems items(JsonItems::Kind::kArray, [&](const JsonItem& item) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(MessageRow message, ReadTranscriptItem(item.text, session));
    return taker(std::move(message));
  });
  absl::Status read =
      objects_->Get(row.object_key, [&](std::string_view piece) { return items.Add(piece); })
          .status();
  if (read.ok()) read = items.End();
  return Failed(read);
}

absl::StatusOr<std::vector<MessageRow>> Transcripts::Messages(const MessageRange& range) {
  std::vector<MessageRow> messages;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<TranscriptRow> row,
                            rows_.Find(range.conversation_id));
  if (!row.has_value() || row->doomed) return messages;
  // They may have come back since they were looked for.
  if (!row->purged) return store_.ListMessages(range);
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> session,
                            store_.FindSession(range.conversation_id));
  if (!session.has_value()) return messages;
  const auto limit = static_cast<size_t>(range.limit);
  std::deque<MessageRow> found;
  DRAMATIS_RETURN_IF_ERROR(Read(*row, *session, [&](MessageRow message) {
    const int place = range.beyond_sequence;
    if (range.descending) {
      if (place != 0 && message.sequence >= place) return absl::OkStatus();
      found.push_front(std::move(message));
      if (found.size() > limit) found.pop_back();
    } else if (message.sequence > place && found.size() < limit) {
      found.push_back(std::move(message));
    }
    return absl::OkStatus();
  }));
  messages.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return messages;
}

absl::Status Transcripts::BringBack(const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<TranscriptRow> row, rows_.Find(conversation_id));
  if (!row.has_value() || !row->purged || row->doomed) return absl::OkStatus();
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> session,
                            store_.FindSession(conversation_id));
  if (!session.has_value()) return absl::OkStatus();
  std::vector<MessageRow> messages;
  size_t bytes = 0;
  DRAMATIS_RETURN_IF_ERROR(Read(*row, *session, [&](MessageRow message) -> absl::Status {
    bytes += message.content.size();
    if (bytes > kMostRestoredBytes) return InternalError("a transcript is too large");
    if (message.sequence != static_cast<int>(messages.size()) + 1) {
      return InternalError("a transcript has a gap");
    }
    messages.push_back(std::move(message));
    return absl::OkStatus();
  }));
  if (static_cast<int>(messages.size()) != session->last_sequence) {
    return InternalError("a transcript has a gap");
  }
  return rows_.Restore(*session, messages, clock_.Now());
}

absl::Status Transcripts::BringBackAll(const std::string& user_id) {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<TranscriptRow> purged,
                              rows_.PurgedOf(user_id, kRowsAtOnce));
    for (const TranscriptRow& row : purged)
      DRAMATIS_RETURN_IF_ERROR(BringBack(row.conversation_id));
    if (static_cast<int>(purged.size()) < kRowsAtOnce) return absl::OkStatus();
  }
}

absl::Status Transcripts::Delete(const std::vector<TranscriptRow>& rows) {
  if (!rows.empty() && objects_ == nullptr) return NotKept();
  for (const TranscriptRow& row : rows) {
    DRAMATIS_RETURN_IF_ERROR(objects_->Delete(row.object_key));
    DRAMATIS_RETURN_IF_ERROR(rows_.NoteGone(row.conversation_id));
  }
  return absl::OkStatus();
}

absl::Status Transcripts::DeleteDoomed() {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<TranscriptRow> doomed,
                              rows_.Doomed(clock_.Now(), kRowsAtOnce));
    DRAMATIS_RETURN_IF_ERROR(Delete(doomed));
    if (static_cast<int>(doomed.size()) < kRowsAtOnce) return absl::OkStatus();
  }
}

absl::Status Transcripts::DeleteAllOf(const std::string& user_id) {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<TranscriptRow> rows,
                              rows_.Of(user_id, kRowsAtOnce));
    for (const TranscriptRow& row : rows) {
      // What is put now would come after its end.
      if (row.lease_ends > clock_.Now()) return UnavailableError("a transcript is being written");
    }
    DRAMATIS_RETURN_IF_ERROR(Delete(rows));
    if (static_cast<int>(rows.size()) < kRowsAtOnce) return absl::OkStatus();
  }
}

}  // namespace dramatis::conversation
