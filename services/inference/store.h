// What inference stores: the tokens and cost of each answer.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace dramatis::inference {

// One answer's usage.
struct UsageRow {
  std::string user_id;
  std::string turn_key;  // `turn:attempt`
  std::string persona_id;
  std::string model;  // `provider/model`
  int input_tokens = 0;
  int output_tokens = 0;
  int cached_tokens = 0;
  int cost_micros = 0;  // millionths of a US dollar
  bool estimated = false;
  std::string finish_reason;  // the provider's, or `cancelled` or `error`
  absl::Time create_time;
  bool operator==(const UsageRow&) const = default;
};

// Thread-safe. Calls block.
class Store {
 public:
  virtual ~Store() = default;
  // Stores the row. One of the same user and turn key that is there already stays as it is, and
  // that is no error: so an attempt is never counted twice. Errors: UNAVAILABLE.
  virtual absl::Status RecordUsage(const UsageRow& row) = 0;
};

}  // namespace dramatis::inference
