#include "services/persona/rendering/rendering.h"

#include <string>

#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "services/persona/testing/fakes.h"

namespace dramatis::persona {
namespace {

constexpr const char* kId = "00000000-0000-7000-8000-000000000001";

class RenderingTest : public testing::Test {
 protected:
  RenderingTest() {
    PersonaRow row;
    row.persona_id = kId;
    row.owner_id = "alice";
    row.definition.set_name("Ada");
    row.definition.set_type(v1::PERSONA_TYPE_AI_AGENT);
    row.definition.set_biography("I write programs.");
    row.definition.set_greeting("Hello!");
    row.definition.mutable_model_config()->set_model("openai/gpt");
    EXPECT_TRUE(store_.Ensure(row).ok());
  }

  void Publish() {
    PersonaRow row = *store_.Find(kId);
    row.definition.set_is_public(true);
    ASSERT_TRUE(store_.Update(row).ok());
  }

  static v1::RenderPersonaRequest Request(const std::string& user) {
    v1::RenderPersonaRequest request;
    request.set_persona_id(kId);
    request.set_user_id(user);
    return request;
  }
  v1::RenderPersonaRequest HoldRequest(absl::Duration lifetime) {
    v1::RenderPersonaRequest request = Request("alice");
    request.set_hold_conversation_id("c1");
    *request.mutable_hold_expire_time() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
        absl::ToUnixMicros(clock_.Now() + lifetime));
    return request;
  }

  Config config_;
  FakeStore store_;
  FakeSource source_;
  FakeClock clock_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  SourceFollower follower_{store_, source_, clock_, *logger_, 1 << 20};
  DefaultPersona default_persona_{config_, "", store_, source_, clock_, *logger_};
  Rendering rendering_{config_, store_, follower_, default_persona_, clock_};
};

TEST_F(RenderingTest, GivesATurnAllItNeeds) {
  const absl::StatusOr<v1::RenderPersonaResponse> response = rendering_.Render(Request("alice"));

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->persona_id(), kId);
  EXPECT_EQ(response->name(), "Ada");
  EXPECT_EQ(response->type(), v1::PERSONA_TYPE_AI_AGENT);
  EXPECT_EQ(response->owner_id(), "alice");
  EXPECT_EQ(response->greeting(), "Hello!");
  EXPECT_EQ(response->parameters().model(), "openai/gpt");
  EXPECT_FALSE(response->parameters().has_temperature());
  EXPECT_NE(response->prompt().text().find("I write programs."), std::string::npos);
}

TEST_F(RenderingTest, SaysWhatTurnTakingAsks) {
  PersonaRow row = *store_.Find(kId);
  row.definition.mutable_personality()->set_extraversion(90);
  row.definition.add_knowledge(v1::KNOWLEDGE_SCIENCE);
  row.definition.mutable_response_delay()->set_max_ms(700);
  ASSERT_TRUE(store_.Update(row).ok());

  const absl::StatusOr<v1::RenderPersonaResponse> response = rendering_.Render(Request("alice"));

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->personality().extraversion(), 90);
  EXPECT_EQ(response->personality().empathy(), 50);
  ASSERT_EQ(response->knowledge_size(), 1);
  EXPECT_EQ(response->knowledge(0), v1::KNOWLEDGE_SCIENCE);
  EXPECT_EQ(response->response_delay().max_ms(), 700);
}

TEST_F(RenderingTest, LeavesOutADelayThatNobodySet) {
  EXPECT_FALSE(rendering_.Render(Request("alice"))->has_response_delay());
}

TEST_F(RenderingTest, RendersAnEarlierVersionAsItWas) {
  const v1::RenderPersonaResponse before = *rendering_.Render(Request("alice"));
  PersonaRow row = *store_.Find(kId);
  row.definition.set_biography("I have changed.");
  ASSERT_TRUE(store_.Update(row).ok());
  v1::RenderPersonaRequest request = HoldRequest(absl::Hours(1));
  request.set_version(1);

  const absl::StatusOr<v1::RenderPersonaResponse> again = rendering_.Render(request);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->prompt().hash(), before.prompt().hash());
  EXPECT_EQ(again->prompt().version(), 1);
  EXPECT_NE(rendering_.Render(Request("alice"))->prompt().hash(), before.prompt().hash());
  EXPECT_EQ(store_.hold_writes, 0);
}

TEST_F(RenderingTest, KnowsNoVersionThatThereNeverWas) {
  v1::RenderPersonaRequest request = Request("alice");
  request.set_version(7);

  EXPECT_TRUE(absl::IsNotFound(rendering_.Render(request).status()));
}

TEST_F(RenderingTest, IsTheTextThatTheOwnerIsShown) {
  v1::GetPersonaPromptRequest request;
  request.set_persona_id(kId);

  const absl::StatusOr<v1::PersonaPrompt> shown = rendering_.GetPrompt(CallBy("alice"), request);

  ASSERT_TRUE(shown.ok());
  EXPECT_EQ(shown->hash(), rendering_.Render(Request("alice"))->prompt().hash());
}

TEST_F(RenderingTest, ShowsThePromptToOwnerAndAdminsOnly) {
  v1::GetPersonaPromptRequest request;
  request.set_persona_id(kId);

  EXPECT_TRUE(absl::IsNotFound(rendering_.GetPrompt(CallBy("bob"), request).status()));
  Publish();
  EXPECT_TRUE(absl::IsPermissionDenied(rendering_.GetPrompt(CallBy("bob"), request).status()));
  EXPECT_TRUE(rendering_.GetPrompt(CallBy("root", AccessRole::kAdmin), request).ok());
}

TEST_F(RenderingTest, LetsOthersTalkToPublicPersonasOnly) {
  EXPECT_TRUE(absl::IsNotFound(rendering_.Render(Request("bob")).status()));
  Publish();
  EXPECT_TRUE(rendering_.Render(Request("bob")).ok());
}

TEST_F(RenderingTest, GoesOnForAConversationThatHasThePersonaAlready) {
  v1::RenderPersonaRequest request = Request("bob");
  request.set_participant(true);

  EXPECT_TRUE(rendering_.Render(request).ok());
  ASSERT_TRUE(store_.Delete(kId, 1, clock_.Now()).ok());
  EXPECT_TRUE(rendering_.Render(request).ok());
  EXPECT_TRUE(absl::IsNotFound(rendering_.Render(Request("alice")).status()));
}

TEST_F(RenderingTest, SaysThatThereIsNoSuchPersona) {
  v1::RenderPersonaRequest request = Request("alice");
  request.set_persona_id("00000000-0000-7000-8000-000000000009");
  EXPECT_TRUE(absl::IsNotFound(rendering_.Render(request).status()));

  request.set_persona_id("no-uuid");
  EXPECT_TRUE(absl::IsNotFound(rendering_.Render(request).status()));
}

TEST_F(RenderingTest, TakesTheDefaultPersonaWhereNoneIsNamed) {
  v1::RenderPersonaRequest request = Request("bob");
  request.clear_persona_id();
  EXPECT_EQ(GetReason(rendering_.Render(request).status()), "PERSONA_SOURCE_UNAVAILABLE");

  source_.Set("file:me.txt", "# Maren\nI measure rivers.");

  const absl::StatusOr<v1::RenderPersonaResponse> response = rendering_.Render(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->name(), "Maren");
}

TEST_F(RenderingTest, RendersTheNewTextOfAChangedSource) {
  source_.Set("file:me.txt", "# Maren\nI measure rivers.");
  v1::RenderPersonaRequest request = Request("bob");
  request.clear_persona_id();
  const std::string hash = rendering_.Render(request)->prompt().hash();

  source_.Set("file:me.txt", "# Maren\nI measure lakes.");

  const v1::PersonaPrompt prompt = rendering_.Render(request)->prompt();
  EXPECT_NE(prompt.hash(), hash);
  EXPECT_EQ(prompt.version(), 2);
  EXPECT_NE(prompt.text().find("I measure lakes."), std::string::npos);
}

TEST_F(RenderingTest, HoldsThePersonaForTheConversation) {
  ASSERT_TRUE(rendering_.Render(HoldRequest(absl::Hours(10))).ok());

  EXPECT_EQ(GetReason(store_.Delete(kId, 1, clock_.Now())), "PERSONA_IN_USE");
}

TEST_F(RenderingTest, ExtendsAHoldOnlyWhenItIsTenPercentShort) {
  ASSERT_TRUE(rendering_.Render(HoldRequest(absl::Hours(10))).ok());
  EXPECT_EQ(store_.hold_writes, 1);

  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(rendering_.Render(HoldRequest(absl::Hours(10))).ok());
  EXPECT_EQ(store_.hold_writes, 1);

  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(rendering_.Render(HoldRequest(absl::Hours(10))).ok());
  EXPECT_EQ(store_.hold_writes, 2);
}

TEST_F(RenderingTest, HoldsNothingIntoThePast) {
  ASSERT_TRUE(rendering_.Render(HoldRequest(-absl::Hours(1))).ok());

  EXPECT_EQ(store_.hold_writes, 0);
}

TEST_F(RenderingTest, DoesNotHoldThePersonaForSomebodyWhoMayNotTalkToIt) {
  v1::RenderPersonaRequest request = HoldRequest(absl::Hours(10));
  request.set_user_id("bob");

  EXPECT_TRUE(absl::IsNotFound(rendering_.Render(request).status()));
  EXPECT_EQ(store_.hold_writes, 0);
}

TEST_F(RenderingTest, AsksForTheEndOfAHold) {
  v1::RenderPersonaRequest request = HoldRequest(absl::Hours(10));
  request.clear_hold_expire_time();
  EXPECT_EQ(GetBadRequest(rendering_.Render(request).status())->field_violations(0).field(),
            "hold_expire_time");

  request.mutable_hold_expire_time()->set_nanos(-1);
  EXPECT_EQ(GetBadRequest(rendering_.Render(request).status())->field_violations(0).field(),
            "hold_expire_time");
}

TEST_F(RenderingTest, ReleasesAHoldAsOftenAsAsked) {
  ASSERT_TRUE(rendering_.Render(HoldRequest(absl::Hours(10))).ok());
  v1::ReleasePersonaRequest request;
  request.set_persona_id(kId);
  request.set_conversation_id("c1");

  EXPECT_TRUE(rendering_.Release(request).ok());
  EXPECT_TRUE(rendering_.Release(request).ok());
  EXPECT_TRUE(store_.Delete(kId, 1, clock_.Now()).ok());
}

TEST_F(RenderingTest, IsHeldUntilTheLastConversationLetsGo) {
  for (const char* id : {"a-session", "01a1fdca-30d2-7427-acd3-b8a63e6992ca"}) {
    v1::RenderPersonaRequest request = HoldRequest(absl::Hours(24 * 365));
    request.set_hold_conversation_id(id);
    ASSERT_TRUE(rendering_.Render(request).ok());
  }
  v1::ReleasePersonaRequest release;
  release.set_persona_id(kId);
  release.set_conversation_id("a-session");
  ASSERT_TRUE(rendering_.Release(release).ok());
  EXPECT_EQ(GetReason(store_.Delete(kId, 1, clock_.Now())), "PERSONA_IN_USE");
  release.set_conversation_id("01a1fdca-30d2-7427-acd3-b8a63e6992ca");
  ASSERT_TRUE(rendering_.Release(release).ok());
  EXPECT_TRUE(store_.Delete(kId, 1, clock_.Now()).ok());
}

}  // namespace
}  // namespace dramatis::persona
