// What a search finds, and in which order: the same on SQLite and on PostgreSQL.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/model/store.h"
#include "services/memory/sql/reindex.h"
#include "services/memory/testing/store_fixture.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class SearchStoreTest : public MemoryStoreTest {};

TEST_P(SearchStoreTest, ListsWhatAPersonaRemembers) {
  const std::string shared = Remember("everybody's");
  const std::string own = RememberFor("p1", "one's");
  RememberFor("p2", "another's");
  MemoryQuery query;
  query.user_id = "ada";
  query.persona_id = "p1";

  EXPECT_THAT(Ids(store_.List(query)->memories), ElementsAre(own, shared));
}

TEST_P(SearchStoreTest, FindsOtherFormsOfEnglishWords) {
  const std::string cat = Remember("The cat was running in gardens.");

  for (const std::string query : {"cats", "run", "garden", "Runs!", "CAT"}) {
    EXPECT_THAT(Found(For(query)), ElementsAre(cat)) << query;
  }
  EXPECT_THAT(Found(For("dog")), IsEmpty());
}

TEST_P(SearchStoreTest, FindsWordsOfOtherLanguages) {
  const std::string cafe = Remember("Hon träffade Åsa på ett CAFÉ.");
  const std::string moscow = Remember("Она живёт в МОСКВЕ");
  const std::string cats = Remember("私は猫が好きです");

  EXPECT_THAT(Found(For("cafe")), ElementsAre(cafe));
  EXPECT_THAT(Found(For("åsa")), ElementsAre(cafe));
  EXPECT_THAT(Found(For("москве")), ElementsAre(moscow));
  EXPECT_THAT(Found(For("猫が")), ElementsAre(cats));
}

TEST_P(SearchStoreTest, FindsSingleCharactersOfScriptsWithoutSpaces) {
  const std::string cats = Remember("私は猫が好きです");
  const std::string coffee = Remember("コーヒーと猫");

  EXPECT_THAT(Found(For("猫")), UnorderedElementsAre(cats, coffee));
  EXPECT_THAT(Found(For("コーヒー")), ElementsAre(coffee));
  EXPECT_THAT(Found(For("犬")), IsEmpty());
}

TEST_P(SearchStoreTest, IndexesAgainWhatWasIndexedOtherwise) {
  const std::string cats = Remember("私は猫が好きです");
  ASSERT_TRUE(db().Write([](sql::Transaction& tx) {
                    return tx.ExecuteText("update memories set words = '猫が が好'", {}).status();
                  })
                  .ok());
  EXPECT_THAT(Found(For("猫")), IsEmpty());

  for (const sql::Backfill& backfill : WordBackfills())
    ASSERT_TRUE(sql::RunBackfill(db(), backfill).ok());

  EXPECT_THAT(Found(For("猫")), ElementsAre(cats));
}

TEST_P(SearchStoreTest, FindsPiecesOfAddressesNumbersAndPaths) {
  const std::string mail = Remember("Write to ada@example.com about covid-19 and /usr/share, e.g.");

  for (const std::string query : {"ada", "example", "covid", "19", "usr", "share"}) {
    EXPECT_THAT(Found(For(query)), ElementsAre(mail)) << query;
  }
}

TEST_P(SearchStoreTest, TakesQuerySyntaxForText) {
  const std::string tea = Remember("Ada likes tea.");

  for (const std::string query :
       {"\"tea", "tea' OR '1'='1", "words:tea", "tea AND (", "tea & ! |", "tea:*", "\\tea\\"}) {
    EXPECT_THAT(Found(For(query)), ElementsAre(tea)) << query;
  }
  EXPECT_THAT(Found(For("NOT coffee")), IsEmpty());
}

TEST_P(SearchStoreTest, FindsNothingForStopWordsAlone) {
  Remember("Who is the one that will do it?");

  EXPECT_THAT(Found(For("who will the")), IsEmpty());
  EXPECT_THAT(Found(For("")), IsEmpty());
}

TEST_P(SearchStoreTest, RanksRarerWordsAndMoreWordsHigher) {
  const std::string tea1 = Remember("He drinks tea at home.");
  const std::string tea2 = Remember("She drinks tea at work.");
  const std::string violin = Remember("She plays the violin.");
  const std::string both = Remember("They play violin and drink tea.");

  EXPECT_THAT(Found(For("tea or violin?")), ElementsAre(both, violin, tea1, tea2));
}

TEST_P(SearchStoreTest, RanksTheShorterOfEqualsHigher) {
  std::string story = "tea";
  for (int i = 0; i < 100; ++i)
    absl::StrAppend(&story, " something", i);
  const std::string long_one = Remember(story);
  const std::string short_one = Remember("tea");

  EXPECT_THAT(Found(For("tea")), ElementsAre(short_one, long_one));
}

TEST_P(SearchStoreTest, OrdersEqualsById) {
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i)
    ids.push_back(Remember("green tea with milk"));

  EXPECT_EQ(Found(For("milk tea green")), ids);
}

TEST_P(SearchStoreTest, ScoresTheSameOnEveryEngine) {
  Remember("tea");
  Remember("milk");
  Remember("milk tea");

  const std::vector<ScoredMemory> found = store_.Search(For("tea")).value();

  // ln(1 + (3 - 2 + 0.5) / (2 + 0.5)), taken down by the length of the words.
  ASSERT_EQ(found.size(), 2);
  EXPECT_NEAR(found[0].score, 0.470004 / 1.003, 2e-6);
  EXPECT_NEAR(found[1].score, 0.470004 / 1.008, 2e-6);
}

TEST_P(SearchStoreTest, FindsTheCallersOwnOnly) {
  const std::string own = Remember("Ada likes tea.");
  const std::string other = Remember("Bob likes tea.", "bob");
  Remember("tea", "");
  Remember("tea", "ADA");
  Remember("tea", "ada%' or '1'='1");

  EXPECT_THAT(Found(For("tea")), ElementsAre(own));
  EXPECT_THAT(Found(For("tea", "bob")), ElementsAre(other));
  EXPECT_THAT(Found(For("tea", "eve")), IsEmpty());
}

TEST_P(SearchStoreTest, ScoresByTheCallersOwnMemoriesOnly) {
  Remember("tea");
  Remember("milk");
  const double before = store_.Search(For("tea"))->at(0).score;

  for (int i = 0; i < 5; ++i)
    Remember("tea", "bob");

  EXPECT_EQ(store_.Search(For("tea"))->at(0).score, before);
}

TEST_P(SearchStoreTest, SearchesWhatAPersonaRemembers) {
  const std::string shared = Remember("tea");
  const std::string own = RememberFor("p1", "tea");
  const std::string other = RememberFor("p2", "tea");
  MemorySearch search = For("tea");

  EXPECT_THAT(Found(search), ElementsAre(shared, own, other));
  search.persona_id = "p1";
  EXPECT_THAT(Found(search), ElementsAre(shared, own));
  search.limit = 1;
  EXPECT_THAT(Found(search), ElementsAre(shared));
}

TEST_P(SearchStoreTest, SearchesWhatAMemorySaysNow) {
  MemoryRow row = NewRow("tea");
  ASSERT_TRUE(Add(row).ok());
  row.content = "coffee";
  ASSERT_TRUE(store_.Update(row).ok());

  EXPECT_THAT(Found(For("tea")), IsEmpty());
  EXPECT_THAT(Found(For("coffee")), ElementsAre(row.memory_id));
}

TEST_P(SearchStoreTest, RecallsProfileMatchesAndTheNewest) {
  ProfileRow profile;
  profile.user_id = "ada";
  profile.definition.set_display_name("Ada");
  ASSERT_TRUE(store_.WriteProfile(profile).ok());
  const std::string tea = Remember("tea");
  const std::string milk = Remember("milk");
  RememberFor("p2", "tea");
  const std::string own = RememberFor("p1", "coffee");
  MemorySearch search = For("tea");
  search.persona_id = "p1";

  const Recollection recollection = store_.Recall(search, 2, 5).value();

  EXPECT_EQ(recollection.profile->definition.display_name(), "Ada");
  ASSERT_EQ(recollection.matches.size(), 1);
  EXPECT_EQ(recollection.matches[0].memory.memory_id, tea);
  EXPECT_THAT(Ids(recollection.recent), ElementsAre(own, milk));
}

TEST_P(SearchStoreTest, RecallsNothingOfAnUnknownUser) {
  Remember("tea", "bob");

  const Recollection recollection = store_.Recall(For("tea"), 5, 5).value();

  EXPECT_EQ(recollection.profile, std::nullopt);
  EXPECT_THAT(recollection.matches, IsEmpty());
  EXPECT_THAT(recollection.recent, IsEmpty());
  EXPECT_THAT(recollection.entries, IsEmpty());
  EXPECT_FALSE(recollection.has_goals);
}

DRAMATIS_ON_EVERY_ENGINE(SearchStoreTest);

}  // namespace
}  // namespace dramatis::memory
