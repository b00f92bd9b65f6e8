// Accounts as their users see them: they can be deleted. Thread-safe; blocks.
#pragma once

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/account_store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

class Accounts {
 public:
  // References outlive it.
  Accounts(AccountStore& store, const Clock& clock, IdSource& ids, Logger& logger)
      : store_(store), clock_(clock), ids_(ids), logger_(logger) {}

  // Notes that the caller's account is to be deleted, for AccountDeletions, and writes it to the
  // audit log. VALIDATION_FAILED.
  absl::StatusOr<v1::DeleteAccountResponse> Delete(const CallContext& call,
                                                   const v1::DeleteAccountRequest& request);

 private:
  AccountStore& store_;
  const Clock& clock_;
  IdSource& ids_;
  Logger& logger_;
};

}  // namespace dramatis::conversation
