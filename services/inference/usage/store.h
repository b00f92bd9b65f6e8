// What inference stored of answers: their tokens and cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/inference/v1/usage.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  int64_t cost_micros = 0;  // millionths of a US dollar
  bool estimated = false;
  std::string finish_reason;  // the provider's, or `cancelled` or `error`
  absl::Time create_time;
  std::string key_id = {};  // with which the user called; empty without one
  int written_tokens = 0;
  std::string prices = {};  // by which cost_micros was counted, see PricesText
  bool operator==(const UsageRow&) const = default;
};

// Which usage, summed up by what.
struct UsageQuery {
  // From `from` on and before `to`.
  absl::Time from;
  absl::Time to;
  v1::UsageGrouping grouping = v1::USAGE_GROUPING_DAY;
  // Only groups whose key comes after this one.
  std::optional<std::string> after;
  int limit = 20;
  // Only this user's.
  std::optional<std::string> user_id = std::nullopt;
};

// What one group used.
struct UsageSum {
  std::string key;  // a day is `YYYY-MM-DD`, in UTC
  int64_t calls = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t cost_micros = 0;
  bool estimated = false;  // one of them is
  int64_t written_tokens = 0;
  bool operator==(const UsageSum&) const = default;
};

// Thread-safe. Calls block.
class Store {
 public:
  virtual ~Store() = default;
  // The row that the ledger settled (usage/ledger_store.h); nullopt where there is none. Errors:
  // UNAVAILABLE.
  virtual absl::StatusOr<std::optional<UsageRow>> FindUsage(const std::string& user_id,
                                                            const std::string& turn_key) = 0;
  // The groups that used something, in the order of their keys. Errors: UNAVAILABLE.
  virtual absl::StatusOr<std::vector<UsageSum>> SumUsage(const UsageQuery& query) = 0;
};

}  // namespace dramatis::inference
