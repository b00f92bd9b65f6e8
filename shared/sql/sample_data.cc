#include "shared/sql/sample_data.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/sql/catalogue/row_counts.h"
#include "shared/status/macros.h"

namespace dramatis::sql {

absl::StatusOr<bool> HoldsRows(Transaction& tx) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<TableRows> tables, CountRows(tx, /*most_counted=*/0));
  for (const TableRows& table : tables) {
    // Whoever fills a deployment may have needed a key for that.
    const bool passed_over =
        table.table == "idempotency_keys" || absl::StartsWith(table.table, "api_key");
    if (table.rows > 0 && !passed_over) return true;
  }
  return false;
}

std::string SampleIds::NewId() {
  return SampleId(kind_, absl::StrCat(++last_));
}

std::string SampleId(const std::string& kind, const std::string& name) {
  return NameId(absl::StrCat("sample\n", kind, "\n", name));
}

}  // namespace dramatis::sql
