// The sample data, on every engine.
#include "services/memory/sql/sample.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/goals/goals.h"
#include "services/memory/journal/journal.h"
#include "services/memory/profile/profiles.h"
#include "services/memory/sql/goals.h"
#include "services/memory/sql/journal.h"
#include "services/memory/testing/store_fixture.h"

namespace dramatis::memory {
namespace {

using sql::SampleState;
using testing::ElementsAre;
using testing::Pair;

class SampleStoreTest : public MemoryStoreTest {
 protected:
  SampleState State() {
    return db().Read([](sql::Transaction& tx) { return Sample().state(tx); }).value();
  }
  absl::StatusOr<std::map<std::string, int>> Write() {
    return db().Write([&](sql::Transaction& tx) { return Sample().write(tx, clock_.Now()); });
  }
  static CallContext CallBy(const std::string& user) {
    CallContext call;
    call.identity = {.user_id = user};
    return call;
  }

  SqlGoalStore goal_store_{db(), clock_};
  SqlJournalStore journal_store_{db(), clock_};
  CountingIdSource goal_ids_;
  Goals goals_{goal_store_, store_, clock_, goal_ids_};
  Journal journal_{journal_store_, store_, clock_, goal_ids_};
};

TEST_P(SampleStoreTest, IsForEmptyStores) {
  EXPECT_EQ(State(), SampleState::kEmpty);
  v1::UpdateProfileRequest request;
  request.mutable_profile()->set_display_name("Alice");
  ASSERT_TRUE(Profiles(store_, clock_).Update(CallBy("alice"), request).ok());
  EXPECT_EQ(State(), SampleState::kOccupied);
}

TEST_P(SampleStoreTest, WritesWhatItSays) {
  const absl::StatusOr<std::map<std::string, int>> written = Write();
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written,
              ElementsAre(Pair("activities", 11), Pair("goals", 3), Pair("journalEntries", 3),
                          Pair("keys", 1), Pair("memories", 6), Pair("profiles", 3)));
  EXPECT_EQ(State(), SampleState::kSeeded);
}

TEST_P(SampleStoreTest, GivesTheGoalsProgress) {
  ASSERT_TRUE(Write().ok());
  for (const char* user : {"mara", "jonas", "priya"}) {
    const v1::ListGoalsResponse goals = goals_.List(CallBy(user), {}).value();
    ASSERT_EQ(goals.goals_size(), 1) << user;
    v1::GetGoalProgressRequest request;
    request.set_goal_id(goals.goals(0).goal_id());
    EXPECT_GT(goals_.Progress(CallBy(user), request)->progress(), 0) << user;
  }
}

TEST_P(SampleStoreTest, GivesEachUserAJournal) {
  ASSERT_TRUE(Write().ok());
  for (const char* user : {"mara", "jonas", "priya"}) {
    EXPECT_EQ(journal_.List(CallBy(user), {})->entries_size(), 1) << user;
  }
}

TEST_P(SampleStoreTest, IsWrittenOnce) {
  ASSERT_TRUE(Write().ok());
  EXPECT_FALSE(Write().ok());
}

DRAMATIS_ON_EVERY_ENGINE(SampleStoreTest);

}  // namespace
}  // namespace dramatis::memory
