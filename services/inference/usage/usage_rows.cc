#include "services/inference/usage/usage_rows.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"

namespace dramatis::inference {

prompt::v1::Usage ToMessage(const UsageRow& row) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  prompt::v1::Usage usage;
  usage.set_input_tokens(row.input_tokens);
  usage.set_output_tokens(row.output_tokens);
  usage.set_cached_tokens(row.cached_tokens);
  usage.set_cost_micros(static_cast<int32_t>(std::min(row.cost_micros, kMost)));
  usage.set_estimated(row.estimated);
  return usage;
}

std::string PricesText(const Prices& prices) {
  return absl::StrCat(prices.input, "/", prices.output, "/", prices.cached, "/", prices.written);
}

}  // namespace dramatis::inference
