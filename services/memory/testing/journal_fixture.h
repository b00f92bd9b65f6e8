// The journal's store under test on one engine, and short ways to fill it and to ask it.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "gtest/gtest.h"
#include "services/memory/goals/goals.h"
#include "services/memory/sql/goals.h"
#include "services/memory/sql/journal.h"
#include "services/memory/sql/store.h"
#include "shared/sql/testing/test_database.h"
#include "shared/text/words.h"

namespace dramatis::memory {

class JournalStoreTest : public sql::DatabaseTest {
 protected:
  JournalStoreTest()
      : DatabaseTest(embedded::memory_migrations()),
        store_(db(), clock_),
        goals_(db(), clock_),
        memories_(db(), clock_) {}

  JournalRow NewRow(const std::string& title, const std::string& user_id = "ada") {
    clock_.Advance(absl::Seconds(1));
    JournalRow row;
    row.user_id = user_id;
    row.entry_id = absl::StrCat("e", 100 + ++last_id_);
    row.definition.set_title(title);
    row.definition.set_content("We met.");
    row.definition.set_template_("blank");
    row.definition.set_share_with_personas(false);
    row.word_count = 2;
    row.create_time = clock_.Now();
    row.update_time = row.create_time;
    return row;
  }

  absl::Status Add(const JournalRow& row) { return store_.CreateEntry({}, {}, row, {}).status(); }

  JournalRow Tagged(const std::string& title, const std::vector<std::string>& tags) {
    JournalRow row = NewRow(title);
    for (const std::string& tag : tags)
      row.definition.add_tags(tag);
    EXPECT_TRUE(Add(row).ok());
    return row;
  }

  // An active goal.
  std::string AddGoal(const std::string& goal_id, const std::string& user_id = "ada") {
    GoalRow goal;
    goal.user_id = user_id;
    goal.goal_id = goal_id;
    goal.title_key = goal_id;
    goal.definition.set_title(goal_id);
    goal.definition.set_status(v1::GOAL_STATUS_ACTIVE);
    goal.definition.set_goal_pattern(v1::GOAL_PATTERN_MILESTONE);
    goal.create_time = clock_.Now();
    goal.update_time = clock_.Now();
    EXPECT_TRUE(goals_.CreateGoal({}, v1::CreateGoalRequest(), goal, kGoalQuota).ok());
    return goal_id;
  }

  static JournalQuery Of(const std::string& user_id) {
    JournalQuery query;
    query.user_id = user_id;
    return query;
  }

  static JournalQuery Asking(const std::string& question) {
    JournalQuery query = Of("ada");
    query.words = QueryWords(question);
    return query;
  }

  std::vector<std::string> Titles(const JournalQuery& query) {
    std::vector<std::string> titles;
    const JournalPage page = store_.ListEntries(query).value();
    for (const JournalRow& row : page.entries)
      titles.push_back(row.definition.title());
    return titles;
  }

  FakeClock clock_;
  SqlJournalStore store_;
  SqlGoalStore goals_;
  SqlStore memories_;
  int last_id_ = 0;
};

}  // namespace dramatis::memory
