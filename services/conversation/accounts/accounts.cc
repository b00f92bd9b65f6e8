#include "services/conversation/accounts/accounts.h"

#include <string>

#include "shared/log/audit.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::StatusOr<v1::DeleteAccountResponse> Accounts::Delete(
    const CallContext& call, const v1::DeleteAccountRequest& request) {
  if (request.confirm() != call.identity.user_id) {
    return FieldErrors({{"confirm", "must be your own user id"}});
  }
  const absl::StatusOr<std::string> job_id =
      store_.Request(call.identity.user_id, ids_.NewId(), clock_.Now());
  Audit(logger_, "dramatis.conversation.v1.ConversationService/DeleteAccount", call,
        job_id.status());
  if (!job_id.ok()) return job_id.status();
  v1::DeleteAccountResponse response;
  response.set_job_id(*job_id);
  return response;
}

}  // namespace dramatis::conversation
