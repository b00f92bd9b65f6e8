#include "services/memory/sql/embeddings.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/memories/meanings.h"
#include "services/memory/sql/memory_sync.h"
#include "services/memory/sql/store.h"
#include "services/memory/testing/memory_sync_fakes.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class EmbeddingsStoreTest : public sql::DatabaseTest {
 protected:
  EmbeddingsStoreTest() : DatabaseTest(embedded::memory_migrations()) {}

  void Remember(const std::string& id,
                const std::string& content,
                const std::string& user = "ann",
                const std::string& persona = "") {
    MemoryRow row;
    row.user_id = user;
    row.memory_id = id;
    row.content = content;
    row.persona_id = persona;
    row.create_time = row.update_time = clock_.Now();
    v1::CreateMemoryRequest request;
    request.mutable_memory()->set_content(content);
    CallContext call;
    call.identity.user_id = user;
    ASSERT_TRUE(store_.Create(call, request, row, v1::Memory(), 1000).ok());
  }
  std::vector<std::string> Claim(const std::string& embedder, int limit = 10) {
    const auto claimed =
        vectors_.Claim(embedder, clock_.Now(), clock_.Now() + absl::Minutes(1), limit);
    EXPECT_TRUE(claimed.ok()) << claimed.status();
    claimed_ = claimed.value_or(std::vector<PendingEmbedding>());
    std::vector<std::string> ids;
    for (const PendingEmbedding& one : claimed_)
      ids.push_back(one.memory_id);
    return ids;
  }
  void KeepAll(const std::string& embedder) {
    std::vector<MadeEmbedding> made;
    for (const PendingEmbedding& one : claimed_)
      made.push_back({one, "packed " + one.content});
    ASSERT_TRUE(vectors_.Keep(embedder, made).ok());
  }
  std::vector<std::string> Vectors(const std::string& embedder, const std::string& persona = "") {
    std::vector<std::string> texts;
    const auto vectors = vectors_.Changed("ann", 0);
    EXPECT_TRUE(vectors.ok()) << vectors.status();
    for (const ChangedVector& vector : vectors.value_or(std::vector<ChangedVector>())) {
      const bool told =
          persona.empty() || vector.persona_id.empty() || vector.persona_id == persona;
      if (told && vector.embedder == embedder)
        texts.push_back(vector.memory_id + "=" + vector.packed);
    }
    return texts;
  }

  FakeClock clock_;
  CountingIdSource ids_;
  SqlStore store_{db(), clock_};
  SqlEmbeddingStore vectors_{db()};
  std::vector<PendingEmbedding> claimed_;
};

TEST_P(EmbeddingsStoreTest, GivesEachMemoryToOneWhoAsks) {
  Remember("1", "one");
  Remember("2", "two");
  Remember("3", "three");
  const std::vector<std::string> first = Claim("e", 2);
  EXPECT_EQ(first.size(), 2U);
  const std::vector<std::string> second = Claim("e");
  EXPECT_EQ(second.size(), 1U);
  EXPECT_THAT(Claim("e"), IsEmpty());
  // Whoever claimed them died.
  clock_.Advance(absl::Minutes(2));
  EXPECT_THAT(Claim("e"), UnorderedElementsAre("1", "2", "3"));
}

TEST_P(EmbeddingsStoreTest, KeepsVectorsAndMakesThemAgainForAnotherEmbedder) {
  Remember("1", "one");
  Remember("2", "two", "ann", "ada");
  Claim("e");
  KeepAll("e");
  EXPECT_THAT(Vectors("e"), UnorderedElementsAre("1=packed one", "2=packed two"));
  EXPECT_THAT(Vectors("e", "bea"), ElementsAre("1=packed one"));
  EXPECT_THAT(Claim("e"), IsEmpty());

  clock_.Advance(absl::Minutes(2));
  EXPECT_THAT(Claim("a"), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(Vectors("e").size(), 2U);  // until the others are there
  KeepAll("a");
  EXPECT_THAT(Vectors("e"), IsEmpty());
  EXPECT_THAT(Vectors("a").size(), 2U);
}

TEST_P(EmbeddingsStoreTest, TellsWhatHasChangedSince) {
  const auto changed = [&](int64_t since) {
    std::vector<std::string> texts;
    const auto vectors = vectors_.Changed("ann", since);
    for (const ChangedVector& one : vectors.value())
      texts.push_back(absl::StrCat(one.memory_id, "=", one.packed, "@", one.change));
    return texts;
  };
  Remember("1", "one");
  Remember("2", "two", "ann", "ada");
  EXPECT_THAT(changed(0), IsEmpty());
  Claim("e");
  KeepAll("e");
  EXPECT_THAT(changed(0), UnorderedElementsAre("1=packed one@1", "2=packed two@1"));
  EXPECT_THAT(changed(1), IsEmpty());
  MemoryRow row = store_.Find("ann", "1").value();
  row.content = "changed";
  ASSERT_TRUE(store_.Update(row).ok());
  EXPECT_THAT(changed(1), ElementsAre("1=@2"));
  Claim("e");
  KeepAll("e");
  EXPECT_THAT(changed(1), ElementsAre("1=packed changed@3"));
}

TEST_P(EmbeddingsStoreTest, DropsAVectorOfWhatHasChangedOrIsGone) {
  Remember("1", "one");
  Remember("2", "two");
  Claim("e");
  MemoryRow row = store_.Find("ann", "1").value();
  row.content = "changed";
  ASSERT_TRUE(store_.Update(row).ok());
  ASSERT_TRUE(store_.Delete("ann", "2", std::nullopt).ok());
  KeepAll("e");
  EXPECT_THAT(Vectors("e"), IsEmpty());
  EXPECT_THAT(Claim("e"), ElementsAre("1"));
  EXPECT_EQ(claimed_.at(0).content, "changed");
}

TEST_P(EmbeddingsStoreTest, ForgetsVectorsWithTheirMemories) {
  Remember("1", "one");
  Claim("e");
  KeepAll("e");
  ASSERT_TRUE(store_.Delete("ann", "1", std::nullopt).ok());
  const auto left = db().Read([](sql::Transaction& tx) {
    return tx.ExecuteText("select count(*) from memory_embeddings", {});
  });
  EXPECT_EQ(left->front().Int(0), 0);
}

TEST_P(EmbeddingsStoreTest, PutsOff) {
  Remember("1", "one");
  Claim("e");
  ASSERT_TRUE(vectors_.PutOff(claimed_, clock_.Now() + absl::Hours(1)).ok());
  clock_.Advance(absl::Minutes(59));
  EXPECT_THAT(Claim("e"), IsEmpty());
  clock_.Advance(absl::Minutes(2));
  EXPECT_THAT(Claim("e"), ElementsAre("1"));
}

// The whole of it: made in the background, found without a shared word.
class MeaningsTest : public EmbeddingsStoreTest {
 protected:
  absl::Status MakePending() {
    return meanings_.MakePending([] { return false; });
  }
  std::vector<std::string> Found(const std::string& question, const std::string& user = "ann") {
    MemorySearch search;
    search.user_id = user;
    search.words = {question};
    search.limit = 5;
    auto matches = store_.Search(search);
    const auto fused = meanings_.Fuse(CallContext(), search, question, matches.value());
    EXPECT_TRUE(fused.ok()) << fused.status();
    std::vector<std::string> ids;
    for (const ScoredMemory& one : fused.value())
      ids.push_back(one.memory.memory_id);
    return ids;
  }

  FakeInferencePeer peer_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  Meanings meanings_{{vectors_, peer_, clock_, ids_, *logger_, metrics_}};
};

TEST_P(MeaningsTest, FindsByMeaningWhatSharesNoWord) {
  peer_.embedder = "e";
  peer_.vectors = {{"Ann has a cat", {0, 1}}, {"pet", {0, 1}}};
  Remember("1", "Ann has a cat");
  Remember("2", "Ann sails");
  EXPECT_THAT(Found("pet"), IsEmpty());
  ASSERT_TRUE(MakePending().ok());
  EXPECT_THAT(Found("pet"), ElementsAre("1"));
  EXPECT_THAT(Found("pet", "bob"), IsEmpty());
  EXPECT_THAT(Found("sails"), ElementsAre("2"));
  // What it has in memory follows what becomes of the memories.
  Remember("3", "Ann has a cat");
  ASSERT_TRUE(MakePending().ok());
  EXPECT_THAT(Found("pet"), ElementsAre("1", "3"));
  MemoryRow row = store_.Find("ann", "1").value();
  row.content = "Ann has moved";
  ASSERT_TRUE(store_.Update(row).ok());
  EXPECT_THAT(Found("pet"), ElementsAre("3"));
  ASSERT_TRUE(store_.Delete("ann", "3", std::nullopt).ok());
  EXPECT_THAT(Found("pet"), IsEmpty());
  EXPECT_THAT(Found("pet"), IsEmpty());
}

TEST_P(MeaningsTest, FindsByWordsWhereNothingCanBeEmbedded) {
  Remember("1", "Ann sails");
  ASSERT_TRUE(MakePending().ok());  // there is no embedder
  EXPECT_THAT(Found("sails"), ElementsAre("1"));

  peer_.embedder = "e";
  ASSERT_TRUE(MakePending().ok());
  EXPECT_EQ(Vectors("e").size(), 1U);
  peer_.embed_failure = absl::UnavailableError("away");
  EXPECT_THAT(Found("sails"), ElementsAre("1"));
}

TEST_P(MeaningsTest, PutsOffWhoseBudgetIsSpent) {
  peer_.embedder = "e";
  Remember("1", "Ann sails");
  peer_.embed_failure = Error(absl::StatusCode::kResourceExhausted,
                              inference::v1::ERROR_REASON_BUDGET_EXCEEDED, "spent");
  ASSERT_TRUE(MakePending().ok());
  const size_t asked = peer_.embedded.size();
  peer_.embed_failure = absl::OkStatus();
  clock_.Advance(absl::Minutes(50));
  ASSERT_TRUE(MakePending().ok());
  EXPECT_EQ(peer_.embedded.size(), asked + 1);  // only the embedder's name
  clock_.Advance(absl::Minutes(20));
  ASSERT_TRUE(MakePending().ok());
  EXPECT_EQ(Vectors("e").size(), 1U);
}

DRAMATIS_ON_EVERY_ENGINE(EmbeddingsStoreTest);
DRAMATIS_ON_EVERY_ENGINE(MeaningsTest);

}  // namespace
}  // namespace dramatis::memory
