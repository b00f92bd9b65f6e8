// The store under test on one engine, and short ways to fill it and to ask it.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "gtest/gtest.h"
#include "services/memory/sql/store.h"
#include "shared/sql/testing/test_database.h"
#include "shared/text/words.h"

namespace dramatis::memory {

class MemoryStoreTest : public sql::DatabaseTest {
 protected:
  static constexpr int kQuota = 1000;

  MemoryStoreTest() : DatabaseTest(embedded::memory_migrations()), store_(db(), clock_) {}

  MemoryRow NewRow(const std::string& content, const std::string& user_id = "ada") {
    clock_.Advance(absl::Seconds(1));
    MemoryRow row;
    row.user_id = user_id;
    row.memory_id = absl::StrCat("m", 100 + ++last_id_);
    row.content = content;
    row.create_time = clock_.Now();
    row.update_time = row.create_time;
    return row;
  }

  absl::Status Add(const MemoryRow& row) { return store_.Create({}, {}, row, {}, kQuota).status(); }

  std::string Remember(const std::string& content, const std::string& user_id = "ada") {
    const MemoryRow row = NewRow(content, user_id);
    EXPECT_TRUE(Add(row).ok());
    return row.memory_id;
  }

  std::string RememberFor(const std::string& persona_id, const std::string& content) {
    MemoryRow row = NewRow(content);
    row.persona_id = persona_id;
    EXPECT_TRUE(Add(row).ok());
    return row.memory_id;
  }

  static MemorySearch For(const std::string& query, const std::string& user_id = "ada") {
    MemorySearch search;
    search.user_id = user_id;
    search.words = QueryWords(query);
    return search;
  }

  std::vector<std::string> Found(const MemorySearch& search) {
    std::vector<std::string> ids;
    const std::vector<ScoredMemory> matches = store_.Search(search).value();
    for (const ScoredMemory& match : matches)
      ids.push_back(match.memory.memory_id);
    return ids;
  }

  static std::vector<std::string> Ids(const std::vector<MemoryRow>& rows) {
    std::vector<std::string> ids;
    for (const MemoryRow& row : rows)
      ids.push_back(row.memory_id);
    return ids;
  }

  FakeClock clock_;
  SqlStore store_;
  int last_id_ = 0;
};

}  // namespace dramatis::memory
