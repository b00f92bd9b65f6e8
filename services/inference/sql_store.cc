#include "services/inference/sql_store.h"

namespace dramatis::inference {
namespace {

constexpr sql::Statement kInsertUsage = {R"(
  insert into usage (
    user_id, turn_key, persona_id, model, input_tokens, output_tokens, cached_tokens,
    cost_micros, estimated, finish_reason, create_time)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (user_id, turn_key) do nothing)"};

}  // namespace

absl::Status SqlStore::RecordUsage(const UsageRow& row) {
  return database_.Write([&](sql::Transaction& tx) {
    return tx
        .Execute(kInsertUsage, {row.user_id, row.turn_key, row.persona_id, row.model,
                                row.input_tokens, row.output_tokens, row.cached_tokens,
                                row.cost_micros, row.estimated, row.finish_reason, row.create_time})
        .status();
  });
}

}  // namespace dramatis::inference
