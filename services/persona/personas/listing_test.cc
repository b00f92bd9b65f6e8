#include "services/persona/personas/listing.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/testing/personas_fixture.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListingTest : public PersonasTest {};

TEST_F(ListingTest, ListsOwnAndPublicNewestFirst) {
  CreatePrivate("alice", "Ada");
  CreatePrivate("bob", "Bea");
  CreatePublic("bob", "Cleo");

  EXPECT_THAT(ListNames(alice_), ElementsAre("Cleo", "Ada"));
  EXPECT_THAT(ListNames(admin_), ElementsAre("Cleo", "Bea", "Ada"));
}

TEST_F(ListingTest, ListsTheCallersOwn) {
  CreatePrivate("alice", "Ada");
  CreatePublic("bob", "Cleo");
  v1::ListPersonasRequest mine;
  mine.set_owner_id("me");
  v1::ListPersonasRequest bobs;
  bobs.set_owner_id("bob");

  EXPECT_THAT(ListNames(alice_, mine), ElementsAre("Ada"));
  EXPECT_THAT(ListNames(bob_, bobs), ElementsAre("Cleo"));
  EXPECT_THAT(ListNames(admin_, bobs), ElementsAre("Cleo"));
}

TEST_F(ListingTest, TheBasicViewIsWithoutTexts) {
  v1::CreatePersonaRequest create;
  create.mutable_persona()->set_name("Ada");
  create.mutable_persona()->set_type(v1::PERSONA_TYPE_AI_AGENT);
  create.mutable_persona()->set_description("Builds telescopes");
  create.mutable_persona()->set_biography("I build telescopes.");
  create.mutable_persona()->set_system_prompt("Be brief.");
  create.mutable_persona()->set_greeting("Hello");
  ASSERT_TRUE(personas_.Create(alice_, create).ok());
  v1::ListPersonasRequest basic;
  basic.set_view(v1::PERSONA_VIEW_BASIC);

  const v1::Persona full = personas_.List(alice_, {}).value().personas(0);
  v1::Persona shown = personas_.List(alice_, basic).value().personas(0);

  EXPECT_EQ(full.biography(), "I build telescopes.");
  EXPECT_EQ(shown.biography(), "");
  EXPECT_FALSE(shown.has_system_prompt());
  EXPECT_EQ(shown.greeting(), "");
  shown.set_biography(full.biography());
  shown.set_system_prompt(full.system_prompt());
  shown.set_greeting(full.greeting());
  EXPECT_EQ(shown.DebugString(), full.DebugString());
}

TEST_F(ListingTest, DoesNotTellWhoseAPersonaIsThroughAFilter) {
  CreatePublic("bob", "Cleo");
  v1::ListPersonasRequest bobs;
  bobs.set_owner_id("bob");

  EXPECT_THAT(ListNames(alice_, bobs), IsEmpty());
}

TEST_F(ListingTest, OrdersAsAsked) {
  CreatePrivate("alice", "bea");
  CreatePrivate("alice", "Ada");
  CreatePrivate("alice", "Cleo");
  const auto ordered = [&](const std::string& order) {
    v1::ListPersonasRequest request;
    request.set_order_by(order);
    return ListNames(alice_, request);
  };

  EXPECT_THAT(ordered("name"), ElementsAre("Ada", "bea", "Cleo"));
  EXPECT_THAT(ordered("name desc"), ElementsAre("Cleo", "bea", "Ada"));
  EXPECT_THAT(ordered("createTime"), ElementsAre("bea", "Ada", "Cleo"));
  EXPECT_THAT(ordered("create_time asc"), ElementsAre("bea", "Ada", "Cleo"));
  EXPECT_THAT(ordered("createTime desc"), ElementsAre("Cleo", "Ada", "bea"));
}

TEST_F(ListingTest, PagesThroughEverythingOnce) {
  for (int i = 0; i < 7; ++i)
    CreatePrivate("alice", "Persona " + std::to_string(i));
  for (const std::string order : {"", "name", "name desc", "createTime"}) {
    v1::ListPersonasRequest request;
    request.set_order_by(order);
    const std::vector<std::string> all = ListNames(alice_, request);
    request.set_page_size(3);
    std::vector<std::string> paged;
    do {
      const v1::ListPersonasResponse page = *personas_.List(alice_, request);
      for (const v1::Persona& persona : page.personas())
        paged.push_back(persona.name());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());

    EXPECT_EQ(paged, all) << order;
  }
}

TEST_F(ListingTest, RefusesATokenOfAnotherList) {
  CreatePublic("alice", "Ada");
  CreatePublic("alice", "Eve");
  v1::ListPersonasRequest request;
  request.set_page_size(1);
  request.set_page_token(personas_.List(alice_, request)->next_page_token());
  ASSERT_TRUE(personas_.List(alice_, request).ok());

  v1::ListPersonasRequest other_filter = request;
  other_filter.set_q("a");
  v1::ListPersonasRequest other_order = request;
  other_order.set_order_by("name");
  v1::ListPersonasRequest forged = request;
  forged.set_page_token("forged");

  EXPECT_EQ(GetReason(personas_.List(bob_, request).status()), "INVALID_CURSOR");
  EXPECT_EQ(GetReason(personas_.List(alice_, other_filter).status()), "INVALID_CURSOR");
  EXPECT_EQ(GetReason(personas_.List(alice_, other_order).status()), "INVALID_CURSOR");
  EXPECT_EQ(GetReason(personas_.List(alice_, forged).status()), "INVALID_CURSOR");
}

}  // namespace
}  // namespace dramatis::persona
