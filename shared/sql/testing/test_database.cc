#include "shared/sql/testing/test_database.h"

#include <cstdlib>
#include <filesystem>

#include <unistd.h>

#include "absl/strings/str_cat.h"

#if defined(__SANITIZE_ADDRESS__)
#define DRAMATIS_LEAK_CHECK
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRAMATIS_LEAK_CHECK
#endif
#endif

#ifdef DRAMATIS_LEAK_CHECK
// libpqxx 6.4 forgets a result, 2 KiB, each time a connection is lost while it executes a
// statement.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:PQmakeEmptyPGresult\n";
}
#endif

namespace dramatis::sql {
namespace {

std::string TestUrl() {
  const char* url = std::getenv("DRAMATIS_TEST_DATABASE_URL");  // NOLINT(concurrency-mt-unsafe)
  return url == nullptr ? "" : url;
}

bool SqliteOnly() {
  const char* flag = std::getenv("DRAMATIS_TEST_SQLITE_ONLY");  // NOLINT(concurrency-mt-unsafe)
  return flag != nullptr && std::string(flag) == "1";
}

// Fails the test and, for want of anything to go on with, the program.
void Require(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  ADD_FAILURE() << what << ": " << status;
  throw std::runtime_error(absl::StrCat(what, ": ", std::string(status.message())));
}

std::string UniqueName() {
  static int counter = 0;
  return absl::StrCat("test_", getpid(), "_", ++counter);
}

}  // namespace

TestDatabase::TestDatabase(Engine engine) {
  options_.connections = 8;
  if (engine == Engine::kPostgres) {
    options_.url = TestUrl();
    options_.schema = UniqueName();
    if (options_.url.empty()) {
      Require(absl::FailedPreconditionError("DRAMATIS_TEST_DATABASE_URL is not set"),
              "no PostgreSQL for tests");
    }
  } else {
    std::string pattern = (std::filesystem::temp_directory_path() / "dramatis-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      Require(absl::InternalError("mkdtemp failed"), "no folder for tests");
    }
    folder_ = pattern;
    options_.url = absl::StrCat(folder_, "/test.db");
  }
  absl::StatusOr<std::unique_ptr<Database>> opened = Database::Open(options_);
  Require(opened.status(), "cannot open the test database");
  db_ = *std::move(opened);
}

TestDatabase::~TestDatabase() {
  if (!folder_.empty()) {
    db_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    return;
  }
  const absl::Status dropped = db_->Write([&](Transaction& tx) {
    return tx.ExecuteText(absl::StrCat("drop schema if exists ", options_.schema, " cascade"), {})
        .status();
  });
  EXPECT_TRUE(dropped.ok()) << dropped;
}

DatabaseTest::DatabaseTest(const std::vector<Migration>& migrations) : database_(GetParam()) {
  Require(database_->Migrate(migrations).status(), "cannot migrate the test database");
}

int64_t DatabaseTest::Count(const std::string& table) {
  const absl::StatusOr<Rows> rows = db().Read(
      [&](Transaction& tx) { return tx.ExecuteText("select count(*) from " + table, {}); });
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows->front().Int64(0);
}

std::vector<Engine> TestEngines() {
  if (TestUrl().empty() && SqliteOnly()) return {Engine::kSqlite};
  return {Engine::kSqlite, Engine::kPostgres};
}

std::string EngineName(const testing::TestParamInfo<Engine>& info) {
  return info.param == Engine::kSqlite ? "Sqlite" : "Postgres";
}

}  // namespace dramatis::sql
