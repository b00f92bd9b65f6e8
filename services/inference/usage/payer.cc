#include "services/inference/usage/payer.h"

#include <optional>

namespace dramatis::inference {

Payer PayerOf(const CallContext& /*call*/, const std::string& user_id) {
  return {.user_id = user_id, .key_id = "", .key_monthly_micros = std::nullopt};
}

}  // namespace dramatis::inference
