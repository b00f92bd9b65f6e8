// Every promise of model/key_store.h, on SQLite and on PostgreSQL.
#include "services/memory/sql/keys.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

class KeyStoreTest : public sql::DatabaseTest {
 protected:
  KeyStoreTest() : DatabaseTest(embedded::memory_migrations()) {}

  KeyRow NewRow(const std::string& user = "ada") {
    clock_.Advance(absl::Seconds(1));
    KeyRow row;
    row.user_id = user;
    row.key_id = absl::StrCat("k", 100 + ++last_);
    row.definition.set_name("mine");
    row.definition.add_scopes(v1::KEY_SCOPE_MEMORY);
    row.definition.add_persona_ids("p1");
    row.prefix = "dramatis_local_abcd";
    row.last_four = "wxyz";
    row.create_time = row.update_time = clock_.Now();
    return row;
  }
  absl::Status Add(const KeyRow& row, const std::string& hash) {
    return store_.Create({}, {}, row, hash, {}, {}).status();
  }
  std::string UserOf(const std::string& hash) {
    const auto row = store_.LookUp(hash, clock_.Now()).value();
    return row.has_value() ? row->user_id : "";
  }

  FakeClock clock_;
  SqlKeyStore store_{db(), clock_};
  int last_ = 0;
};

TEST_P(KeyStoreTest, KeepsEveryFieldAndFindsItByTheHash) {
  const KeyRow row = NewRow();
  EXPECT_FALSE(store_.HasAny().value());
  ASSERT_TRUE(Add(row, "h1").ok());
  EXPECT_TRUE(store_.HasAny().value());
  const KeyRow found = store_.Find("ada", row.key_id).value();
  EXPECT_EQ(found.definition.SerializeAsString(), row.definition.SerializeAsString());
  EXPECT_EQ(found.prefix, row.prefix);
  EXPECT_EQ(found.last_four, row.last_four);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.last_used, std::nullopt);
  EXPECT_EQ(UserOf("h1"), "ada");
  EXPECT_EQ(UserOf("h2"), "");
  EXPECT_EQ(GetReason(store_.Find("bob", row.key_id).status()), "NOT_FOUND");
}

TEST_P(KeyStoreTest, ListsTheNewestFirstInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const KeyRow row = NewRow();
    ASSERT_TRUE(Add(row, absl::StrCat("h", i)).ok());
    ids.insert(ids.begin(), row.key_id);
  }
  ASSERT_TRUE(Add(NewRow("bob"), "hb").ok());
  const KeyPage first = store_.List("ada", std::nullopt, 2).value();
  ASSERT_EQ(first.keys.size(), 2U);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(first.keys[0].key_id, ids[0]);
  const KeyRow& last = first.keys[1];
  const KeyPage second = store_.List("ada", KeyPosition{last.create_time, last.key_id}, 2).value();
  ASSERT_EQ(second.keys.size(), 1U);
  EXPECT_FALSE(second.more);
  EXPECT_EQ(second.keys[0].key_id, ids[2]);
}

TEST_P(KeyStoreTest, WritesOnlyOverTheVersionThatWasRead) {
  KeyRow row = NewRow();
  ASSERT_TRUE(Add(row, "h1").ok());
  row.definition.set_name("other");
  ASSERT_TRUE(store_.Update(row).ok());
  EXPECT_EQ(GetReason(store_.Update(row)), "CONFLICT");
  EXPECT_EQ(store_.Find("ada", row.key_id)->version, 2);
  EXPECT_EQ(GetReason(store_.Delete("ada", row.key_id, 1)), "CONFLICT");
  EXPECT_TRUE(store_.Delete("ada", row.key_id, 2).ok());
  EXPECT_EQ(GetReason(store_.Delete("ada", row.key_id, std::nullopt)), "NOT_FOUND");
}

TEST_P(KeyStoreTest, ARotatedKeyHasBothSecretsUntilTheOldOneEnds) {
  KeyRow row = NewRow();
  ASSERT_TRUE(Add(row, "h1").ok());
  ASSERT_TRUE(store_.Rotate({}, {}, row, "h2", clock_.Now() + absl::Seconds(60), {}, {}).ok());
  EXPECT_EQ(UserOf("h1"), "ada");
  EXPECT_EQ(UserOf("h2"), "ada");
  ++row.version;
  // A longer grace of the next one does not keep the first alive.
  ASSERT_TRUE(store_.Rotate({}, {}, row, "h3", clock_.Now() + absl::Seconds(900), {}, {}).ok());
  clock_.Advance(absl::Seconds(60));
  EXPECT_EQ(UserOf("h1"), "");
  EXPECT_EQ(UserOf("h2"), "ada");
  EXPECT_EQ(UserOf("h3"), "ada");
}

TEST_P(KeyStoreTest, ARevokedKeyIsFoundByNoSecret) {
  const KeyRow row = NewRow();
  ASSERT_TRUE(Add(row, "h1").ok());
  ASSERT_TRUE(store_.Rotate({}, {}, row, "h2", absl::InfiniteFuture(), {}, {}).ok());
  ASSERT_TRUE(store_.Delete("ada", row.key_id, std::nullopt).ok());
  EXPECT_EQ(UserOf("h1"), "");
  EXPECT_EQ(UserOf("h2"), "");
  EXPECT_FALSE(store_.HasAny().value());
}

TEST_P(KeyStoreTest, NotesTheLatestUse) {
  const KeyRow row = NewRow();
  ASSERT_TRUE(Add(row, "h1").ok());
  ASSERT_TRUE(store_.NoteUse(row, clock_.Now() + absl::Seconds(5)).ok());
  ASSERT_TRUE(store_.NoteUse(row, clock_.Now()).ok());
  EXPECT_EQ(store_.Find("ada", row.key_id)->last_used, clock_.Now() + absl::Seconds(5));
}

TEST_P(KeyStoreTest, AUserHasNoMoreThanTheQuotaHoweverManyAskAtOnce) {
  for (int i = 0; i < kKeyQuota - 2; ++i)
    ASSERT_TRUE(Add(NewRow(), absl::StrCat("h", i)).ok());
  std::vector<KeyRow> rows;
  for (int i = 0; i < 4; ++i)
    rows.push_back(NewRow());
  std::atomic<int> added = 0;
  std::vector<std::thread> threads;
  for (const KeyRow& row : rows) {
    threads.emplace_back([&, row] {
      const absl::Status status = Add(row, absl::StrCat("of ", row.key_id));
      if (status.ok()) {
        ++added;
      } else {
        EXPECT_EQ(GetReason(status), "KEY_QUOTA_EXCEEDED");
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(added, 2);
  ASSERT_TRUE(store_.Delete("ada", rows[0].key_id, std::nullopt).ok() ||
              store_.Delete("ada", "k101", std::nullopt).ok());
  EXPECT_TRUE(Add(NewRow(), "again").ok());
}

TEST_P(KeyStoreTest, AnIdempotencyKeyMakesOneKeyWhoseSecretIsNotKept) {
  CallContext call;
  call.identity.user_id = "ada";
  call.idempotency_key = "once";
  v1::Key answer;
  answer.set_secret("the secret");
  v1::Key replay;
  replay.set_name("without");
  EXPECT_EQ(store_.Create(call, {}, NewRow(), "h1", answer, replay)->secret(), "the secret");
  const v1::Key again = store_.Create(call, {}, NewRow(), "h2", answer, replay).value();
  EXPECT_EQ(again.secret(), "");
  EXPECT_EQ(again.name(), "without");
  EXPECT_EQ(UserOf("h2"), "");
}

DRAMATIS_ON_EVERY_ENGINE(KeyStoreTest);

}  // namespace
}  // namespace dramatis::memory
