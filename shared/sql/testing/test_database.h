// Databases for store tests: the same suite on SQLite and on a real PostgreSQL.
//
//   class PersonaStoreTest : public sql::DatabaseTest { ... };
//   TEST_P(PersonaStoreTest, FindsWhatItInserted) { SqlStore store(db()); ... }
//   DRAMATIS_ON_EVERY_ENGINE(PersonaStoreTest);
//
// PostgreSQL comes from DRAMATIS_TEST_DATABASE_URL, which `./dev test` sets. Without it the
// PostgreSQL half fails, unless DRAMATIS_TEST_SQLITE_ONLY=1 (quick runs at a desk) leaves it out.
// Each test has a fresh SQLite file, or a fresh schema dropped afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// A fresh, empty database that vanishes with the object.
class TestDatabase {
 public:
  explicit TestDatabase(Engine engine);
  ~TestDatabase();
  Database& operator*() { return *db_; }
  Database* operator->() { return db_.get(); }
  // To open it a second time, as another replica would.
  const DatabaseOptions& options() const { return options_; }

 private:
  DatabaseOptions options_;
  std::string folder_;
  std::unique_ptr<Database> db_;
};

class DatabaseTest : public testing::TestWithParam<Engine> {
 protected:
  // Migrated with `migrations`.
  explicit DatabaseTest(const std::vector<Migration>& migrations);
  Database& db() { return *database_; }
  TestDatabase& database() { return database_; }
  // The rows of a table.
  int64_t Count(const std::string& table);

 private:
  TestDatabase database_;
};

std::vector<Engine> TestEngines();
std::string EngineName(const testing::TestParamInfo<Engine>& info);

}  // namespace dramatis::sql

#define DRAMATIS_ON_EVERY_ENGINE(Suite)                                                \
  INSTANTIATE_TEST_SUITE_P(, Suite, testing::ValuesIn(::dramatis::sql::TestEngines()), \
                           ::dramatis::sql::EngineName)
