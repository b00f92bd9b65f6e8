#include "shared/sql/catalogue/row_counts.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const std::vector<Migration>& Things() {
  static const std::vector<Migration> migrations = {
      {1, "0001_things", "create table things (id bigint primary key); create table none (id int)",
       "create table things (id bigint primary key); create table none (id int); "
       "create virtual table things_text using fts5(text)"}};
  return migrations;
}

class RowCountsTest : public DatabaseTest {
 protected:
  RowCountsTest() : DatabaseTest(Things()) {}

  void Insert(int first, int last) {
    static constexpr Statement kInsert = {"insert into things (id) values ($1)"};
    const absl::Status status = db().Write([&](Transaction& tx) -> absl::Status {
      for (int id = first; id <= last; ++id) {
        if (auto rows = tx.Execute(kInsert, {id}); !rows.ok()) return rows.status();
      }
      return absl::OkStatus();
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  std::vector<TableRows> Count(int64_t most_counted = kMostCountedRows) {
    return db().Read([&](Transaction& tx) { return CountRows(tx, most_counted); }).value();
  }
};

TEST_P(RowCountsTest, CountsEveryTableByName) {
  Insert(1, 7);
  std::vector<std::pair<std::string, int64_t>> counts;
  for (const TableRows& table : Count()) {
    EXPECT_FALSE(table.estimated);
    counts.emplace_back(table.table, table.rows);
  }
  EXPECT_THAT(counts, ElementsAre(Pair("none", 0), Pair("things", 7)));
}

TEST_P(RowCountsTest, SaysWhereItOnlyEstimates) {
  Insert(1, 10);
  EXPECT_FALSE(Count(10).at(1).estimated);
  Insert(11, 11);
  const TableRows things = Count(10).at(1);
  EXPECT_EQ(things.estimated, GetParam() == Engine::kPostgres);
  EXPECT_EQ(things.rows, 11);
}

DRAMATIS_ON_EVERY_ENGINE(RowCountsTest);

}  // namespace
}  // namespace dramatis::sql
