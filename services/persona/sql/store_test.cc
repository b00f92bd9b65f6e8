// The promises of model/store.h, on every engine; those of lists are in sql/lists_test.cc.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/sql/avatars.h"
#include "services/persona/testing/store_fixture.h"
#include "shared/status/errors.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreTest, KeepsTheCardThatAPersonaWasMadeFrom) {
  CallContext call;
  call.identity.user_id = "ada";
  const PersonaRow row = NewRow("ada", "Tessa");
  const CardRow card = {.document = "{\"a\": \"\xC3\xA9\"}", .picture = std::string("\x89\0P", 3)};
  v1::ImportPersonaResponse answer;
  answer.add_warnings("none");
  ASSERT_TRUE(store_.Import(call, {}, row, card, answer).ok());
  EXPECT_EQ(Find(row.persona_id).definition.name(), "Tessa");
  const auto kept = store_.FindCard(row.persona_id);
  ASSERT_TRUE(kept.ok() && kept->has_value()) << kept.status();
  EXPECT_EQ((*kept)->document, card.document);
  EXPECT_EQ((*kept)->picture, card.picture);
  EXPECT_FALSE(store_.FindCard("nobody")->has_value());
  // Nothing of a persona whose name is taken is kept.
  const PersonaRow other = NewRow("ada", "tessa");
  EXPECT_EQ(GetReason(store_.Import(call, {}, other, card, answer).status()), "PERSONA_NAME_TAKEN");
  EXPECT_FALSE(store_.FindCard(other.persona_id)->has_value());
}

TEST_P(StoreTest, GivesBackWhatWasAdded) {
  PersonaRow row = NewRow("alice", "Ada \xf0\x9f\xa6\x86 'quoted' \\ %_");
  row.definition.set_biography(std::string("nul \0, \xef\xbf\xbf, \xf4\x8f\xbf\xbf, \r\n", 20));
  row.definition.set_description(std::string("a\0b", 3));
  row.definition.mutable_personality()->set_empathy(0);
  row.definition.add_knowledge(v1::KNOWLEDGE_ARTS);
  Add(row);

  const PersonaRow found = Find(row.persona_id);

  EXPECT_EQ(found.definition.SerializeAsString(), row.definition.SerializeAsString());
  EXPECT_EQ(found.persona_id, row.persona_id);
  EXPECT_EQ(found.owner_id, "alice");
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
  EXPECT_FALSE(found.deleted);
}

TEST_P(StoreTest, SaysThatItHasNoSuchPersona) {
  EXPECT_TRUE(absl::IsNotFound(store_.Find(ids_.NewId()).status()));
  EXPECT_TRUE(absl::IsNotFound(store_.FindWithHold(ids_.NewId(), "c").status()));
  EXPECT_TRUE(absl::IsNotFound(store_.FindVersion(ids_.NewId(), 1).status()));
}

TEST_P(StoreTest, EnsuresAPersonaOnce) {
  const PersonaRow row = Add("alice", "Ada");
  PersonaRow other = row;
  other.definition.set_name("Eve");

  const absl::StatusOr<bool> made = store_.Ensure(other);

  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(*made);
  EXPECT_EQ(Find(row.persona_id).definition.name(), "Ada");
}

TEST_P(StoreTest, EnsuresADeletedPersonaAgain) {
  const PersonaRow row = Add("alice", "Ada");
  ASSERT_TRUE(store_.Delete(row.persona_id, 1, clock_.Now()).ok());

  Add(row);

  EXPECT_FALSE(Find(row.persona_id).deleted);
  EXPECT_EQ(Find(row.persona_id).version, 2);
  EXPECT_EQ(GetReason(store_.Ensure(NewRow("alice", "Ada")).status()), "PERSONA_NAME_TAKEN");
}

TEST_P(StoreTest, RefusesANameThatTheOwnerHas) {
  Add("alice", "Ada");

  EXPECT_EQ(GetReason(store_.Ensure(NewRow("alice", "aDA")).status()), "PERSONA_NAME_TAKEN");
  EXPECT_TRUE(*store_.Ensure(NewRow("bob", "Ada")));
  EXPECT_THAT(Names({}), SizeIs(2));
}

TEST_P(StoreTest, CreatesOnceForOneKey) {
  const PersonaRow row = NewRow("alice", "Ada");
  ASSERT_TRUE(store_.Create(CallWithKey("k"), RequestOf("Ada"), row, AnswerOf(row)).ok());
  std::vector<std::string> headers;
  CallContext again = CallWithKey("k");
  again.send_header = [&](const std::string& name, const std::string&) { headers.push_back(name); };
  const PersonaRow other = NewRow("alice", "Ada");

  const absl::StatusOr<v1::Persona> answer =
      store_.Create(again, RequestOf("Ada"), other, AnswerOf(other));

  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->persona_id(), row.persona_id);
  EXPECT_THAT(headers, SizeIs(1));
  EXPECT_THAT(Names({}), ElementsAre("Ada"));
}

TEST_P(StoreTest, RefusesAKeyThatCameWithAnotherRequest) {
  const PersonaRow row = NewRow("alice", "Ada");
  ASSERT_TRUE(store_.Create(CallWithKey("k"), RequestOf("Ada"), row, AnswerOf(row)).ok());
  const PersonaRow other = NewRow("alice", "Eve");

  const absl::Status status =
      store_.Create(CallWithKey("k"), RequestOf("Eve"), other, AnswerOf(other)).status();

  EXPECT_EQ(GetReason(status), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_THAT(Names({}), ElementsAre("Ada"));
}

TEST_P(StoreTest, KeepsAKeyFreeWhenTheCreationFails) {
  const PersonaRow taken = Add("alice", "Ada");
  const PersonaRow row = NewRow("alice", "Ada");
  EXPECT_EQ(
      GetReason(store_.Create(CallWithKey("k"), RequestOf("Ada"), row, AnswerOf(row)).status()),
      "PERSONA_NAME_TAKEN");
  ASSERT_TRUE(store_.Delete(taken.persona_id, 1, clock_.Now()).ok());

  const absl::StatusOr<v1::Persona> answer =
      store_.Create(CallWithKey("k"), RequestOf("Ada"), row, AnswerOf(row));

  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->persona_id(), row.persona_id);
}

TEST_P(StoreTest, CreatesOneOfManyAtOnceWithOneKey) {
  std::vector<PersonaRow> rows;
  for (int i = 0; i < 8; ++i)
    rows.push_back(NewRow("alice", "Ada"));
  std::vector<std::string> answers(rows.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < rows.size(); ++i) {
    threads.emplace_back([&, i] {
      const absl::StatusOr<v1::Persona> answer =
          store_.Create(CallWithKey("k"), RequestOf("Ada"), rows[i], AnswerOf(rows[i]));
      answers[i] = answer.ok() ? answer->persona_id() : answer.status().ToString();
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_THAT(answers, testing::Each(answers[0]));
  EXPECT_THAT(Names({}), ElementsAre("Ada"));
}

TEST_P(StoreTest, WritesTheNextVersion) {
  PersonaRow row = Add("alice", "Ada");
  row.definition.set_name("Eve");
  row.definition.set_is_public(true);
  row.update_time = row.create_time + absl::Seconds(5);

  ASSERT_TRUE(store_.Update(row).ok());

  const PersonaRow found = Find(row.persona_id);
  EXPECT_EQ(found.version, 2);
  EXPECT_EQ(found.definition.name(), "Eve");
  EXPECT_EQ(found.update_time, row.update_time);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_THAT(Names(VisibleTo("bob")), ElementsAre("Eve"));
}

TEST_P(StoreTest, KeepsEveryVersion) {
  PersonaRow row = Add("alice", "Ada");
  row.definition.set_name("Eve");
  ASSERT_TRUE(store_.Update(row).ok());

  EXPECT_EQ(store_.FindVersion(row.persona_id, 1)->definition.name(), "Ada");
  EXPECT_EQ(store_.FindVersion(row.persona_id, 2)->definition.name(), "Eve");
  EXPECT_TRUE(absl::IsNotFound(store_.FindVersion(row.persona_id, 3).status()));
}

TEST_P(StoreTest, LoreIsAPartOfItsVersion) {
  PersonaRow row = Add("alice", "Ada");
  EXPECT_EQ(Find(row.persona_id).lore, "");
  row.lore = std::string("\0\xff lore", 7);
  ASSERT_TRUE(store_.Update(row).ok());
  EXPECT_EQ(Find(row.persona_id).lore, row.lore);
  EXPECT_EQ(store_.FindWithHold(row.persona_id, "c")->persona.lore, row.lore);
  EXPECT_EQ(store_.FindVersion(row.persona_id, 1)->lore, "");
  EXPECT_EQ(store_.FindVersion(row.persona_id, 2)->lore, row.lore);
}

TEST_P(StoreTest, KeepsThePictureThatWasGivenLast) {
  SqlAvatarStore avatars(db());
  const std::string id = Add("alice", "Ada").persona_id;
  EXPECT_EQ(*avatars.FindAvatar(id), std::nullopt);
  for (const int side : {3, 4}) {
    const AvatarRow avatar = {.content_type = "image/png",
                              .width = side,
                              .height = 5,
                              .picture = std::string("\x89\0P", 3)};
    ASSERT_TRUE(avatars.SetAvatar(id, avatar, clock_.Now()).ok());
    EXPECT_EQ(*avatars.FindAvatar(id), avatar);
    EXPECT_TRUE(absl::IsNotFound(avatars.SetAvatar("nobody", avatar, clock_.Now())));
  }
}

TEST_P(StoreTest, SaysWhenAPictureWasGiven) {
  const PersonaRow row = Add("alice", "Ada");
  Add("alice", "Bea");
  EXPECT_EQ(Find(row.persona_id).avatar_time, std::nullopt);
  const AvatarRow avatar = {.content_type = "image/png", .width = 1, .height = 1, .picture = "P"};
  ASSERT_TRUE(SqlAvatarStore(db()).SetAvatar(row.persona_id, avatar, clock_.Now()).ok());

  EXPECT_EQ(Find(row.persona_id).avatar_time, clock_.Now());
  EXPECT_EQ(store_.FindWithHold(row.persona_id, "c")->persona.avatar_time, clock_.Now());
  PersonaQuery query;
  query.visible_to = "alice";
  query.order = PersonaOrder::kName;
  query.descending = false;
  const PersonaPage page = *store_.List(query);
  ASSERT_EQ(page.personas.size(), 2u);
  EXPECT_EQ(page.personas[0].avatar_time, clock_.Now());
  EXPECT_EQ(page.personas[1].avatar_time, std::nullopt);
}

TEST_P(StoreTest, UpdatesOnlyTheVersionItWasGiven) {
  PersonaRow row = Add("alice", "Ada");
  ASSERT_TRUE(store_.Update(row).ok());

  const absl::Status late = store_.Update(row);

  EXPECT_TRUE(absl::IsAborted(late)) << late;
  EXPECT_EQ(GetReason(late), "CONFLICT");
  EXPECT_EQ(Find(row.persona_id).version, 2);
}

TEST_P(StoreTest, FreesTheOldNameOfARenamedPersona) {
  PersonaRow row = Add("alice", "Ada");
  row.definition.set_name("Eve");
  ASSERT_TRUE(store_.Update(row).ok());

  EXPECT_TRUE(*store_.Ensure(NewRow("alice", "Ada")));
  EXPECT_EQ(GetReason(store_.Ensure(NewRow("alice", "Eve")).status()), "PERSONA_NAME_TAKEN");
}

TEST_P(StoreTest, ChangesNothingWhenTheNewNameIsTaken) {
  PersonaRow row = Add("alice", "Ada");
  Add("alice", "Eve");
  row.definition.set_name("Eve");

  EXPECT_EQ(GetReason(store_.Update(row)), "PERSONA_NAME_TAKEN");

  EXPECT_EQ(Find(row.persona_id).version, 1);
  EXPECT_EQ(Find(row.persona_id).definition.name(), "Ada");
  EXPECT_EQ(GetReason(store_.Ensure(NewRow("alice", "Ada")).status()), "PERSONA_NAME_TAKEN");
}

TEST_P(StoreTest, LosesNoUpdateOfMany) {
  const PersonaRow row = Add("alice", "Ada");
  constexpr int kWriters = 4;
  constexpr int kUpdates = 5;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&] {
      for (int done = 0; done < kUpdates;) {
        const absl::StatusOr<PersonaRow> current = store_.Find(row.persona_id);
        const absl::Status status = current.ok() ? store_.Update(*current) : current.status();
        if (status.ok()) ++done;
        if (!status.ok() && !absl::IsAborted(status)) {
          ++failures;
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Find(row.persona_id).version, 1 + kWriters * kUpdates);
}

TEST_P(StoreTest, DeletesSoftly) {
  const PersonaRow row = Add("alice", "Ada", /*is_public=*/true);

  ASSERT_TRUE(store_.Delete(row.persona_id, 1, clock_.Now()).ok());

  EXPECT_TRUE(Find(row.persona_id).deleted);
  EXPECT_EQ(Find(row.persona_id).definition.name(), "Ada");
  EXPECT_THAT(Names({}), IsEmpty());
  EXPECT_THAT(Names(VisibleTo("bob")), IsEmpty());
  EXPECT_TRUE(*store_.Ensure(NewRow("alice", "Ada")));
}

TEST_P(StoreTest, DeletesOnlyTheVersionItWasGivenAndOnce) {
  const PersonaRow row = Add("alice", "Ada");

  EXPECT_TRUE(absl::IsAborted(store_.Delete(row.persona_id, 2, clock_.Now())));
  EXPECT_TRUE(store_.Delete(row.persona_id, 1, clock_.Now()).ok());
  EXPECT_TRUE(absl::IsAborted(store_.Delete(row.persona_id, 1, clock_.Now())));
  EXPECT_TRUE(absl::IsAborted(store_.Update(row)));
}

TEST_P(StoreTest, KeepsWhatAConversationHolds) {
  const PersonaRow row = Add("alice", "Ada");
  const absl::Time end = clock_.Now() + absl::Hours(1);
  ASSERT_TRUE(store_.Hold({row.persona_id, "c1", end}, clock_.Now()).ok());

  EXPECT_EQ(GetReason(store_.Delete(row.persona_id, 1, clock_.Now())), "PERSONA_IN_USE");
  EXPECT_FALSE(Find(row.persona_id).deleted);
  EXPECT_TRUE(store_.Delete(row.persona_id, 1, end).ok());
}

TEST_P(StoreTest, ReleasesAHold) {
  const PersonaRow row = Add("alice", "Ada");
  const absl::Time end = clock_.Now() + absl::Hours(1);
  ASSERT_TRUE(store_.Hold({row.persona_id, "c1", end}, clock_.Now()).ok());

  EXPECT_TRUE(store_.Release(row.persona_id, "c2").ok());
  EXPECT_EQ(GetReason(store_.Delete(row.persona_id, 1, clock_.Now())), "PERSONA_IN_USE");
  EXPECT_TRUE(store_.Release(row.persona_id, "c1").ok());
  EXPECT_TRUE(store_.Release(row.persona_id, "c1").ok());
  EXPECT_TRUE(store_.Delete(row.persona_id, 1, clock_.Now()).ok());
}

TEST_P(StoreTest, FindsAPersonaWithTheHoldOfOneConversation) {
  const PersonaRow row = Add("alice", "Ada");
  const absl::Time end = clock_.Now() + absl::Hours(1);
  ASSERT_TRUE(store_.Hold({row.persona_id, "c1", end}, clock_.Now()).ok());

  EXPECT_EQ(store_.FindWithHold(row.persona_id, "c1")->hold_expire_time, end);
  EXPECT_EQ(store_.FindWithHold(row.persona_id, "c2")->hold_expire_time, std::nullopt);
  EXPECT_EQ(store_.FindWithHold(row.persona_id, "")->persona.definition.name(), "Ada");
}

TEST_P(StoreTest, ExtendsAHoldAndForgetsThoseThatEnded) {
  const PersonaRow row = Add("alice", "Ada");
  const absl::Time start = clock_.Now();
  ASSERT_TRUE(store_.Hold({row.persona_id, "old", start + absl::Hours(1)}, start).ok());
  ASSERT_TRUE(store_.Hold({row.persona_id, "c1", start + absl::Hours(2)}, start).ok());

  const absl::Time later = start + absl::Hours(1);
  ASSERT_TRUE(store_.Hold({row.persona_id, "c1", start + absl::Hours(9)}, later).ok());

  EXPECT_EQ(store_.FindWithHold(row.persona_id, "c1")->hold_expire_time, start + absl::Hours(9));
  EXPECT_EQ(store_.FindWithHold(row.persona_id, "old")->hold_expire_time, std::nullopt);
}

TEST_P(StoreTest, HoldsNothingThatIsDeleted) {
  const PersonaRow row = Add("alice", "Ada");
  ASSERT_TRUE(store_.Delete(row.persona_id, 1, clock_.Now()).ok());
  const HoldRow hold = {row.persona_id, "c1", clock_.Now() + absl::Hours(1)};

  EXPECT_TRUE(absl::IsNotFound(store_.Hold(hold, clock_.Now())));
}

TEST_P(StoreTest, LetsEitherTheHoldOrTheDeletionComeFirst) {
  for (int round = 0; round < 10; ++round) {
    const PersonaRow row = Add("alice", "Ada " + std::to_string(round));
    const absl::Time now = clock_.Now();
    absl::Status held;
    std::thread holder(
        [&] { held = store_.Hold({row.persona_id, "c1", now + absl::Hours(1)}, now); });
    const absl::Status deleted = store_.Delete(row.persona_id, 1, now);
    holder.join();

    EXPECT_NE(held.ok(), deleted.ok()) << held << deleted;
  }
}

DRAMATIS_ON_EVERY_ENGINE(StoreTest);

}  // namespace
}  // namespace dramatis::persona
