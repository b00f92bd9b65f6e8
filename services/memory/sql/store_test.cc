// Every promise of model/store.h but search, on SQLite and on PostgreSQL.
#include "services/memory/model/store.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/store_fixture.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(MemoryStoreTest, FindsNoProfileBeforeTheFirstWrite) {
  EXPECT_EQ(store_.FindProfile("ada").value(), std::nullopt);
}

TEST_P(MemoryStoreTest, KeepsEveryFieldOfAProfile) {
  ProfileRow row;
  row.user_id = "ada";
  row.definition.set_display_name("Ada \U0001F408 'quoted\"");
  row.definition.set_bio("line\nbreak");
  row.definition.set_timezone("Europe/London");
  row.definition.set_locale("en-GB");
  row.definition.set_units(v1::UNITS_IMPERIAL);
  (*row.definition.mutable_preferences())["\u00e9 \"key\""] = "\\ value \u2028";
  (*row.definition.mutable_preferences())[""] = "";
  row.create_time = absl::FromUnixMicros(1'700'000'000'123'456);
  row.update_time = absl::FromUnixMicros(1'700'000'000'123'457);

  ASSERT_TRUE(store_.WriteProfile(row).ok());

  const std::optional<ProfileRow> found = store_.FindProfile("ada").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->definition.DebugString(), row.definition.DebugString());
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->create_time, row.create_time);
  EXPECT_EQ(found->update_time, row.update_time);
}

TEST_P(MemoryStoreTest, WritesAProfileOnlyOverTheVersionThatWasRead) {
  ProfileRow row;
  row.user_id = "ada";
  ASSERT_TRUE(store_.WriteProfile(row).ok());
  row.version = 1;
  row.definition.set_bio("second");
  ASSERT_TRUE(store_.WriteProfile(row).ok());

  row.definition.set_bio("late");
  EXPECT_EQ(GetReason(store_.WriteProfile(row)), "CONFLICT");
  row.version = 0;
  EXPECT_EQ(GetReason(store_.WriteProfile(row)), "CONFLICT");
  EXPECT_EQ(store_.FindProfile("ada").value()->definition.bio(), "second");
  EXPECT_EQ(store_.FindProfile("ada").value()->version, 2);
}

TEST_P(MemoryStoreTest, KeepsEveryFieldOfAMemory) {
  MemoryRow row = NewRow("Ada's \"tea\" \U0001F375\n\\");
  row.confidence = 0.123456789;
  row.persona_id = "p1";
  row.source_message_id = "m";
  row.source_conversation_id = "c";

  ASSERT_TRUE(Add(row).ok());

  const MemoryRow found = store_.Find("ada", row.memory_id).value();
  EXPECT_EQ(found.user_id, "ada");
  EXPECT_EQ(found.content, row.content);
  EXPECT_EQ(found.confidence, row.confidence);
  EXPECT_EQ(found.persona_id, "p1");
  EXPECT_EQ(found.source_message_id, "m");
  EXPECT_EQ(found.source_conversation_id, "c");
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
}

TEST_P(MemoryStoreTest, FindsAMemoryUnderItsOwnUserOnly) {
  const std::string id = Remember("tea");

  EXPECT_EQ(store_.Find("bob", id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Find("ada", "m0").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(MemoryStoreTest, ListsNewestFirstAndGoesOnWhereThePageEnded) {
  const std::string first = Remember("one");
  const std::string second = Remember("two");
  const std::string third = Remember("three");
  Remember("somebody else's", "bob");
  MemoryQuery query;
  query.user_id = "ada";
  query.limit = 2;

  const MemoryPage page = store_.List(query).value();
  query.after = {page.memories[1].create_time, page.memories[1].memory_id};
  const MemoryPage next = store_.List(query).value();

  EXPECT_THAT(Ids(page.memories), ElementsAre(third, second));
  EXPECT_TRUE(page.more);
  EXPECT_THAT(Ids(next.memories), ElementsAre(first));
  EXPECT_FALSE(next.more);
}

TEST_P(MemoryStoreTest, OrdersMemoriesOfOneInstantById) {
  MemoryRow row = NewRow("one");
  for (const std::string id : {"a-1", "a1", "B1"}) {
    row.memory_id = id;
    ASSERT_TRUE(Add(row).ok());
  }
  MemoryQuery query;
  query.user_id = "ada";
  query.after = {row.create_time, "a1"};

  EXPECT_THAT(Ids(store_.List(query)->memories), ElementsAre("a-1", "B1"));
}

TEST_P(MemoryStoreTest, UpdatesOnlyTheVersionThatWasRead) {
  MemoryRow row = NewRow("tea");
  ASSERT_TRUE(Add(row).ok());
  row.content = "coffee";
  row.update_time += absl::Seconds(1);
  ASSERT_TRUE(store_.Update(row).ok());

  row.content = "late";
  EXPECT_EQ(GetReason(store_.Update(row)), "CONFLICT");

  const MemoryRow found = store_.Find("ada", row.memory_id).value();
  EXPECT_EQ(found.content, "coffee");
  EXPECT_EQ(found.version, 2);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
}

TEST_P(MemoryStoreTest, UpdatesNothingThatIsGone) {
  EXPECT_EQ(GetReason(store_.Update(NewRow("tea"))), "CONFLICT");
}

TEST_P(MemoryStoreTest, DeletesForGood) {
  const std::string id = Remember("tea");

  EXPECT_EQ(store_.Delete("bob", id, std::nullopt).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(store_.Delete("ada", id, 2)), "CONFLICT");
  EXPECT_TRUE(store_.Delete("ada", id, 1).ok());

  EXPECT_EQ(store_.Find("ada", id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Delete("ada", id, std::nullopt).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Found(For("tea")), IsEmpty());
}

TEST_P(MemoryStoreTest, CountsMemoriesAgainstTheQuota) {
  const std::string first = Remember("one");
  Remember("two");
  Remember("somebody else's", "bob");
  const auto add = [&] { return store_.Create({}, {}, NewRow("more"), {}, 3).status(); };

  EXPECT_TRUE(add().ok());
  EXPECT_EQ(GetReason(add()), "MEMORY_QUOTA_EXCEEDED");
  ASSERT_TRUE(store_.Delete("ada", first, std::nullopt).ok());
  EXPECT_TRUE(add().ok());
  EXPECT_EQ(GetReason(add()), "MEMORY_QUOTA_EXCEEDED");
}

TEST_P(MemoryStoreTest, KeepsTheQuotaWhenManyAreMadeAtOnce) {
  constexpr int kAllowed = 10;
  std::vector<MemoryRow> rows;
  for (int i = 0; i < 24; ++i)
    rows.push_back(NewRow("tea"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < rows.size(); i += 4) {
        const absl::Status status = store_.Create({}, {}, rows[i], {}, kAllowed).status();
        EXPECT_TRUE(status.ok() || GetReason(status) == "MEMORY_QUOTA_EXCEEDED") << status;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  MemoryQuery query;
  query.user_id = "ada";
  query.limit = 100;
  EXPECT_EQ(store_.List(query)->memories.size(), kAllowed);
}

class IdempotencyTest : public MemoryStoreTest {
 protected:
  IdempotencyTest() {
    call_.identity.user_id = "ada";
    call_.idempotency_key = "k1";
    call_.send_header = [this](const std::string& name, const std::string& value) {
      headers_.insert(absl::StrCat(name, ": ", value));
    };
    request_.mutable_memory()->set_content("tea");
    answer_.set_memory_id("the first answer");
  }

  absl::StatusOr<v1::Memory> Create(const v1::Memory& answer) {
    return store_.Create(call_, request_, NewRow("tea"), answer, kQuota);
  }

  CallContext call_;
  v1::CreateMemoryRequest request_;
  v1::Memory answer_;
  std::set<std::string> headers_;
};

TEST_P(IdempotencyTest, AnswersARepeatedRequestWithTheFirstAnswer) {
  ASSERT_TRUE(Create(answer_).ok());
  EXPECT_THAT(headers_, IsEmpty());

  const v1::Memory second = Create({}).value();

  EXPECT_EQ(second.memory_id(), "the first answer");
  EXPECT_THAT(headers_, ElementsAre("idempotency-replayed: true"));
  EXPECT_EQ(Found(For("tea")).size(), 1);
}

TEST_P(IdempotencyTest, RefusesAKeyOfAnotherRequest) {
  ASSERT_TRUE(Create(answer_).ok());
  request_.mutable_memory()->set_content("coffee");

  EXPECT_EQ(GetReason(Create({}).status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_P(IdempotencyTest, KeepsTheKeysOfUsersApart) {
  ASSERT_TRUE(Create(answer_).ok());
  call_.identity.user_id = "bob";

  EXPECT_EQ(Create({})->memory_id(), "");
}

TEST_P(IdempotencyTest, LeavesTheKeyOfARefusedRequestFree) {
  Remember("coffee");
  ASSERT_EQ(GetReason(store_.Create(call_, request_, NewRow("tea"), answer_, 1).status()),
            "MEMORY_QUOTA_EXCEEDED");

  EXPECT_TRUE(Create(answer_).ok());
  EXPECT_THAT(headers_, IsEmpty());
}

TEST_P(IdempotencyTest, ForgetsOldKeys) {
  ASSERT_TRUE(Create(answer_).ok());

  ASSERT_TRUE(sql::ForgetIdempotencyKeys(db(), clock_.Now() - absl::Hours(1)).ok());
  EXPECT_EQ(Create({})->memory_id(), "the first answer");
  ASSERT_TRUE(sql::ForgetIdempotencyKeys(db(), clock_.Now() + absl::Hours(1)).ok());
  EXPECT_EQ(Create({})->memory_id(), "");
}

DRAMATIS_ON_EVERY_ENGINE(MemoryStoreTest);
DRAMATIS_ON_EVERY_ENGINE(IdempotencyTest);

}  // namespace
}  // namespace dramatis::memory
