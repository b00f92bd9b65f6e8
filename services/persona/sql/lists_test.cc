// The promises of model/store.h about lists, on every engine.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/model/definition.h"
#include "services/persona/sql/names.h"
#include "services/persona/testing/store_fixture.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ListStoreTest : public StoreTest {};

TEST_P(ListStoreTest, ListsOwnAndPublicPersonas) {
  Add("alice", "own");
  Add("alice", "own public", true);
  Add("bob", "private");
  Add("bob", "public", true);

  EXPECT_THAT(Names(VisibleTo("alice")), ElementsAre("public", "own public", "own"));
  EXPECT_THAT(Names({}), ElementsAre("public", "private", "own public", "own"));
}

TEST_P(ListStoreTest, FoldsNamesThatWereKeptOtherwise) {
  const PersonaRow first = Add("alice", "ÉLAN");
  const PersonaRow second = Add("alice", "Zoë");
  ASSERT_TRUE(db().Write([](sql::Transaction& tx) -> absl::Status {
                    for (const char* table : {"personas", "persona_names"}) {
                      const auto done = tx.ExecuteText(
                          absl::StrCat("update ", table,
                                       " set name_key = $2 where persona_id = "
                                       "(select persona_id from personas where name = $1)"),
                          {"ÉLAN", sql::Bytes{"ÉLan"}});
                      if (!done.ok()) return done.status();
                    }
                    return tx.ExecuteText("update personas set search_text = 'old'", {}).status();
                  })
                  .ok());

  for (const sql::Backfill& backfill : NameBackfills())
    ASSERT_TRUE(sql::RunBackfill(db(), backfill).ok());

  EXPECT_TRUE(absl::IsAlreadyExists(store_.Ensure(NewRow("alice", "élan")).status()));
  PersonaQuery found;
  found.text = SearchText("elan");
  EXPECT_THAT(Names(found), ElementsAre("ÉLAN"));
}

TEST_P(ListStoreTest, ListsOneOwners) {
  Add("alice", "own");
  Add("bob", "private");
  Add("bob", "public", true);
  PersonaQuery bobs;
  bobs.owner_id = "bob";

  EXPECT_THAT(Names(bobs), ElementsAre("public", "private"));
}

TEST_P(ListStoreTest, FiltersByEverythingAtOnce) {
  PersonaRow row = NewRow("alice", "Ada");
  row.definition.set_description("Writes 100% of the PROGRAMS");
  row.definition.add_knowledge(v1::KNOWLEDGE_SCIENCE);
  row.definition.add_knowledge(v1::KNOWLEDGE_ARTS);
  row.definition.set_communication_style(v1::COMMUNICATION_STYLE_FORMAL);
  row.definition.set_is_public(true);
  Add(row);
  Add("alice", "Eve");
  PersonaQuery query = VisibleTo("bob");
  query.type = v1::PERSONA_TYPE_HUMAN;
  query.others_type = v1::PERSONA_TYPE_AI_AGENT;
  query.is_public = true;
  query.knowledge = KnowledgeMask({v1::KNOWLEDGE_SCIENCE, v1::KNOWLEDGE_ARTS});
  query.communication_style = v1::COMMUNICATION_STYLE_FORMAL;
  query.text = "100% of the programs";
  EXPECT_THAT(Names(query), ElementsAre("Ada"));

  const auto without = [&](auto change) {
    PersonaQuery other = query;
    change(other);
    return Names(other);
  };
  EXPECT_THAT(without([](auto& q) { q.others_type = v1::PERSONA_TYPE_HUMAN; }), IsEmpty());
  EXPECT_THAT(without([](auto& q) { q.is_public = false; }), IsEmpty());
  EXPECT_THAT(without([](auto& q) { q.knowledge |= 1 << v1::KNOWLEDGE_HEALTH; }), IsEmpty());
  EXPECT_THAT(without([](auto& q) { q.communication_style = v1::COMMUNICATION_STYLE_CASUAL; }),
              IsEmpty());
  EXPECT_THAT(without([](auto& q) { q.text = "100_ of"; }), IsEmpty());
}

TEST_P(ListStoreTest, FiltersWhatIsMaskedAsOfNoKnownType) {
  const PersonaRow eve = Add("alice", "Eve", true);
  Add("alice", "Ann", true);
  v1::SetMasksRequest masks;
  masks.set_conversation_id("c1");
  masks.add_viewers()->set_user_id("bob");
  masks.mutable_viewers(0)->add_persona_ids(eve.persona_id);
  ASSERT_TRUE(store_.SetMasks(masks).ok());
  ASSERT_TRUE(store_.SetMasks(masks).ok());

  PersonaQuery query = VisibleTo("bob");
  query.type = query.others_type = eve.definition.type();
  EXPECT_THAT(Names(query), ElementsAre("Ann"));
  EXPECT_THAT(*store_.MaskedFor("bob"), ElementsAre(eve.persona_id));
  query.others_type = v1::PERSONA_TYPE_AI_AMBIGUOUS;
  query.masked_too = true;
  EXPECT_THAT(Names(query), ElementsAre("Eve"));
  query.visible_to = "carol";
  EXPECT_THAT(Names(query), IsEmpty());

  masks.mutable_viewers(0)->clear_persona_ids();
  ASSERT_TRUE(store_.SetMasks(masks).ok());
  EXPECT_THAT(*store_.MaskedFor("bob"), IsEmpty());
}

TEST_P(ListStoreTest, FiltersOwnAndOtherPeoplesTypesApart) {
  for (const std::string owner : {"alice", "bob"}) {
    PersonaRow row = NewRow(owner, owner + "'s human");
    row.definition.set_type(v1::PERSONA_TYPE_HUMAN);
    row.definition.set_is_public(true);
    Add(row);
    Add(owner, owner + "'s agent", true);
  }
  PersonaQuery query = VisibleTo("alice");
  query.type = v1::PERSONA_TYPE_HUMAN;
  EXPECT_THAT(Names(query), ElementsAre("bob's agent", "bob's human", "alice's human"));
  query.others_type = v1::PERSONA_TYPE_AI_AGENT;
  EXPECT_THAT(Names(query), ElementsAre("bob's agent", "alice's human"));
  query.owner_id = "alice";
  EXPECT_THAT(Names(query), ElementsAre("alice's human"));
  query.owner_id.reset();
  query.visible_to.reset();
  EXPECT_THAT(Names(query), ElementsAre("bob's human", "alice's human"));
}

TEST_P(ListStoreTest, FindsDefaultsByTheirValue) {
  Add("alice", "Ada");
  PersonaQuery query;
  query.knowledge = KnowledgeMask({v1::KNOWLEDGE_GENERAL});
  query.communication_style = v1::COMMUNICATION_STYLE_CASUAL;

  EXPECT_THAT(Names(query), ElementsAre("Ada"));
}

TEST_P(ListStoreTest, OrdersNamesBytewiseWithoutAsciiCase) {
  for (const std::string name : {"b", "A", "\xc3\xa4", "a b", "a-b", "_"})
    Add("alice", name);
  PersonaQuery query;
  query.order = PersonaOrder::kName;
  query.descending = false;

  EXPECT_THAT(Names(query), ElementsAre("_", "A", "a b", "a-b", "b", "\xc3\xa4"));
  query.descending = true;
  EXPECT_THAT(Names(query), ElementsAre("\xc3\xa4", "b", "a-b", "a b", "A", "_"));
}

TEST_P(ListStoreTest, PagesThroughEveryOrderWithoutRepeatingOrHiding) {
  for (int i = 0; i < 5; ++i) {
    Add("alice", "own " + std::to_string(i % 3) + std::to_string(i));
    Add("bob", "public " + std::to_string(i), true);
  }
  for (const PersonaOrder order : {PersonaOrder::kCreateTime, PersonaOrder::kName}) {
    for (const bool descending : {true, false}) {
      PersonaQuery query = VisibleTo("alice");
      query.order = order;
      query.descending = descending;
      const std::vector<std::string> all = Names(query);
      ASSERT_THAT(all, SizeIs(10));
      query.limit = 3;
      std::vector<std::string> paged;
      PersonaPage page;
      do {
        page = List(query);
        for (const PersonaRow& row : page.personas)
          paged.push_back(row.definition.name());
        query.after = PositionOf(page.personas.back());
      } while (page.more);

      EXPECT_EQ(paged, all);
    }
  }
}

TEST_P(ListStoreTest, KeepsPagesApartWhileRowsAreAdded) {
  for (int i = 0; i < 4; ++i)
    Add("alice", "old " + std::to_string(i));
  PersonaQuery query = VisibleTo("alice");
  query.limit = 2;
  const PersonaPage first = List(query);
  Add("alice", "new");

  query.after = PositionOf(first.personas.back());

  EXPECT_THAT(Names(query), ElementsAre("old 1", "old 0"));
}

TEST_P(ListStoreTest, TellsPersonasOfOneMomentApart) {
  PersonaRow row = NewRow("alice", "Ada");
  for (const std::string name : {"Ada", "Bea", "Cleo"}) {
    row.persona_id = ids_.NewId();
    row.definition.set_name(name);
    Add(row);
  }
  PersonaQuery query;
  query.limit = 1;
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const PersonaPage page = List(query);
    ASSERT_THAT(page.personas, SizeIs(1));
    EXPECT_EQ(page.more, i < 2);
    names.push_back(page.personas[0].definition.name());
    query.after = PositionOf(page.personas[0]);
  }
  EXPECT_THAT(names, ElementsAre("Cleo", "Bea", "Ada"));
}

TEST_P(ListStoreTest, EndsAPageEarlyRatherThanHoldTooMuch) {
  for (int i = 0; i < 4; ++i) {
    PersonaRow row = NewRow("alice", "Persona " + std::to_string(i));
    row.definition.set_biography(std::string(1000, 'a'));
    Add(row);
  }
  PersonaQuery query;
  query.max_bytes = 2500;
  EXPECT_THAT(Names(query), ElementsAre("Persona 3", "Persona 2"));
  EXPECT_TRUE(List(query).more);

  query.max_bytes = 1;
  EXPECT_THAT(Names(query), ElementsAre("Persona 3"));
  EXPECT_TRUE(List(query).more);

  query.max_bytes = 1 << 20;
  EXPECT_THAT(Names(query), SizeIs(4));
  EXPECT_FALSE(List(query).more);
}

TEST_P(ListStoreTest, ListsNothingFromNothing) {
  const PersonaPage page = List(VisibleTo("alice"));

  EXPECT_THAT(page.personas, IsEmpty());
  EXPECT_FALSE(page.more);
}

DRAMATIS_ON_EVERY_ENGINE(ListStoreTest);

}  // namespace
}  // namespace dramatis::persona
