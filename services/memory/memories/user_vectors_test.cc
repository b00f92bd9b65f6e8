#include "services/memory/memories/user_vectors.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/memories/vectors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Has the changes that a test made.
class FakeVectors : public EmbeddingStore {
 public:
  absl::StatusOr<std::vector<PendingEmbedding>> Claim(const std::string&,
                                                      absl::Time,
                                                      absl::Time,
                                                      int) override {
    return std::vector<PendingEmbedding>();
  }
  absl::Status Keep(const std::string&, const std::vector<MadeEmbedding>&) override {
    return absl::OkStatus();
  }
  absl::Status PutOff(const std::vector<PendingEmbedding>&, absl::Time) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<ChangedVector>> Changed(const std::string&, int64_t since) override {
    std::vector<ChangedVector> changed;
    for (const ChangedVector& one : changes) {
      if (one.change > since) changed.push_back(one);
    }
    read += changed.size();
    return changed;
  }
  absl::StatusOr<std::vector<MemoryRow>> FindMany(const std::string&,
                                                  const std::vector<std::string>&) override {
    return std::vector<MemoryRow>();
  }

  void Change(const std::string& id, const std::vector<float>& vector, std::string persona = "") {
    changes.push_back({.memory_id = id,
                       .persona_id = std::move(persona),
                       .embedder = "e",
                       .packed = vector.empty() ? "" : PackVector(vector),
                       .change = static_cast<int64_t>(changes.size()) + 1});
  }
  std::vector<ChangedVector> changes;
  size_t read = 0;
};

class UserVectorsTest : public testing::Test {
 protected:
  std::vector<std::string> Nearest(UserVectorCache& cache,
                                   const std::string& user = "ann",
                                   const std::string& persona = "",
                                   size_t limit = 10) {
    const auto ids = cache.Nearest({.user_id = user,
                                    .persona_id = persona,
                                    .embedder = "e",
                                    .least_similarity = 0.25,
                                    .limit = limit},
                                   {1, 0});
    EXPECT_TRUE(ids.ok());
    return ids.value_or(std::vector<std::string>());
  }

  FakeVectors store_;
};

TEST_F(UserVectorsTest, FindsTheNearestFirst) {
  UserVectorCache cache(store_, 1 << 20);
  EXPECT_FALSE(cache.HasAny({.user_id = "ann", .embedder = "e"}).value());
  store_.Change("near", {0.8F, 0.6F});
  store_.Change("nearer", {1, 0});
  store_.Change("far", {0.1F, 0.99F});
  store_.Change("also", {0.8F, 0.6F});
  EXPECT_TRUE(cache.HasAny({.user_id = "ann", .embedder = "e"}).value());
  EXPECT_THAT(Nearest(cache), ElementsAre("nearer", "also", "near"));
  EXPECT_THAT(Nearest(cache, "ann", "", 1), ElementsAre("nearer"));
}

TEST_F(UserVectorsTest, ReadsOnlyWhatHasChanged) {
  UserVectorCache cache(store_, 1 << 20);
  store_.Change("1", {1, 0});
  store_.Change("2", {1, 0});
  EXPECT_THAT(Nearest(cache), ElementsAre("1", "2"));
  EXPECT_THAT(Nearest(cache), ElementsAre("1", "2"));
  EXPECT_EQ(store_.read, 2U);
  store_.Change("1", {});
  store_.Change("3", {1, 0});
  EXPECT_THAT(Nearest(cache), ElementsAre("2", "3"));
  EXPECT_EQ(store_.read, 4U);
  cache.Forget({.user_id = "ann", .embedder = "e"}, {"2", "never there"});
  EXPECT_THAT(Nearest(cache), ElementsAre("3"));
}

TEST_F(UserVectorsTest, TellsAPersonaItsOwnAndEverybodys) {
  UserVectorCache cache(store_, 1 << 20);
  store_.Change("ada's", {1, 0}, "ada");
  store_.Change("everybody's", {1, 0});
  EXPECT_THAT(Nearest(cache, "ann", "ada"), ElementsAre("ada's", "everybody's"));
  EXPECT_THAT(Nearest(cache, "ann", "bea"), ElementsAre("everybody's"));
  EXPECT_THAT(Nearest(cache), ElementsAre("ada's", "everybody's"));
}

TEST_F(UserVectorsTest, KeepsNoVectorOfAnotherEmbedder) {
  UserVectorCache cache(store_, 1 << 20);
  store_.Change("1", {1, 0});
  EXPECT_THAT(Nearest(cache), ElementsAre("1"));
  store_.Change("1", {1, 0});
  store_.changes.back().embedder = "other";
  EXPECT_THAT(Nearest(cache), IsEmpty());
}

TEST_F(UserVectorsTest, MakesRoomForWhoWasAskedAboutLast) {
  store_.Change("1", {1, 0});
  UserVectorCache cache(store_, 450);  // two of them
  Nearest(cache, "ann");
  Nearest(cache, "bob");
  Nearest(cache, "ann");
  EXPECT_EQ(store_.read, 2U);
  Nearest(cache, "cid");
  EXPECT_THAT(Nearest(cache, "ann"), ElementsAre("1"));
  EXPECT_EQ(store_.read, 3U);
  EXPECT_THAT(Nearest(cache, "bob"), ElementsAre("1"));
  EXPECT_EQ(store_.read, 4U);
}

}  // namespace
}  // namespace dramatis::memory
