// Pictures that are objects, on a real store and in a real folder.
#include "services/persona/sql/pictures.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/cards/png.h"
#include "services/persona/pictures/carrying.h"
#include "services/persona/pictures/pictures.h"
#include "services/persona/sql/avatars.h"
#include "services/persona/sql/forget_user.h"
#include "services/persona/sql/user_data.h"
#include "services/persona/testing/store_fixture.h"
#include "shared/digest/sha256.h"
#include "shared/log/log.h"
#include "shared/objects/folder.h"
#include "shared/sql/testing/user_lines.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis::persona {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

namespace fs = std::filesystem;

// A folder in which something happens before the next object is read or after it is put, once.
class WatchedFolder : public objects::FolderObjects {
 public:
  using FolderObjects::FolderObjects;
  std::function<void()> before_get;
  std::function<void()> after_put;
  absl::Status next_error;

  absl::Status Put(const std::string& key, const Pieces& next) override {
    if (absl::Status error = std::exchange(next_error, absl::OkStatus()); !error.ok()) return error;
    absl::Status put = FolderObjects::Put(key, next);
    if (const auto then = std::exchange(after_put, nullptr)) then();
    return put;
  }
  absl::StatusOr<objects::ObjectInfo> Get(const std::string& key, const Sink& sink) override {
    if (const auto first = std::exchange(before_get, nullptr)) first();
    return FolderObjects::Get(key, sink);
  }
};

class PictureObjectsTest : public StoreTest {
 protected:
  ~PictureObjectsTest() override { fs::remove_all(folder_); }

  PersonaRow Persona(const std::string& owner, const std::string& name, bool is_public = false) {
    PersonaRow row = NewRow(owner, name);
    row.persona_id = uuids_.NewId();
    row.definition.set_is_public(is_public);
    return row;
  }
  // A persona that a card made: two pictures.
  PersonaRow FromCard(const PersonaRow& row, const std::string& picture) {
    CallContext call;
    call.identity.user_id = row.owner_id;
    const CardRow card = {.document = "{}", .picture = picture, .avatar = Avatar(picture)};
    EXPECT_TRUE(store_.Import(call, {}, row, card, {}).ok());
    return row;
  }
  static AvatarRow Avatar(const std::string& picture) {
    return {.content_type = "image/png", .width = 1, .height = 1, .picture = picture};
  }
  absl::Status Give(const PersonaRow& row, const std::string& picture) {
    clock_.Advance(absl::Seconds(1));
    return avatars_.SetAvatar(row.persona_id, Avatar(picture), clock_.Now());
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    const auto found = objects_.List("", "", 100);
    for (const objects::ObjectInfo& object : *found)
      keys.push_back(object.key);
    return keys;
  }
  std::string KeyOf(const PersonaRow& row) {
    return (*avatars_.FindAvatar(row.persona_id))->object_key;
  }
  // As readers see them.
  absl::StatusOr<std::optional<AvatarRow>> Seen(const PersonaRow& row) {
    return pictures_->Whole([&] { return avatars_.FindAvatar(row.persona_id); });
  }
  std::string SeenAvatar(const PersonaRow& row) {
    const auto seen = Seen(row);
    EXPECT_TRUE(seen.ok() && seen->has_value()) << seen.status();
    return seen.ok() && seen->has_value() ? (*seen)->picture : "";
  }
  std::string SeenCard(const PersonaRow& row) {
    const auto seen = pictures_->Whole([&] { return store_.FindCard(row.persona_id); });
    EXPECT_TRUE(seen.ok() && seen->has_value()) << seen.status();
    return seen.ok() && seen->has_value() ? (*seen)->picture : "";
  }
  void Forget(const std::string& user) {
    ASSERT_TRUE(
        db().Write([&](sql::Transaction& tx) { return ForgetUser(tx, user, clock_.Now()); }).ok());
  }

  static fs::path NewFolder() {
    std::string folder = (fs::temp_directory_path() / "pictures-XXXXXX").string();
    return mkdtemp(folder.data());
  }

  UuidV7Source uuids_{clock_};
  const fs::path folder_ = NewFolder();
  WatchedFolder objects_{folder_};
  const std::shared_ptr<const Pictures> pictures_ = std::make_shared<const Pictures>(&objects_);
  SqlAvatarStore avatars_{db()};
  SqlPictureStore rows_{db()};
  FakeClock now_{absl::Now()};
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Carrying carrying_{rows_, *pictures_, now_, uuids_, *logger_};
};

TEST_P(PictureObjectsTest, ArePutBesideTheDatabaseAndReadBack) {
  const std::string picture("\x89P\0G", 4);
  const PersonaRow row = FromCard(Persona("alice", "Ada"), picture);
  const PersonaRow plain = Add(Persona("alice", "Bea"));
  EXPECT_EQ(SeenAvatar(row), picture) << "while it is in its row";

  ASSERT_TRUE(carrying_.Run().ok());

  EXPECT_THAT(Keys(), ElementsAre(StartsWith("avatars/" + row.persona_id + "/"),
                                  StartsWith("cards/" + row.persona_id + "/")));
  EXPECT_THAT(Keys(), testing::Each(EndsWith(Sha256Hex(picture))));
  const auto kept = *avatars_.FindAvatar(row.persona_id);
  EXPECT_EQ(kept->picture, "");
  EXPECT_EQ(kept->object_key, Keys()[0]);
  EXPECT_EQ((*store_.FindCard(row.persona_id))->picture, "");
  EXPECT_EQ(SeenAvatar(row), picture);
  EXPECT_EQ(SeenCard(row), picture);
  EXPECT_EQ(Find(row.persona_id).avatar_time, row.create_time) << "it is the same picture";
  EXPECT_FALSE(Seen(plain)->has_value());
  ASSERT_TRUE(carrying_.Run().ok());
  EXPECT_THAT(Keys(), SizeIs(2));
}

TEST_P(PictureObjectsTest, ReplacedOnesGoAndTheNewOneIsSeenAtOnce) {
  const PersonaRow row = Add(Persona("alice", "Ada"));
  ASSERT_TRUE(Give(row, "old").ok());
  ASSERT_TRUE(carrying_.Run().ok());
  const std::string old = KeyOf(row);

  ASSERT_TRUE(Give(row, "new").ok());
  EXPECT_EQ(SeenAvatar(row), "new");
  EXPECT_THAT(Keys(), ElementsAre(old)) << "until the transaction is over";
  ASSERT_TRUE(carrying_.Run().ok());

  EXPECT_THAT(Keys(), ElementsAre(KeyOf(row)));
  EXPECT_NE(KeyOf(row), old);
  EXPECT_EQ(SeenAvatar(row), "new");
  EXPECT_THAT(*rows_.Dropped(10), IsEmpty());
}

TEST_P(PictureObjectsTest, OneThatIsReplacedWhileItIsCarriedDoesNotComeBack) {
  const PersonaRow row = Add(Persona("alice", "Ada"));
  ASSERT_TRUE(Give(row, "old").ok());
  objects_.after_put = [&] { ASSERT_TRUE(Give(row, "new").ok()); };
  ASSERT_TRUE(carrying_.Run().ok());
  EXPECT_EQ(SeenAvatar(row), "new");
  EXPECT_THAT(Keys(), ElementsAre(KeyOf(row)));
}

TEST_P(PictureObjectsTest, OneThatIsReplacedWhileItIsReadIsReadAnew) {
  const PersonaRow row = Add(Persona("alice", "Ada"));
  ASSERT_TRUE(Give(row, "old").ok());
  ASSERT_TRUE(carrying_.Run().ok());
  objects_.before_get = [&] {
    ASSERT_TRUE(Give(row, "new").ok());
    ASSERT_TRUE(carrying_.Run().ok());
  };
  EXPECT_EQ(SeenAvatar(row), "new");
}

TEST_P(PictureObjectsTest, AMissingOrDamagedOneIsAnErrorThatNamesIt) {
  const PersonaRow row = Add(Persona("alice", "Ada"));
  ASSERT_TRUE(Give(row, "picture").ok());
  ASSERT_TRUE(carrying_.Run().ok());
  const std::string key = KeyOf(row);

  ASSERT_TRUE(objects::PutWhole(objects_, key, "another").ok());
  const absl::Status damaged = Seen(row).status();
  ASSERT_TRUE(objects_.Delete(key).ok());
  const absl::Status missing = Seen(row).status();

  for (const absl::Status& status : {damaged, missing}) {
    EXPECT_EQ(GetReason(status), "PERSONA_PICTURE_UNAVAILABLE") << status;
    EXPECT_THAT(OperatorMessage(status), HasSubstr(key));
  }
}

TEST_P(PictureObjectsTest, WithoutAPlaceRowsStayAndObjectsAreUnavailable) {
  const PersonaRow row = Add(Persona("alice", "Ada"));
  ASSERT_TRUE(Give(row, "picture").ok());
  const Pictures none(nullptr);
  Carrying idle(rows_, none, now_, uuids_, *logger_);
  ASSERT_TRUE(idle.Run().ok());
  ASSERT_TRUE(idle.DeleteOrphans().ok());
  EXPECT_EQ(SeenAvatar(row), "picture");
  EXPECT_THAT(Keys(), IsEmpty());

  ASSERT_TRUE(carrying_.Run().ok());
  const absl::Status seen =
      none.Whole([&] { return avatars_.FindAvatar(row.persona_id); }).status();
  EXPECT_TRUE(absl::IsUnavailable(seen)) << seen;
  EXPECT_THAT(OperatorMessage(seen), HasSubstr("DRAMATIS_OBJECTS"));
  ASSERT_TRUE(Give(row, "other").ok());
  EXPECT_THAT(OperatorMessage(idle.Run()), HasSubstr("DRAMATIS_OBJECTS"));
  EXPECT_THAT(*rows_.Dropped(10), SizeIs(1)) << "it waits";
}

TEST_P(PictureObjectsTest, APlaceThatFailsLosesNothing) {
  const PersonaRow row = Add(Persona("alice", "Ada"));
  ASSERT_TRUE(Give(row, "picture").ok());
  objects_.next_error = absl::UnavailableError("the bucket is away");
  EXPECT_TRUE(absl::IsUnavailable(carrying_.Run()));
  EXPECT_EQ(SeenAvatar(row), "picture");
  ASSERT_TRUE(carrying_.Run().ok());
  EXPECT_NE(KeyOf(row), "");
  EXPECT_EQ(SeenAvatar(row), "picture");
}

TEST_P(PictureObjectsTest, WhoLeavesTakesThemAlongPublicOnesToo) {
  FromCard(Persona("alice", "Ada"), "private");
  const PersonaRow shown = FromCard(Persona("alice", "Bea", /*is_public=*/true), "public");
  const PersonaRow others = FromCard(Persona("bob", "Cid"), "others");
  ASSERT_TRUE(carrying_.Run().ok());
  ASSERT_THAT(Keys(), SizeIs(6));

  Forget("alice");
  EXPECT_THAT(Keys(), SizeIs(6)) << "until the transaction is over";
  ASSERT_TRUE(carrying_.Run().ok());

  EXPECT_THAT(Keys(), ElementsAre(HasSubstr(others.persona_id), HasSubstr(others.persona_id)));
  EXPECT_EQ(SeenCard(others), "others");
  EXPECT_FALSE(avatars_.FindAvatar(shown.persona_id)->has_value());
  EXPECT_FALSE(store_.FindCard(shown.persona_id)->has_value());
  EXPECT_TRUE(absl::IsNotFound(Give(shown, "late"))) << "and nothing comes after";
}

TEST_P(PictureObjectsTest, AnArchiveHasThemAndBringsThemBack) {
  const std::string picture(PlainPng());
  const PersonaRow row = FromCard(Persona("alice", "Ada"), picture);
  const auto before = sql::ExportedLines(db(), UserExporter(pictures_), "alice");
  ASSERT_TRUE(carrying_.Run().ok());
  const auto lines = sql::ExportedLines(db(), UserExporter(pictures_), "alice");
  EXPECT_EQ(lines, before);
  Forget("alice");

  const UserImport import = sql::ImportedLines(db(), UserImporter(false),
                                               {.user_id = "alice", .now = clock_.Now()}, lines);
  EXPECT_THAT(import.left_out, IsEmpty());
  ASSERT_TRUE(carrying_.Run().ok());
  EXPECT_THAT(Keys(), SizeIs(2));
  EXPECT_EQ(SeenCard(row), picture);
  EXPECT_EQ(sql::ExportedLines(db(), UserExporter(pictures_), "alice"), lines);

  // One that is not whole is none.
  ASSERT_TRUE(objects_.Delete(KeyOf(row)).ok());
  const auto page =
      db().Read([&](sql::Transaction& tx) { return UserExporter(pictures_)(tx, "alice", ""); });
  EXPECT_EQ(GetReason(page.status()), "PERSONA_PICTURE_UNAVAILABLE");
}

TEST_P(PictureObjectsTest, OrphansGoAfterADayAndNothingElseDoes) {
  const PersonaRow row = FromCard(Persona("alice", "Ada"), "picture");
  ASSERT_TRUE(carrying_.Run().ok());
  const std::vector<std::string> kept = Keys();
  const PictureInRow died = {.persona_id = row.persona_id, .picture = "picture"};
  for (const std::string& key : {PictureKey(PictureKind::kAvatar, died, uuids_.NewId()),
                                 PictureKey(PictureKind::kCard, died, uuids_.NewId()),
                                 std::string("avatars/me.txt")})  // of somebody else
    ASSERT_TRUE(objects::PutWhole(objects_, key, "picture").ok());

  ASSERT_TRUE(carrying_.DeleteOrphans().ok());
  EXPECT_THAT(Keys(), SizeIs(5)) << "their rows may be on their way";
  now_.Advance(kPictureOrphanAge + absl::Minutes(1));
  ASSERT_TRUE(carrying_.DeleteOrphans([] { return true; }).ok());
  EXPECT_THAT(Keys(), SizeIs(5));
  ASSERT_TRUE(carrying_.DeleteOrphans().ok());

  EXPECT_THAT(Keys(), ElementsAre(kept[0], "avatars/me.txt", kept[1]));
}

TEST(PictureKeyTest, IsReadAsItWasMadeAndNothingElseIs) {
  const PictureInRow row = {.persona_id = "856fd181-aba4-5e87-83cd-b128b5f49c6c", .picture = "p"};
  const std::string id = "0192f0c1-0000-7000-8000-000000000001";
  for (const PictureKind kind : {PictureKind::kAvatar, PictureKind::kCard}) {
    const std::string key = PictureKey(kind, row, id);
    EXPECT_TRUE(objects::IsKey(key));
    EXPECT_EQ(ReadPictureKey(key),
              (PictureObject{.persona_id = row.persona_id, .object_key = key}));
    for (size_t i = 0; i < key.size(); ++i) {
      EXPECT_EQ(ReadPictureKey(key.substr(0, i)), std::nullopt);
      std::string other = key;
      other[i] = '!';
      EXPECT_EQ(ReadPictureKey(other), std::nullopt) << other;
    }
  }
}

DRAMATIS_ON_EVERY_ENGINE(PictureObjectsTest);

}  // namespace
}  // namespace dramatis::persona
