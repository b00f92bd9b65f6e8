// What strangers are told of a persona whose type is hidden (contract: "Masking").
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/testing/personas_fixture.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MaskingTest : public PersonasTest {
 protected:
  std::vector<std::string> NamesOfType(const CallContext& call, v1::PersonaType type) {
    v1::ListPersonasRequest request;
    request.set_type(type);
    return ListNames(call, request);
  }
  v1::PersonaType ListedType(const CallContext& call) {
    return personas_.List(call, {})->personas(0).type();
  }
};

TEST_F(MaskingTest, TellsTheTypeToOwnerAndAdminsOnly) {
  const v1::Persona created = CreateAmbiguous("alice", "Ada");
  EXPECT_EQ(created.type(), v1::PERSONA_TYPE_AI_AMBIGUOUS);
  for (const CallContext& call : {alice_, admin_}) {
    EXPECT_EQ(Get(call, created.persona_id())->type(), v1::PERSONA_TYPE_AI_AMBIGUOUS);
    EXPECT_EQ(ListedType(call), v1::PERSONA_TYPE_AI_AMBIGUOUS);
  }
  for (const CallContext& call : {bob_, CallBy("bob", AccessRole::kService)}) {
    EXPECT_EQ(Get(call, created.persona_id())->type(), v1::PERSONA_TYPE_UNKNOWN);
    EXPECT_EQ(ListedType(call), v1::PERSONA_TYPE_UNKNOWN);
  }
}

TEST_F(MaskingTest, LeavesOutWhatOnlyAModelsPersonaHas) {
  const v1::Persona created = CreateAmbiguous("alice", "Ada");
  EXPECT_TRUE(Get(alice_, created.persona_id())->has_response_delay());

  const v1::Persona seen = *Get(bob_, created.persona_id());

  EXPECT_FALSE(seen.has_response_delay());
  EXPECT_FALSE(seen.has_model_config());
  EXPECT_FALSE(seen.has_owner_id());
}

TEST_F(MaskingTest, FindsByTheTypeThatTheCallerIsShown) {
  CreateAmbiguous("alice", "Ada");
  CreatePublic("alice", "Eve");

  EXPECT_THAT(NamesOfType(bob_, v1::PERSONA_TYPE_AI_AMBIGUOUS), IsEmpty());
  EXPECT_THAT(NamesOfType(bob_, v1::PERSONA_TYPE_HUMAN), IsEmpty());
  EXPECT_THAT(NamesOfType(bob_, v1::PERSONA_TYPE_AI_AGENT), ElementsAre("Eve"));
  EXPECT_THAT(NamesOfType(bob_, v1::PERSONA_TYPE_UNKNOWN), ElementsAre("Ada"));
  for (const CallContext& call : {alice_, admin_}) {
    EXPECT_THAT(NamesOfType(call, v1::PERSONA_TYPE_AI_AMBIGUOUS), ElementsAre("Ada"));
    EXPECT_THAT(NamesOfType(call, v1::PERSONA_TYPE_UNKNOWN), IsEmpty());
  }
}

TEST_F(MaskingTest, RefusesStrangersChangesWithoutTelling) {
  const v1::Persona ambiguous = CreateAmbiguous("alice", "Ada");
  const v1::Persona agent = CreatePublic("alice", "Eve");
  v1::Persona changes;
  changes.set_description("new");

  EXPECT_EQ(Update(bob_, ambiguous.persona_id(), changes).status(),
            Update(bob_, agent.persona_id(), changes).status());
  EXPECT_EQ(Delete(bob_, ambiguous.persona_id()), Delete(bob_, agent.persona_id()));
}

TEST_F(MaskingTest, ComparesWithoutTelling) {
  v1::ComparePersonasRequest request;
  request.set_persona_id(CreateAmbiguous("alice", "Ada").persona_id());
  request.set_with(CreatePublic("alice", "Eve").persona_id());

  const v1::ComparePersonasResponse seen = *personas_.Compare(bob_, request);

  EXPECT_EQ(seen.SerializeAsString(), personas_.Compare(alice_, request)->SerializeAsString());
}

// Who shares a room with a persona in which nobody is to learn what it is.
TEST_F(MaskingTest, HidesTheTypeOfAnyPersonaFromWhoSharesSuchARoom) {
  const v1::Persona agent = CreatePublic("alice", "Eve");
  CreateAmbiguous("alice", "Ada");
  v1::SetMasksRequest masks;
  masks.set_conversation_id("c1");
  v1::SetMasksRequest::Viewer& viewer = *masks.add_viewers();
  viewer.set_user_id("bob");
  viewer.add_persona_ids(agent.persona_id());
  ASSERT_TRUE(store_.SetMasks(masks).ok());

  EXPECT_EQ(Get(bob_, agent.persona_id())->type(), v1::PERSONA_TYPE_UNKNOWN);
  EXPECT_THAT(NamesOfType(bob_, v1::PERSONA_TYPE_AI_AGENT), IsEmpty());
  EXPECT_THAT(NamesOfType(bob_, v1::PERSONA_TYPE_UNKNOWN),
              testing::UnorderedElementsAre("Ada", "Eve"));
  for (const CallContext& call : {alice_, admin_, CallBy("carol")}) {
    EXPECT_EQ(Get(call, agent.persona_id())->type(), v1::PERSONA_TYPE_AI_AGENT);
    EXPECT_THAT(NamesOfType(call, v1::PERSONA_TYPE_AI_AGENT), ElementsAre("Eve"));
  }

  viewer.clear_persona_ids();
  ASSERT_TRUE(store_.SetMasks(masks).ok());
  EXPECT_EQ(Get(bob_, agent.persona_id())->type(), v1::PERSONA_TYPE_AI_AGENT);
}

TEST_F(MaskingTest, MakesNoPersonaOfUnknownType) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_type(v1::PERSONA_TYPE_UNKNOWN);

  const absl::Status status = personas_.Create(alice_, request).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FirstField(status), "persona.type");
  EXPECT_THAT(ListNames(alice_), IsEmpty());
}

}  // namespace
}  // namespace dramatis::persona
