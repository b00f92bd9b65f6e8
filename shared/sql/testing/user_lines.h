// What a service keeps of users, for tests of how it exports and imports it: whole, where the
// service's functions take a page or a transaction.
//
//   const std::vector<std::string> lines = ExportedLines(db(), &ExportUser, "alice");
//   const UserImport import = ImportedLines(db(), &ImportUser, {.user_id = "alice"}, lines);
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "shared/archive/user_data.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// Every page's lines; into `sizes`, how many each had.
inline std::vector<std::string> ExportedLines(
    Database& db,
    const std::function<absl::StatusOr<UserPage>(
        Transaction& tx, const std::string& user_id, const std::string& after)>& export_user,
    const std::string& user_id,
    std::vector<size_t>* sizes = nullptr) {
  std::vector<std::string> lines;
  std::string after;
  do {
    const auto page = db.Read([&](Transaction& tx) { return export_user(tx, user_id, after); });
    EXPECT_TRUE(page.ok()) << page.status();
    lines.insert(lines.end(), page->lines.begin(), page->lines.end());
    if (sizes != nullptr) sizes->push_back(page->lines.size());
    after = page->next;
  } while (!after.empty());
  return lines;
}

inline UserImport ImportedLines(
    Database& db,
    const std::function<absl::StatusOr<UserImport>(
        Transaction& tx, const ImportingUser& user, const std::vector<std::string>& lines)>&
        import_user,
    const ImportingUser& user,
    const std::vector<std::string>& lines) {
  const auto import = db.Write([&](Transaction& tx) { return import_user(tx, user, lines); });
  EXPECT_TRUE(import.ok()) << import.status();
  return *import;
}

}  // namespace dramatis::sql
