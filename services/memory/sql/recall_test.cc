// What is recalled of goals and the journal, on SQLite and on PostgreSQL: never what the user keeps
// from personas.
#include "services/memory/memories/recall.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/journal_fixture.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecallStoreTest : public JournalStoreTest {
 protected:
  void Write(const std::string& title, bool shared, const std::string& user_id = "ada") {
    JournalRow row = NewRow(title, user_id);
    row.definition.set_share_with_personas(shared);
    ASSERT_TRUE(Add(row).ok());
  }

  GoalRow NewGoal(const std::string& goal_id, v1::GoalStatus status, bool shared) {
    GoalRow goal;
    goal.user_id = "ada";
    goal.goal_id = goal_id;
    goal.title_key = goal_id;
    goal.definition.set_title(goal_id);
    goal.definition.set_category("tests");
    goal.definition.set_status(status);
    goal.definition.set_goal_pattern(v1::GOAL_PATTERN_MILESTONE);
    goal.definition.mutable_target()->set_value(10);
    goal.definition.set_share_with_personas(shared);
    goal.create_time = clock_.Now();
    goal.update_time = clock_.Now();
    return goal;
  }

  void AddGoalOf(v1::GoalStatus status, bool shared) {
    const GoalRow goal = NewGoal(absl::StrCat("g", ++last_id_), status, shared);
    ASSERT_TRUE(goals_.CreateGoal({}, v1::CreateGoalRequest(), goal, kGoalQuota).ok());
  }

  Recollection Recollect() { return memories_.Recall(search_, 5, 3).value(); }

  std::vector<std::string> RecalledTitles() {
    std::vector<std::string> titles;
    const Recollection recollection = Recollect();
    for (const JournalRow& row : recollection.entries)
      titles.push_back(row.definition.title());
    return titles;
  }

  std::vector<std::string> Sources() {
    v1::RecallRequest request;
    request.set_user_id("ada");
    request.set_persona_id("p1");
    request.set_query("one two three secret");
    request.set_budget_bytes(100'000);
    std::vector<std::string> sources;
    const v1::RecallResponse response = recall_.ForTurn({}, request).value();
    for (const auto& part : response.parts())
      sources.push_back(part.source());
    return sources;
  }

  CountingIdSource ids_;
  Goals use_cases_{goals_, memories_, clock_, ids_};
  Recall recall_{memories_,
                 [this](const std::string& user_id) { return use_cases_.SharedBriefs(user_id); }};
  MemorySearch search_ = [] {
    MemorySearch search;
    search.user_id = "ada";
    search.persona_id = "p1";
    return search;
  }();
};

TEST_P(RecallStoreTest, FindsTheNewestSharedEntries) {
  for (const std::string title : {"one", "two", "three", "four"})
    Write(title, true);
  Write("secret", false);
  Write("somebody else's", true, "bob");

  EXPECT_THAT(RecalledTitles(), ElementsAre("four", "three", "two"));
}

TEST_P(RecallStoreTest, NeverFindsEntriesThatAreKeptFromPersonas) {
  Write("secret one", false);
  Write("secret two", false);
  EXPECT_THAT(RecalledTitles(), IsEmpty());
  EXPECT_THAT(Sources(), IsEmpty());

  JournalRow row = NewRow("told, then kept");
  row.definition.set_share_with_personas(true);
  ASSERT_TRUE(Add(row).ok());
  EXPECT_THAT(Sources(), ElementsAre("journal/" + row.entry_id));
  row.definition.set_share_with_personas(false);
  ASSERT_TRUE(store_.UpdateEntry(row).ok());
  EXPECT_THAT(Sources(), IsEmpty());
}

TEST_P(RecallStoreTest, NeverTellsOfGoalsThatAreKeptFromPersonasOrNotActive) {
  AddGoalOf(v1::GOAL_STATUS_ACTIVE, false);
  AddGoalOf(v1::GOAL_STATUS_PAUSED, true);
  AddGoalOf(v1::GOAL_STATUS_ARCHIVED, true);
  EXPECT_FALSE(Recollect().has_goals);
  EXPECT_THAT(Sources(), IsEmpty());

  AddGoalOf(v1::GOAL_STATUS_ACTIVE, true);

  EXPECT_TRUE(Recollect().has_goals);
  EXPECT_THAT(Sources(), ElementsAre(absl::StrCat("goal/g", last_id_)));
}

TEST_P(RecallStoreTest, TakesTheBeginningOfALongEntry) {
  JournalRow row = NewRow("long");
  std::string content;
  for (int i = 0; i < 10'000; ++i)
    content += "\u732b\u304c ";
  row.definition.set_content(content);
  row.definition.set_share_with_personas(true);
  ASSERT_TRUE(Add(row).ok());

  EXPECT_EQ(Recollect().entries[0].definition.content(),
            content.substr(0, 2000 / 3 * 7 + (2000 % 3) * 3));
}

DRAMATIS_ON_EVERY_ENGINE(RecallStoreTest);

}  // namespace
}  // namespace dramatis::memory
