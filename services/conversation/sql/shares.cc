#include "services/conversation/sql/shares.h"

#include <array>
#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/conversation/v1/shares.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/sql/columns.h"
#include "services/conversation/sql/message_rows.h"
#include "services/conversation/sql/once.h"
#include "services/conversation/sql/rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/time/timestamps.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr int kSharedAtOnce = 500;

constexpr auto kShareColumns = std::to_array<Column<ShareRow>>({
    Field<&ShareRow::user_id>("user_id"),
    Field<&ShareRow::share_id>("share_id"),
    Field<&ShareRow::conversation_id>("conversation_id"),
    Field<&ShareRow::token_hash>("token_hash"),
    Field<&ShareRow::created_at>("created_at"),
    Field<&ShareRow::expires_at>("expires_at"),
});

constexpr SqlText kInsertShare = InsertInto("shares", kShareColumns, "content");

constexpr Statement kInsertToken = {
    "insert into share_tokens (token_hash, user_id, share_id) values ($1, $2, $3)"};

constexpr SqlText kSelectShares = {"select ", NamesOf(kShareColumns), R"(
  from shares
  where user_id = $1 and conversation_id = $2
  order by share_id)"};

constexpr Statement kDeleteTokens = {R"(
  delete from share_tokens
  where token_hash in (
    select token_hash
    from shares
    where user_id = $1 and conversation_id = $2 and ($3 = '' or share_id = $3)))"};

constexpr Statement kDeleteShares = {R"(
  delete from shares
  where user_id = $1 and conversation_id = $2 and ($3 = '' or share_id = $3))"};

constexpr Statement kSelectShared = {R"(
  select s.content
  from share_tokens t
    join shares s on s.user_id = t.user_id and s.share_id = t.share_id
  where t.token_hash = $1 and (s.expires_at is null or s.expires_at > $2))"};

absl::Status AddMessages(Transaction& tx,
                         const std::string& conversation_id,
                         v1::SharedConversation& shared) {
  MessageRange range{.conversation_id = conversation_id,
                     .descending = false,
                     .beyond_sequence = 0,
                     .limit = kSharedAtOnce};
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> page, SelectMessages(tx, range));
    for (const MessageRow& row : page) {
      v1::SharedConversation::SharedMessage& message = *shared.add_messages();
      message.set_role(row.author() == ParticipantKind::kUser ? v1::MESSAGE_ROLE_USER
                                                              : v1::MESSAGE_ROLE_ASSISTANT);
      message.set_content(row.content);
      *message.mutable_timestamp() = ToTimestamp(row.created_at);
      message.set_sequence(row.sequence);
      range.beyond_sequence = row.sequence;
    }
    if (static_cast<int>(page.size()) < kSharedAtOnce) return absl::OkStatus();
  }
}

absl::StatusOr<ShareRow> Create(Transaction& tx, const ShareRow& share) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> session,
                            SelectSession(tx, share.conversation_id));
  if (!session.has_value()) return NotFoundError("session");
  DRAMATIS_ASSIGN_OR_RETURN(const Rows existing,
                            tx.Execute(kSelectShares, {share.user_id, share.conversation_id}));
  if (static_cast<int>(existing.size()) >= kMaxShares) {
    return Error(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_SHARE_QUOTA_EXCEEDED,
                 absl::StrCat("a session has at most ", kMaxShares, " shares: delete one"));
  }
  v1::SharedConversation shared;
  shared.set_title(session->title);
  shared.set_persona_name(session->persona_name);
  *shared.mutable_created_at() = ToTimestamp(share.created_at);
  DRAMATIS_RETURN_IF_ERROR(AddMessages(tx, share.conversation_id, shared));
  std::vector<sql::Value> values = ValuesOf(kShareColumns, share);
  values.emplace_back(Bytes{shared.SerializeAsString()});
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertShare, values).status());
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertToken, {share.token_hash, share.user_id, share.share_id}).status());
  return share;
}

// One share of the session, or all of them where the id is empty; how many there were.
absl::StatusOr<int64_t> Revoke(Transaction& tx,
                               const std::string& user_id,
                               const std::string& conversation_id,
                               const std::string& share_id) {
  const std::vector<sql::Value> values = {user_id, conversation_id, share_id};
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteTokens, values).status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteShares, values).status());
  return tx.affected();
}

}  // namespace

absl::StatusOr<Idempotent<ShareRow>> SqlShareStore::CreateShare(const ShareRow& share,
                                                                const Answering<ShareRow>& once) {
  return database_.Write(
      Once(once, share.created_at, [&](Transaction& tx) { return Create(tx, share); }));
}

absl::StatusOr<std::vector<ShareRow>> SqlShareStore::ListShares(
    const std::string& user_id, const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectShares, {user_id, conversation_id});
  }));
  std::vector<ShareRow> shares;
  shares.reserve(rows.size());
  for (const sql::Row& row : rows)
    shares.push_back(RowOf(kShareColumns, row));
  return shares;
}

absl::Status SqlShareStore::DeleteShare(const std::string& user_id,
                                        const std::string& conversation_id,
                                        const std::string& share_id) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(const int64_t revoked,
                              Revoke(tx, user_id, conversation_id, share_id));
    return revoked > 0 ? absl::OkStatus() : NotFoundError("share");
  });
}

absl::StatusOr<std::optional<std::string>> SqlShareStore::FindShared(const std::string& token_hash,
                                                                     absl::Time now) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectShared, {token_hash, now});
  }));
  if (rows.empty()) return std::nullopt;
  return rows.front().Blob(0);
}

absl::Status DeleteShares(Transaction& tx,
                          const std::string& user_id,
                          const std::string& conversation_id) {
  return Revoke(tx, user_id, conversation_id, /*share_id=*/"").status();
}

}  // namespace dramatis::conversation
