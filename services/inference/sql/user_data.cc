#include "services/inference/sql/user_data.h"

#include "dramatis/inference/v1/archive_records.pb.h"

#include "shared/status/macros.h"
#include "shared/time/timestamps.h"

namespace dramatis::inference {
namespace {

constexpr int kUsageInPage = 500;

constexpr sql::Statement kUsageOf = {R"(
  select turn_key, persona_id, model, input_tokens, output_tokens, cached_tokens, cost_micros,
    estimated, create_time
  from usage
  where user_id = $1 and turn_key > $2
  order by turn_key
  limit cast($3 as bigint))"};

}  // namespace

absl::StatusOr<UserPage> ExportUser(sql::Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after) {
  DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows,
                            tx.Execute(kUsageOf, {user_id, after, kUsageInPage}));
  UserPage page;
  for (const sql::Row& row : rows) {
    v1::UserRecord record;
    v1::ArchivedUsage& usage = *record.mutable_usage();
    usage.set_turn_key(row.Text(0));
    usage.set_persona_id(row.Text(1));
    usage.set_model(row.Text(2));
    usage.set_input_tokens(static_cast<double>(row.Int64(3)));
    usage.set_output_tokens(static_cast<double>(row.Int64(4)));
    usage.set_cached_tokens(static_cast<double>(row.Int64(5)));
    usage.set_cost_micros(static_cast<double>(row.Int64(6)));
    usage.set_estimated(row.Bool(7));
    *usage.mutable_create_time() = ToTimestamp(row.Time(8));
    page.lines.push_back(RecordLine(record));
    page.next = row.Text(0);
  }
  if (static_cast<int>(rows.size()) < kUsageInPage) page.next.clear();
  return page;
}

absl::StatusOr<UserImport> ImportUser(sql::Transaction& /*tx*/,
                                      const ImportingUser& /*user*/,
                                      const std::vector<std::string>& /*lines*/) {
  return UserImport();
}

}  // namespace dramatis::inference
