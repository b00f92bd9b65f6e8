#include "services/persona/personas/personas.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/testing/personas_fixture.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

v1::Persona Named(const std::string& name) {
  v1::Persona persona;
  persona.set_name(name);
  return persona;
}

TEST_F(PersonasTest, CreatesWithEveryDefaultFilledIn) {
  const v1::Persona persona = Create(alice_, Request("  Ada  "));

  EXPECT_EQ(persona.name(), "Ada");
  EXPECT_EQ(persona.owner_id(), "alice");
  EXPECT_EQ(persona.version(), 1);
  EXPECT_EQ(persona.etag(), "1");
  EXPECT_EQ(persona.personality().empathy(), 50);
  EXPECT_THAT(persona.knowledge(), ElementsAre(v1::KNOWLEDGE_GENERAL));
  EXPECT_EQ(persona.communication_style(), v1::COMMUNICATION_STYLE_CASUAL);
  EXPECT_THAT(persona.allowed_interactions(), ElementsAre(v1::INTERACTION_CASUAL_CHAT));
  EXPECT_EQ(persona.model_config().max_output_tokens(), 1024);
  EXPECT_EQ(persona.create_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(PersonasTest, IgnoresWhatOnlyTheServerSets) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_persona_id("mine");
  request.mutable_persona()->set_owner_id("bob");
  request.mutable_persona()->set_version(7);

  const v1::Persona persona = Create(alice_, request);

  EXPECT_NE(persona.persona_id(), "mine");
  EXPECT_EQ(persona.owner_id(), "alice");
  EXPECT_EQ(persona.version(), 1);
}

TEST_F(PersonasTest, RefusesTheNameOfAnotherOfTheOwnersPersonas) {
  CreatePrivate("alice", "Ada");

  EXPECT_EQ(GetReason(personas_.Create(alice_, Request(" aDA")).status()), "PERSONA_NAME_TAKEN");
  EXPECT_TRUE(personas_.Create(bob_, Request("Ada")).ok());
}

TEST_F(PersonasTest, RefusesANameThatLooksLikeAnotherOfTheOwners) {
  CreatePrivate("alice", "Ad\u00e9la");

  for (const std::string name :
       {"AD\u00c9LA", "Ade\u0301la", "\uff21d\u00e9la", "Ad\u00e9\u200bla"}) {
    EXPECT_EQ(GetReason(personas_.Create(alice_, Request(name)).status()), "PERSONA_NAME_TAKEN");
  }
}

TEST_F(PersonasTest, NamesEverythingThatIsWrongWithADefinition) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->mutable_response_delay()->set_min_ms(2);
  request.mutable_persona()->mutable_response_delay()->set_max_ms(1);
  request.mutable_persona()->add_knowledge(v1::KNOWLEDGE_UNSPECIFIED);
  request.mutable_persona()->add_allowed_interactions(v1::INTERACTION_UNSPECIFIED);

  const auto bad_request = GetBadRequest(personas_.Create(alice_, request).status());

  ASSERT_TRUE(bad_request.has_value());
  std::vector<std::string> fields;
  for (const auto& violation : bad_request->field_violations())
    fields.push_back(violation.field());
  EXPECT_THAT(fields, UnorderedElementsAre("persona.knowledge", "persona.allowed_interactions",
                                           "persona.response_delay.max_ms"));
}

TEST_F(PersonasTest, LetsOnlyAdminsMakeAiPersonasWhereRestricted) {
  config_.restrict_ai_personas = true;
  Personas restricted(config_, parts_);
  v1::CreatePersonaRequest human = Request("Hu");
  human.mutable_persona()->set_type(v1::PERSONA_TYPE_HUMAN);
  v1::CreatePersonaRequest ambiguous = Request("Am");
  ambiguous.mutable_persona()->set_type(v1::PERSONA_TYPE_AI_AMBIGUOUS);

  EXPECT_EQ(GetReason(restricted.Create(alice_, Request("Ai")).status()),
            "PERSONA_TYPE_RESTRICTED");
  EXPECT_EQ(GetReason(restricted.Create(alice_, ambiguous).status()), "PERSONA_TYPE_RESTRICTED");
  EXPECT_TRUE(restricted.Create(alice_, human).ok());
  EXPECT_TRUE(restricted.Create(admin_, Request("Ai")).ok());
}

TEST_F(PersonasTest, LetsOnlyAdminsNameASource) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_source_uri("file:me.txt");

  EXPECT_EQ(GetReason(personas_.Create(alice_, request).status()), "PERSONA_SOURCE_NOT_ALLOWED");
  EXPECT_EQ(Create(admin_, request).biography(), "the source's text");
}

TEST_F(PersonasTest, RefusesSourcesThatCannotBe) {
  v1::CreatePersonaRequest request = Request("Ada");
  for (const std::string uri : {"s3://bucket", "file:../me.txt", "https://x.example/"}) {
    request.mutable_persona()->set_source_uri(uri);
    EXPECT_EQ(FirstField(personas_.Create(admin_, request).status()), "persona.source_uri") << uri;
  }
}

TEST_F(PersonasTest, SaysThatASourceIsUnavailable) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_source_uri("file:missing.txt");

  const absl::Status status = personas_.Create(admin_, request).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(GetReason(status), "PERSONA_SOURCE_UNAVAILABLE");
}

TEST_F(PersonasTest, RefusesASourceTogetherWithABiography) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_source_uri("file:me.txt");
  request.mutable_persona()->set_biography("mine");

  EXPECT_EQ(FirstField(personas_.Create(admin_, request).status()), "persona.source_uri");
}

TEST_F(PersonasTest, HidesPrivatePersonasFromOthers) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();

  EXPECT_TRUE(Get(alice_, id).ok());
  EXPECT_TRUE(Get(admin_, id).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(bob_, id).status()));
  EXPECT_TRUE(absl::IsNotFound(Update(bob_, id, Named("Eve")).status()));
  EXPECT_TRUE(absl::IsNotFound(Delete(bob_, id)));
}

TEST_F(PersonasTest, AnswersTheSameForAnIdThatCannotBe) {
  EXPECT_TRUE(absl::IsNotFound(Get(admin_, "no-uuid").status()));
  EXPECT_TRUE(absl::IsNotFound(Get(admin_, std::string("\0", 1)).status()));
}

TEST_F(PersonasTest, ShowsOthersOnlyWhatIsPublic) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_is_public(true);
  request.mutable_persona()->set_biography("for everybody");
  request.mutable_persona()->set_system_prompt("secret");
  request.mutable_persona()->mutable_model_config()->set_model("secret");
  const std::string id = Create(alice_, request).persona_id();

  const v1::Persona seen = *Get(bob_, id);
  const v1::Persona own = *Get(alice_, id);

  EXPECT_EQ(seen.biography(), "for everybody");
  EXPECT_FALSE(seen.has_owner_id());
  EXPECT_FALSE(seen.has_system_prompt());
  EXPECT_FALSE(seen.has_model_config());
  EXPECT_EQ(own.owner_id(), "alice");
  EXPECT_EQ(own.system_prompt(), "secret");
  EXPECT_EQ(own.model_config().model(), "secret");
}

TEST_F(PersonasTest, ShowsTheTextOfASourceOnlyToItsOwner) {
  const std::string id = CreateWithSource("Ada").persona_id();

  EXPECT_EQ(Get(admin_, id)->biography(), "the source's text");
  EXPECT_EQ(Get(admin_, id)->source_uri(), "file:me.txt");
  EXPECT_EQ(Get(bob_, id)->biography(), "");
  EXPECT_FALSE(Get(bob_, id)->has_source_uri());
}

TEST_F(PersonasTest, ShowsAChangedSourceAsANewVersion) {
  const std::string id = CreateWithSource("Ada").persona_id();
  ASSERT_TRUE(Get(admin_, id).ok());

  source_.Set("file:me.txt", "changed");

  EXPECT_EQ(Get(admin_, id)->biography(), "changed");
  EXPECT_EQ(Get(admin_, id)->version(), 2);
}

TEST_F(PersonasTest, UpdatesTheFieldsThatAreSet) {
  const v1::Persona before = CreatePrivate("alice", "Ada");
  v1::Persona changes;
  changes.set_description("new");
  changes.mutable_personality()->set_openness(90);
  clock_.Advance(absl::Seconds(5));

  const absl::StatusOr<v1::Persona> after = Update(alice_, before.persona_id(), changes);

  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->name(), "Ada");
  EXPECT_EQ(after->description(), "new");
  EXPECT_EQ(after->personality().openness(), 90);
  EXPECT_EQ(after->version(), 2);
  EXPECT_NE(after->etag(), before.etag());
  EXPECT_EQ(after->create_time().seconds(), before.create_time().seconds());
  EXPECT_EQ(after->update_time().seconds(), before.update_time().seconds() + 5);
}

TEST_F(PersonasTest, ClearsAFieldThatTheMaskNames) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->set_communication_style(v1::COMMUNICATION_STYLE_FORMAL);
  request.mutable_persona()->mutable_personality()->set_openness(90);
  request.mutable_persona()->set_is_public(true);
  const std::string id = Create(alice_, request).persona_id();

  const absl::StatusOr<v1::Persona> after =
      Update(alice_, id, {}, {"communication_style", "personality.openness", "is_public"});

  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->communication_style(), v1::COMMUNICATION_STYLE_CASUAL);
  EXPECT_EQ(after->personality().openness(), 50);
  EXPECT_FALSE(after->is_public());
}

TEST_F(PersonasTest, MakesNoVersionOfAChangeThatChangesNothing) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();

  EXPECT_EQ(Update(alice_, id, Named("Ada"))->version(), 1);
}

TEST_F(PersonasTest, KeepsTypeAndOwner) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  v1::Persona type;
  type.set_type(v1::PERSONA_TYPE_HUMAN);
  v1::Persona owner = Named("Eve");
  owner.set_owner_id("bob");

  EXPECT_EQ(FirstField(Update(alice_, id, type).status()), "persona.type");
  EXPECT_EQ(Update(alice_, id, owner)->owner_id(), "alice");
}

TEST_F(PersonasTest, RefusesAnUpdateThatLeavesTheDefinitionWrong) {
  v1::CreatePersonaRequest request = Request("Ada");
  request.mutable_persona()->mutable_response_delay()->set_max_ms(100);
  const std::string id = Create(alice_, request).persona_id();
  v1::Persona changes;
  changes.mutable_response_delay()->set_min_ms(200);

  const absl::Status status = Update(alice_, id, changes, {"response_delay.min_ms"}).status();

  EXPECT_EQ(FirstField(status), "persona.response_delay.max_ms");
  EXPECT_EQ(Get(alice_, id)->version(), 1);
}

TEST_F(PersonasTest, LetsOnlyTheOwnerAndAdminsChange) {
  const std::string id = CreatePublic("alice", "Ada").persona_id();

  EXPECT_TRUE(absl::IsPermissionDenied(Update(bob_, id, Named("Eve")).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(Delete(bob_, id)));
  EXPECT_TRUE(Update(admin_, id, Named("Eve")).ok());
  EXPECT_EQ(Get(alice_, id)->owner_id(), "alice");
}

TEST_F(PersonasTest, ChangesOnlyTheVersionThatIfMatchNames) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  CallContext call = alice_;
  call.if_match = "1";
  ASSERT_TRUE(Update(call, id, Named("Eve")).ok());

  EXPECT_EQ(GetReason(Update(call, id, Named("Mia")).status()), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Delete(call, id)), "ETAG_MISMATCH");
  call.if_match = "2";
  EXPECT_TRUE(Delete(call, id).ok());
}

TEST_F(PersonasTest, KeepsBothOfTwoUpdatesThatMeet) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  v1::Persona theirs;
  theirs.set_greeting("hello");
  store_.before_write = [&] { ASSERT_TRUE(Update(alice_, id, theirs).ok()); };

  const absl::StatusOr<v1::Persona> mine = Update(alice_, id, Named("Eve"));

  ASSERT_TRUE(mine.ok()) << mine.status();
  EXPECT_EQ(mine->version(), 3);
  EXPECT_EQ(mine->name(), "Eve");
  EXPECT_EQ(mine->greeting(), "hello");
}

TEST_F(PersonasTest, RefusesTheLaterOfTwoUpdatesThatBothNameTheVersion) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  CallContext call = alice_;
  call.if_match = "1";
  store_.before_write = [&] { ASSERT_TRUE(Update(call, id, Named("Mia")).ok()); };

  EXPECT_EQ(GetReason(Update(call, id, Named("Eve")).status()), "ETAG_MISMATCH");
  EXPECT_EQ(Get(alice_, id)->name(), "Mia");
}

TEST_F(PersonasTest, ReplacesASourceByABiographyAndBack) {
  const std::string id = CreateWithSource("Ada").persona_id();
  v1::Persona biography;
  biography.set_biography("mine");
  v1::Persona source;
  source.set_source_uri("file:me.txt");

  const v1::Persona inline_text = *Update(admin_, id, biography);
  EXPECT_EQ(inline_text.biography(), "mine");
  EXPECT_FALSE(inline_text.has_source_uri());

  const v1::Persona sourced = *Update(admin_, id, source);
  EXPECT_EQ(sourced.biography(), "the source's text");
  EXPECT_EQ(sourced.source_uri(), "file:me.txt");
}

TEST_F(PersonasTest, ForgetsTheTextOfASourceThatIsTakenAway) {
  const std::string id = CreateWithSource("Ada").persona_id();

  const absl::StatusOr<v1::Persona> after = Update(admin_, id, {}, {"source_uri"});

  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_FALSE(after->has_source_uri());
  EXPECT_EQ(after->biography(), "");
}

TEST_F(PersonasTest, TakesBackWhatItGaveUnchanged) {
  const v1::Persona persona = CreateWithSource("Ada");
  v1::Persona sent_back = persona;
  sent_back.clear_type();
  sent_back.set_greeting("hello");

  const absl::StatusOr<v1::Persona> after = Update(admin_, persona.persona_id(), sent_back);

  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->source_uri(), "file:me.txt");
  EXPECT_EQ(after->biography(), "the source's text");
  EXPECT_EQ(after->greeting(), "hello");
}

TEST_F(PersonasTest, RefusesANewSourceTogetherWithANewBiography) {
  const std::string id = CreatePrivate("root", "Ada").persona_id();
  v1::Persona both;
  both.set_source_uri("file:me.txt");
  both.set_biography("mine");

  EXPECT_EQ(FirstField(Update(admin_, id, both).status()), "persona.source_uri");
}

TEST_F(PersonasTest, LetsOnlyAdminsGiveAPersonaASource) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  v1::Persona source;
  source.set_source_uri("file:me.txt");

  EXPECT_EQ(GetReason(Update(alice_, id, source).status()), "PERSONA_SOURCE_NOT_ALLOWED");
}

TEST_F(PersonasTest, DeletesAndFreesTheName) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();

  EXPECT_TRUE(Delete(alice_, id).ok());

  EXPECT_TRUE(absl::IsNotFound(Get(alice_, id).status()));
  EXPECT_TRUE(absl::IsNotFound(Get(admin_, id).status()));
  EXPECT_TRUE(absl::IsNotFound(Delete(alice_, id)));
  EXPECT_THAT(ListNames(alice_), IsEmpty());
  EXPECT_TRUE(personas_.Create(alice_, Request("Ada")).ok());
}

TEST_F(PersonasTest, KeepsAPersonaThatAConversationHolds) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  ASSERT_TRUE(store_.Hold({id, "c1", clock_.Now() + absl::Hours(1)}, clock_.Now()).ok());

  EXPECT_EQ(GetReason(Delete(alice_, id)), "PERSONA_IN_USE");
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(Delete(alice_, id).ok());
}

TEST_F(PersonasTest, KeepsTheDefaultPersona) {
  const std::string id = *default_persona_.Id();

  EXPECT_EQ(GetReason(Delete(admin_, id)), "PERSONA_IN_USE");
}

TEST_F(PersonasTest, ComparesOnlyWhatTheCallerMaySee) {
  v1::ComparePersonasRequest request;
  request.set_persona_id(CreatePublic("alice", "Ada").persona_id());
  request.set_with(CreatePrivate("alice", "Eve").persona_id());

  EXPECT_EQ(personas_.Compare(alice_, request)->score(), 100);
  EXPECT_TRUE(absl::IsNotFound(personas_.Compare(bob_, request).status()));
}

TEST_F(PersonasTest, PassesOnAFailureOfTheStore) {
  const std::string id = CreatePrivate("alice", "Ada").persona_id();
  store_.next_error = UnavailableError("the database is away");

  EXPECT_TRUE(absl::IsUnavailable(Get(alice_, id).status()));
}

}  // namespace
}  // namespace dramatis::persona
