#include "services/conversation/sessions/shares.h"

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/digest/sha256.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// 256 bits: nobody guesses it.
constexpr size_t kTokenBytes = 32;

std::string NewToken() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random bytes");
  }
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

v1::Share ToShare(const ShareRow& row) {
  v1::Share share;
  share.set_share_id(row.share_id);
  *share.mutable_created_at() = ToTimestamp(row.created_at);
  if (row.expires_at.has_value()) *share.mutable_expires_at() = ToTimestamp(*row.expires_at);
  return share;
}

}  // namespace

absl::StatusOr<Idempotent<v1::Share>> Shares::Create(const CallContext& call,
                                                     const v1::ShareHistoryRequest& request) {
  const std::string token = NewToken();
  ShareRow row;
  row.user_id = call.identity.user_id;
  row.share_id = tools_.ids.NewId();
  row.conversation_id = ConversationIdOf(row.user_id, request.session_id());
  row.token_hash = Sha256Hex(token);
  row.created_at = tools_.clock.Now();
  if (request.has_expires_at()) {
    row.expires_at = FromTimestamp(request.expires_at());
    if (*row.expires_at <= row.created_at) {
      return FieldErrors({{"expires_at", "must be to come"}});
    }
  }
  DRAMATIS_RETURN_IF_ERROR(transcripts_.BringBack(row.conversation_id));
  DRAMATIS_ASSIGN_OR_RETURN(const Idempotent<ShareRow> created,
                            store_.CreateShare(row, {{call, "ShareHistory", request}, &ToShare}));
  absl::StatusOr<Idempotent<v1::Share>> answer = FirstAnswer(created, &ToShare);
  if (answer.ok() && !answer->replayed) {
    answer->result.set_url(absl::StrCat("/api/shared/", token));
  }
  return answer;
}

absl::StatusOr<v1::ListSharesResponse> Shares::List(const CallContext& call,
                                                    const v1::ListSharesRequest& request) {
  const std::string& user_id = call.identity.user_id;
  const std::string conversation_id = ConversationIdOf(user_id, request.session_id());
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> session,
                            tools_.store.FindSession(conversation_id));
  if (!session.has_value()) return NotFoundError("session");
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<ShareRow> rows,
                            store_.ListShares(user_id, conversation_id));
  v1::ListSharesResponse response;
  for (const ShareRow& row : rows)
    *response.add_shares() = ToShare(row);
  return response;
}

absl::Status Shares::Delete(const CallContext& call, const v1::DeleteShareRequest& request) {
  const std::string& user_id = call.identity.user_id;
  return store_.DeleteShare(user_id, ConversationIdOf(user_id, request.session_id()),
                            request.share_id());
}

absl::StatusOr<v1::SharedConversation> Shares::Get(const v1::GetSharedRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<std::string> content,
                            store_.FindShared(Sha256Hex(request.token()), tools_.clock.Now()));
  if (!content.has_value()) return NotFoundError("shared conversation");
  v1::SharedConversation shared;
  if (!shared.ParseFromString(*content)) return InternalError("a share cannot be read");
  return shared;
}

}  // namespace dramatis::conversation
