#include "services/inference/usage/payer.h"

namespace dramatis::inference {

Payer PayerOf(const CallContext& call, const std::string& user_id) {
  Payer payer;
  payer.user_id = user_id;
  if (call.identity.key != nullptr) {
    payer.key_id = call.identity.key->id;
    payer.key_monthly_micros = call.identity.key->monthly_budget_micros;
  }
  return payer;
}

}  // namespace dramatis::inference
