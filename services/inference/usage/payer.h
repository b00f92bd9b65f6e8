// Who pays for a call to a model. Pure function.
#pragma once

#include <string>

#include "services/inference/usage/ledger_store.h"
#include "shared/call/call.h"

namespace dramatis::inference {

// `user_id`, with the key of the call, where there is one.
Payer PayerOf(const CallContext& call, const std::string& user_id);

}  // namespace dramatis::inference
