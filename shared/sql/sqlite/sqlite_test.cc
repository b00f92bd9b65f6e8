// What only a file can do to us: be missing, damaged, full.
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <sqlite3.h>
#include <sys/stat.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/database.h"
#include "shared/sql/sqlite/sqlite_problem.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& Schema() {
  static const std::vector<Migration> migrations = {
      {1, "0001_marks", "", "create table marks (id text primary key, body text)"}};
  return migrations;
}

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() {
    std::string pattern = testing::TempDir() + "dramatis-sqlite-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    options_.url = folder_ + "/data/service.db";
    options_.timeout = absl::Milliseconds(200);
  }
  ~SqliteTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Database> Open() { return *Database::Open(options_); }
  static absl::Status Insert(Database& db, const std::string& id, const std::string& body = "") {
    return db.Write([&](Transaction& tx) {
      return tx.ExecuteText("insert into marks (id, body) values ($1, $2)", {id, body}).status();
    });
  }
  static absl::StatusOr<std::string> Ask(Database& db, const std::string& sql) {
    return db.Read([&](Transaction& tx) -> absl::StatusOr<std::string> {
      DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.ExecuteText(sql, {}));
      return rows.front().Text(0);
    });
  }

  std::string folder_;
  DatabaseOptions options_;
};

TEST_F(SqliteTest, MakesFolderAndFileForItsOwnerOnly) {
  const auto db = Open();
  EXPECT_FALSE(std::filesystem::exists(options_.url));  // not before the first use

  ASSERT_TRUE(db->Migrate(Schema()).ok());

  struct stat file{};
  ASSERT_EQ(stat(options_.url.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600U);
}

TEST_F(SqliteTest, ReadsBeforeAnythingWasWritten) {
  const auto db = Open();
  EXPECT_TRUE(db->Ping().ok()) << db->Ping();
  EXPECT_EQ(db->CheckSchema(Schema())->pending.size(), 1U);
}

TEST_F(SqliteTest, WritesAheadAndToTheDisk) {
  const auto db = Open();
  ASSERT_TRUE(db->Migrate(Schema()).ok());

  EXPECT_EQ(*Ask(*db, "pragma journal_mode"), "wal");
  const auto settings = db->Write([](Transaction& tx) -> absl::StatusOr<std::pair<int, int>> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows synchronous, tx.ExecuteText("pragma synchronous", {}));
    DRAMATIS_ASSIGN_OR_RETURN(const Rows keys, tx.ExecuteText("pragma foreign_keys", {}));
    return std::pair(synchronous.front().Int(0), keys.front().Int(0));
  });
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->first, 2);  // full
  EXPECT_EQ(settings->second, 1);
}

TEST_F(SqliteTest, WaitsForTheDiskOnlyWhereItShall) {
  const auto db = Open();
  ASSERT_TRUE(db->Migrate(Schema()).ok());
  const auto synchronous = [](Transaction& tx) -> absl::StatusOr<int> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.ExecuteText("pragma synchronous", {}));
    return rows.front().Int(0);
  };

  EXPECT_EQ(*db->WriteSoon(synchronous), 1);  // normal
  EXPECT_EQ(*db->WriteSoon(synchronous), 1);
  EXPECT_EQ(*db->Write(synchronous), 2);  // full
  EXPECT_EQ(*db->WriteSoon(synchronous), 1);
}

TEST_F(SqliteTest, KeepsWhatWasWritten) {
  ASSERT_TRUE(Open()->Migrate(Schema()).ok());
  ASSERT_TRUE(Insert(*Open(), "a", "text").ok());

  EXPECT_EQ(*Ask(*Open(), "select body from marks"), "text");
}

TEST_F(SqliteTest, IsUnavailableWhereTheFileIsNoDatabase) {
  std::filesystem::create_directories(folder_ + "/data");
  std::ofstream(options_.url) << std::string(10'000, 'x');
  const auto db = Open();

  for (const absl::Status& status :
       {db->Ping(), Insert(*db, "a"), Ask(*db, "select id from marks").status(),
        db->Migrate(Schema()).status(), db->CheckSchema(Schema()).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(GetReason(status), "UNAVAILABLE");
    EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr(folder_)));
    EXPECT_THAT(OperatorMessage(status),
                testing::HasSubstr(options_.url + " is no SQLite database"));
  }

  // Put right, it works without a restart.
  std::filesystem::remove(options_.url);
  EXPECT_TRUE(db->Migrate(Schema()).ok());
}

TEST_F(SqliteTest, IsUnavailableWhereAPageIsDamaged) {
  {
    const auto db = Open();
    ASSERT_TRUE(db->Migrate(Schema()).ok());
    ASSERT_TRUE(db->Write([](Transaction& tx) -> absl::Status {
                    for (int i = 0; i < 200; ++i) {
                      DRAMATIS_RETURN_IF_ERROR(
                          tx.ExecuteText("insert into marks (id, body) values ($1, $2)",
                                         {std::to_string(i), std::string(500, 'b')})
                              .status());
                    }
                    return absl::OkStatus();
                  }).ok());
  }
  // All but the first page, which holds the schema.
  std::fstream file(options_.url, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(std::filesystem::file_size(options_.url) - 4096, '\x5a');
  file.close();
  const auto db = Open();

  const absl::Status damaged = Ask(*db, "select max(body) from marks").status();
  EXPECT_EQ(damaged.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(OperatorMessage(damaged), testing::HasSubstr(options_.url + " is damaged: move it"));
  EXPECT_EQ(Insert(*db, "new").code(), absl::StatusCode::kUnavailable);
}

TEST_F(SqliteTest, IsUnavailableWhereTheFileIsAFolder) {
  std::filesystem::create_directories(options_.url);
  const auto db = Open();

  EXPECT_EQ(db->Ping().code(), absl::StatusCode::kUnavailable);
  const absl::Status written = Insert(*db, "a");
  EXPECT_EQ(written.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(OperatorMessage(written),
              testing::AllOf(testing::HasSubstr("cannot open " + options_.url),
                             testing::HasSubstr("Is a directory")));
}

TEST_F(SqliteTest, SaysWhoHoldsTheLock) {
  const auto db = Open();
  ASSERT_TRUE(db->Migrate(Schema()).ok());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(options_.url.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "begin immediate", nullptr, nullptr, nullptr), SQLITE_OK);

  const absl::Status status = Insert(*db, "a");
  sqlite3_close(other);

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(OperatorMessage(status),
              testing::HasSubstr(options_.url + " is locked by another program"));
}

// As where many open a new file together: SQLite itself fails at once, without its busy handler.
TEST_F(SqliteTest, WaitsForTheFileToWriteAheadIn) {
  std::filesystem::create_directories(folder_ + "/data");
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(options_.url.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "create table theirs (id text); begin immediate", nullptr, nullptr,
                         nullptr),
            SQLITE_OK);
  const auto db = Open();
  const absl::Time before = absl::Now();

  const absl::Status refused = db->Migrate(Schema()).status();
  const absl::Duration waited = absl::Now() - before;
  sqlite3_close(other);

  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(waited, options_.timeout);
  EXPECT_THAT(OperatorMessage(refused), testing::HasSubstr("is locked by another program"));
  EXPECT_TRUE(db->Migrate(Schema()).ok());
}

TEST(SqliteProblemTest, TellsWhatIsWrongApart) {
  const std::string path = "/data/persona.db";
  const std::map<std::pair<int, int>, std::string> problems = {
      {{SQLITE_FULL, 0}, "the disk is full: make room"},
      {{SQLITE_IOERR_WRITE, ENOSPC}, "the disk is full: make room"},
      {{SQLITE_IOERR_READ, EIO}, "Input/output error"},
      {{SQLITE_READONLY, EROFS}, "Read-only file system: give this user"},
      {{SQLITE_CANTOPEN, ENOENT}, "cannot open"},
      {{SQLITE_CORRUPT, 0}, "is damaged"},
      {{SQLITE_NOTADB, 0}, "is no SQLite database"},
      {{SQLITE_BUSY, 0}, "is locked by another program"},
      {{SQLITE_NOMEM, 0}, "not enough memory"},
      {{SQLITE_PROTOCOL, 0}, "refuses to work with"},
  };
  for (const auto& [code, text] : problems) {
    const std::string problem = SqliteProblem(path, code.first, code.second);
    EXPECT_THAT(problem, testing::AllOf(testing::HasSubstr(path), testing::HasSubstr(text)));
  }
}

TEST_F(SqliteTest, IsUnavailableWhereTheDiskIsFullAndLosesNothing) {
  const auto db = Open();
  ASSERT_TRUE(db->Migrate(Schema()).ok());
  ASSERT_TRUE(Insert(*db, "before").ok());

  const absl::Status status = db->Write([](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText("pragma max_page_count = 10", {}).status());
    return tx
        .ExecuteText("insert into marks (id, body) values ($1, $2)",
                     {"big", std::string(1 << 20, 'x')})
        .status();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(OperatorMessage(status),
              testing::HasSubstr("cannot write " + options_.url + ": the disk is full"));
  EXPECT_TRUE(Insert(*db, "after").ok());
  EXPECT_EQ(*Ask(*db, "select group_concat(id) from (select id from marks order by id)"),
            "after,before");
}

// A savepoint's pages that outgrow memory go into a file, in one write as large as what memory
// held.
TEST_F(SqliteTest, UndoesAndKeepsSavepointsOfManyPages) {
  const auto db = Open();
  ASSERT_TRUE(db->Migrate(Schema()).ok());
  ASSERT_TRUE(
      db->Write([](Transaction& tx) {
          return tx
              .ExecuteText(
                  "with recursive n (i) as (select 1 union all select i + 1 from n where i < "
                  "500) insert into marks (id, body) select i, printf('%.*c', 3000, 'a') from n",
                  {})
              .status();
        }).ok());

  const absl::Status status = db->Write([](Transaction& tx) -> absl::Status {
    for (const char* statement :
         {"savepoint undone", "update marks set body = replace(body, 'a', 'b')",
          "rollback to undone", "release undone", "savepoint kept",
          "update marks set body = 'c' || substr(body, 2)", "release kept"}) {
      DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText(statement, {}).status());
    }
    return absl::OkStatus();
  });

  EXPECT_TRUE(status.ok()) << status << ": " << OperatorMessage(status);
  EXPECT_EQ(*Ask(*db,
                 "select cast(count(*) as text) from marks where body like 'ca%a' and length(body) "
                 "= 3000"),
            "500");
}

TEST_F(SqliteTest, RefusesAFolderThatCannotBeMade) {
  std::ofstream(folder_ + "/data") << "a file where the folder should be";

  EXPECT_EQ(Database::Open(options_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SqliteTest, TakesTheTextMeantForIt) {
  const auto db = Open();
  constexpr Statement kTwin = {"select 'postgres'", "select 'sqlite'"};

  const auto rows = db->Read([&](Transaction& tx) { return tx.Execute(kTwin, {}); });

  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->front().Text(0), "sqlite");
}

TEST_F(SqliteTest, RunsOneStatementAtATime) {
  const auto db = Open();
  ASSERT_TRUE(db->Migrate(Schema()).ok());

  const absl::Status status = db->Write([](Transaction& tx) {
    return tx.ExecuteText("delete from marks; drop table marks", {}).status();
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_TRUE(Insert(*db, "still there").ok());
}

}  // namespace
}  // namespace dramatis::sql
