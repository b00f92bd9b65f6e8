#include "services/memory/memories/memories.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;

class MemoriesTest : public testing::Test {
 protected:
  static constexpr int kQuota = 5;

  MemoriesTest() { call_.identity.user_id = "ada"; }

  static v1::CreateMemoryRequest Remembering(const std::string& content) {
    v1::CreateMemoryRequest request;
    request.mutable_memory()->set_content(content);
    return request;
  }

  v1::Memory Create(const std::string& content, const std::string& persona_id = "") {
    clock_.Advance(absl::Seconds(1));
    v1::CreateMemoryRequest request = Remembering(content);
    request.mutable_memory()->set_persona_id(persona_id);
    return memories_.Create(call_, request).value();
  }

  absl::StatusOr<v1::Memory> Get(const std::string& memory_id) {
    v1::GetMemoryRequest request;
    request.set_memory_id(memory_id);
    return memories_.Get(call_, request);
  }

  absl::Status Delete(const std::string& memory_id) {
    v1::DeleteMemoryRequest request;
    request.set_memory_id(memory_id);
    return memories_.Delete(call_, request);
  }

  static v1::UpdateMemoryRequest Change(const v1::Memory& memory, const std::string& content) {
    v1::UpdateMemoryRequest request;
    request.set_memory_id(memory.memory_id());
    request.mutable_memory()->set_content(content);
    return request;
  }

  static std::vector<std::string> Contents(const v1::ListMemoriesResponse& response) {
    std::vector<std::string> contents;
    for (const v1::Memory& memory : response.memories())
      contents.push_back(memory.content());
    return contents;
  }

  FakeStore store_;
  FakeClock clock_;
  CountingIdSource ids_;
  Memories memories_{store_, clock_, ids_, kQuota};
  CallContext call_;
};

TEST_F(MemoriesTest, KeepsWhatWasCreated) {
  v1::CreateMemoryRequest request = Remembering("Ada likes tea.");
  request.mutable_memory()->set_confidence(0);
  request.mutable_memory()->set_source_message_id("m1");
  request.mutable_memory()->set_source_conversation_id("c1");
  request.mutable_memory()->set_memory_id("the client's");

  const v1::Memory created = memories_.Create(call_, request).value();

  EXPECT_EQ(created.memory_id(), "00000000-0000-7000-8000-000000000001");
  EXPECT_EQ(created.content(), "Ada likes tea.");
  EXPECT_EQ(created.confidence(), 0);
  EXPECT_EQ(created.source_message_id(), "m1");
  EXPECT_EQ(created.source_conversation_id(), "c1");
  EXPECT_EQ(Get(created.memory_id())->SerializeAsString(), created.SerializeAsString());
}

TEST_F(MemoriesTest, IsSureUnlessToldOtherwise) {
  EXPECT_EQ(Create("tea").confidence(), 1);
}

TEST_F(MemoriesTest, AnswersARepeatedKeyWithTheFirstMemory) {
  call_.idempotency_key = "k1";
  const v1::Memory first = Create("tea");

  const v1::Memory second = Create("tea");

  EXPECT_EQ(second.memory_id(), first.memory_id());
}

TEST_F(MemoriesTest, RefusesMoreThanTheQuota) {
  for (int i = 0; i < kQuota; ++i)
    Create("tea");

  const auto result = memories_.Create(call_, Remembering("one more"));

  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetReason(result.status()), "MEMORY_QUOTA_EXCEEDED");
}

TEST_F(MemoriesTest, HidesMemoriesFromEverybodyElse) {
  const v1::Memory memory = Create("tea");
  call_.identity = {.user_id = "bob", .role = AccessRole::kAdmin};

  EXPECT_EQ(Get(memory.memory_id()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Delete(memory.memory_id()).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(memories_.Update(call_, Change(memory, "coffee")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(Contents(memories_.List(call_, {}).value()), ElementsAre());
}

TEST_F(MemoriesTest, ListsNewestFirstPageByPage) {
  for (const std::string content : {"one", "two", "three"})
    Create(content);
  v1::ListMemoriesRequest request;
  request.set_page_size(2);

  const v1::ListMemoriesResponse first = memories_.List(call_, request).value();
  request.set_page_token(first.next_page_token());
  Create("new meanwhile");
  const v1::ListMemoriesResponse second = memories_.List(call_, request).value();

  EXPECT_THAT(Contents(first), ElementsAre("three", "two"));
  EXPECT_THAT(Contents(second), ElementsAre("one"));
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(MemoriesTest, RefusesATokenOfAnotherListOrUser) {
  for (const std::string content : {"one", "two"})
    Create(content);
  v1::ListMemoriesRequest request;
  request.set_page_size(1);
  request.set_page_token(memories_.List(call_, request)->next_page_token());
  v1::ListMemoriesRequest filtered = request;
  filtered.set_persona_id("p1");
  CallContext other = call_;
  other.identity.user_id = "bob";

  EXPECT_EQ(GetReason(memories_.List(call_, filtered).status()), "INVALID_CURSOR");
  EXPECT_EQ(GetReason(memories_.List(other, request).status()), "INVALID_CURSOR");
  EXPECT_TRUE(memories_.List(call_, request).ok());
}

TEST_F(MemoriesTest, FiltersByWhoRemembers) {
  Create("everybody's");
  Create("one's", "p1");
  Create("another's", "p2");
  v1::ListMemoriesRequest request;
  request.set_persona_id("p1");

  EXPECT_THAT(Contents(memories_.List(call_, request).value()),
              ElementsAre("one's", "everybody's"));
}

TEST_F(MemoriesTest, ChangesOnlyWhatTheMaskNames) {
  const v1::Memory memory = Create("tea", "p1");
  v1::UpdateMemoryRequest request = Change(memory, "coffee");
  request.mutable_memory()->set_persona_id("p2");
  request.mutable_update_mask()->add_paths("content");
  clock_.Advance(absl::Seconds(3));

  const v1::Memory changed = memories_.Update(call_, request).value();

  EXPECT_EQ(changed.content(), "coffee");
  EXPECT_EQ(changed.persona_id(), "p1");
  EXPECT_NE(changed.etag(), memory.etag());
  EXPECT_EQ(changed.update_time().seconds() - changed.create_time().seconds(), 3);
  EXPECT_EQ(Get(memory.memory_id())->SerializeAsString(), changed.SerializeAsString());
}

TEST_F(MemoriesTest, ChangesOnlyTheVersionThatWasMeant) {
  const v1::Memory memory = Create("tea");
  ASSERT_TRUE(memories_.Update(call_, Change(memory, "coffee")).ok());
  call_.if_match = memory.etag();

  EXPECT_EQ(GetReason(memories_.Update(call_, Change(memory, "milk")).status()), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Delete(memory.memory_id())), "ETAG_MISMATCH");
  EXPECT_EQ(Get(memory.memory_id())->content(), "coffee");
}

TEST_F(MemoriesTest, TakesAStarForAnyVersion) {
  const v1::Memory memory = Create("tea");
  call_.if_match = "*";

  EXPECT_TRUE(memories_.Update(call_, Change(memory, "coffee")).ok());
  EXPECT_TRUE(Delete(memory.memory_id()).ok());
}

TEST_F(MemoriesTest, MergesWithAnotherWriterThatCameFirst) {
  const v1::Memory memory = Create("tea");
  store_.before_write = [&] {
    v1::UpdateMemoryRequest other;
    other.set_memory_id(memory.memory_id());
    other.mutable_memory()->set_persona_id("p1");
    ASSERT_TRUE(memories_.Update(call_, other).ok());
  };

  const v1::Memory changed = memories_.Update(call_, Change(memory, "coffee")).value();

  EXPECT_EQ(changed.content(), "coffee");
  EXPECT_EQ(changed.persona_id(), "p1");
}

TEST_F(MemoriesTest, ForgetsForGood) {
  const v1::Memory memory = Create("tea");

  EXPECT_TRUE(Delete(memory.memory_id()).ok());

  EXPECT_EQ(Get(memory.memory_id()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Delete(memory.memory_id()).code(), absl::StatusCode::kNotFound);
}

TEST_F(MemoriesTest, DeletesOnlyTheVersionItLookedAt) {
  const v1::Memory memory = Create("tea");
  call_.if_match = memory.etag();
  store_.before_write = [&] {
    CallContext other = call_;
    other.if_match = "";
    ASSERT_TRUE(memories_.Update(other, Change(memory, "coffee")).ok());
  };

  EXPECT_EQ(GetReason(Delete(memory.memory_id())), "ETAG_MISMATCH");
  EXPECT_TRUE(Get(memory.memory_id()).ok());
}

TEST_F(MemoriesTest, SearchesForTheWordsOfTheQuestion) {
  Create("Ada likes tea.");
  const v1::Memory tea_cats = Create("Her cats like tea.");
  v1::SearchMemoriesRequest request;
  request.set_q("What about the TEA of your cats?");
  request.set_persona_id("p1");
  request.set_page_size(7);

  const v1::SearchMemoriesResponse found = memories_.Search(call_, request).value();

  EXPECT_THAT(store_.last_search.words, ElementsAre("tea", "cats"));
  EXPECT_EQ(store_.last_search.user_id, "ada");
  EXPECT_EQ(store_.last_search.persona_id, "p1");
  EXPECT_EQ(store_.last_search.limit, 7);
  ASSERT_EQ(found.results_size(), 2);
  EXPECT_EQ(found.results(0).memory().SerializeAsString(), tea_cats.SerializeAsString());
  EXPECT_GT(found.results(0).score(), found.results(1).score());
}

TEST_F(MemoriesTest, NeverTakesAFailedReadForNothing) {
  store_.error = UnavailableError("the database is away");
  v1::SearchMemoriesRequest search;
  search.set_q("tea");

  EXPECT_EQ(memories_.List(call_, {}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(memories_.Search(call_, search).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace dramatis::memory
