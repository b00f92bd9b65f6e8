// The sample data, on every engine.
#include "services/persona/sql/sample.h"

#include <set>
#include <string>

#include "embedded/persona_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/sources/source_follower.h"
#include "services/persona/testing/store_fixture.h"
#include "shared/rules/field_rules.h"

namespace dramatis::persona {
namespace {

using sql::SampleState;
using testing::ElementsAre;
using testing::Pair;

class SampleStoreTest : public StoreTest {
 protected:
  SampleState State() {
    return db().Read([](sql::Transaction& tx) { return Sample().state(tx); }).value();
  }
  absl::StatusOr<std::map<std::string, int>> Write() {
    return db().Write([&](sql::Transaction& tx) { return Sample().write(tx, clock_.Now()); });
  }
};

TEST_P(SampleStoreTest, IsForStoresWithoutPersonas) {
  EXPECT_EQ(State(), SampleState::kEmpty);
  Add(kSystemOwner, "The default one", true);
  EXPECT_EQ(State(), SampleState::kEmpty);
  Add("alice", "Ada");
  EXPECT_EQ(State(), SampleState::kOccupied);
}

TEST_P(SampleStoreTest, WritesSixPersonasOfThreePeople) {
  EXPECT_THAT(Write().value(), ElementsAre(Pair("personas", 6)));
  EXPECT_EQ(State(), SampleState::kSeeded);
  std::set<std::string> owners;
  const PersonaPage page = List({});
  for (const PersonaRow& row : page.personas) {
    owners.insert(row.owner_id);
    EXPECT_EQ(row.version, 1);
  }
  EXPECT_THAT(owners, ElementsAre("jonas", "mara", "priya"));
}

TEST_P(SampleStoreTest, KeepsTheRulesOfThoseWhoWriteThroughTheApi) {
  ASSERT_TRUE(Write().ok());
  const PersonaPage page = List({});
  for (const PersonaRow& row : page.personas) {
    v1::CreatePersonaRequest request;
    *request.mutable_persona() = row.definition;
    EXPECT_TRUE(CheckFieldRules(request).ok()) << CheckFieldRules(request);
    EXPECT_TRUE(CheckDefinition(row.definition).empty());
  }
}

TEST_P(SampleStoreTest, StaysSeededWhenItsUsersGoOn) {
  ASSERT_TRUE(Write().ok());
  Add("alice", "Ada");
  EXPECT_EQ(State(), SampleState::kSeeded);
  EXPECT_FALSE(Write().ok());
}

DRAMATIS_ON_EVERY_ENGINE(SampleStoreTest);

}  // namespace
}  // namespace dramatis::persona
