#include "services/persona/sql/user_data.h"

#include <string>
#include <vector>

#include "dramatis/persona/v1/lore.pb.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/cards/png.h"
#include "services/persona/sql/avatars.h"
#include "services/persona/testing/store_fixture.h"
#include "shared/sql/testing/user_lines.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string Png() {
  return std::string(PlainPng());
}

class PersonaUserDataTest : public StoreTest {
 protected:
  PersonaRow NewPersona(const std::string& owner, const std::string& name) {
    PersonaRow row = NewRow(owner, name);
    row.persona_id = uuids_.NewId();
    return row;
  }
  std::vector<std::string> Export(const std::string& user, std::vector<size_t>* sizes = nullptr) {
    return sql::ExportedLines(db(), UserExporter(pictures_), user, sizes);
  }
  UserImport Import(const std::vector<std::string>& lines,
                    const ImportingUser& user,
                    bool restricted = false) {
    return sql::ImportedLines(db(), UserImporter(restricted), user, lines);
  }
  ImportingUser Alice(bool admin = false) {
    return {.user_id = "alice", .admin = admin, .now = clock_.Now()};
  }
  // As a deployment that has nobody yet.
  void Empty() {
    const absl::Status emptied = db().Write([](sql::Transaction& tx) -> absl::Status {
      for (const char* const table :
           {"personas", "persona_versions", "persona_names", "persona_cards", "persona_avatars"}) {
        const auto deleted = tx.ExecuteText(absl::StrCat("delete from ", table), {});
        if (!deleted.ok()) return deleted.status();
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(emptied.ok()) << emptied;
  }
  // A persona of everything.
  PersonaRow Live() {
    PersonaRow row = NewPersona("alice", "Ada");
    row.definition.set_biography("Knows\nall. größer 😀");
    v1::Lore lore;
    lore.add_entries()->set_content("It is a burrito.");
    lore.mutable_entries(0)->add_keys("monad");
    row.lore = lore.SerializeAsString();
    CallContext call;
    call.identity.user_id = "alice";
    const CardRow card = {
        .document = R"({"name":"Ada"})",
        .picture = Png(),
        .avatar =
            AvatarRow{.content_type = "image/png", .width = 1, .height = 1, .picture = Png()}};
    EXPECT_TRUE(store_.Import(call, {}, row, card, {}).ok());
    row.definition.set_description("changed");
    EXPECT_TRUE(store_.Update(row).ok());
    return Find(row.persona_id);
  }

  UuidV7Source uuids_{clock_};
  const std::shared_ptr<const Pictures> pictures_ = std::make_shared<const Pictures>(nullptr);
};

TEST_P(PersonaUserDataTest, WhatIsExportedComesBackTheSame) {
  const PersonaRow row = Live();
  Add(NewPersona("bob", "Bobs"));
  const std::vector<std::string> lines = Export("alice");
  ASSERT_THAT(lines, SizeIs(4));
  Empty();
  clock_.Advance(absl::Hours(100));

  const UserImport import = Import(lines, Alice());

  EXPECT_THAT(import.left_out, IsEmpty());
  EXPECT_THAT(import.counts, UnorderedElementsAre(Pair("personas", 1), Pair("cards", 1),
                                                  Pair("lore", 1), Pair("avatars", 1)));
  EXPECT_EQ(Export("alice"), lines);
  const PersonaRow there = Find(row.persona_id);
  EXPECT_EQ(there.version, 2);
  EXPECT_EQ(there.lore, row.lore);
  EXPECT_EQ(there.create_time, row.create_time);
  EXPECT_EQ(there.avatar_time, row.avatar_time);
}

TEST_P(PersonaUserDataTest, TwiceChangesNothing) {
  Live();
  const std::vector<std::string> lines = Export("alice");
  const UserImport import = Import(lines, Alice());
  EXPECT_THAT(import.counts, ElementsAre(Pair("unchanged", 4)));
  EXPECT_EQ(Export("alice"), lines);
}

TEST_P(PersonaUserDataTest, TakesNothingFromOthers) {
  Live();
  const std::vector<std::string> lines = Export("alice");
  const UserImport import = Import(lines, {.user_id = "bob", .now = clock_.Now()});
  ASSERT_THAT(import.left_out, SizeIs(4));
  EXPECT_EQ(import.left_out[0].reason, "its id is that of somebody else's persona");
  EXPECT_THAT(Export("bob"), IsEmpty());
  EXPECT_EQ(Export("alice"), lines);
}

TEST_P(PersonaUserDataTest, OnlyAdminsBringAiPersonasWhereOnlyTheyMayHaveAny) {
  Live();
  PersonaRow human = NewPersona("alice", "Hana");
  human.definition.set_type(v1::PERSONA_TYPE_HUMAN);
  Add(human);
  const std::vector<std::string> lines = Export("alice");
  Empty();

  const UserImport refused = Import(lines, Alice(), /*restricted=*/true);
  EXPECT_THAT(refused.counts, ElementsAre(Pair("personas", 1)));
  ASSERT_THAT(refused.left_out, SizeIs(4));
  EXPECT_EQ(refused.left_out[0].item, "persona Ada");
  EXPECT_EQ(refused.left_out[0].reason, "only admins may have AI personas here");
  EXPECT_THAT(Import(lines, Alice(/*admin=*/true), /*restricted=*/true).left_out, IsEmpty());
  EXPECT_EQ(Export("alice"), lines);
}

TEST_P(PersonaUserDataTest, SaysWhatItCannotTake) {
  Add(NewPersona("alice", "Ada"));
  const UserImport import =
      Import({"{", R"({"future":{}})", R"({"persona":{"personaId":"p","name":"Eve","type":1}})",
              absl::StrCat(R"({"persona":{"personaId":")", uuids_.NewId(),
                           R"(","name":"ADA ","type":"PERSONA_TYPE_AI_AGENT"}})")},
             Alice());
  ASSERT_THAT(import.left_out, SizeIs(4));
  EXPECT_EQ(import.left_out[1].reason, "this version does not know what it is");
  EXPECT_EQ(import.left_out[2].reason, "its id is none");
  EXPECT_EQ(import.left_out[3].reason, "there is a persona of that name");
  EXPECT_THAT(Export("alice"), SizeIs(1));
}

TEST_P(PersonaUserDataTest, ComesInPages) {
  for (int i = 0; i < 25; ++i)
    Add(NewPersona("alice", absl::StrCat("Persona ", i)));
  std::vector<size_t> sizes;
  EXPECT_THAT(Export("alice", &sizes), SizeIs(25));
  EXPECT_THAT(sizes, ElementsAre(20, 5));
}

DRAMATIS_ON_EVERY_ENGINE(PersonaUserDataTest);

}  // namespace
}  // namespace dramatis::persona
