#include "services/persona/sources/default_persona.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"
#include "services/persona/sources/source_follower.h"
#include "services/persona/testing/fakes.h"
#include "shared/ids/ids.h"

namespace dramatis::persona {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSample = "# Maren\nI measure rivers.\n";

class DefaultPersonaTest : public testing::Test {
 protected:
  DefaultPersonaTest() {
    std::string pattern = (fs::temp_directory_path() / "dramatis-default-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    config_.persona_dir = (root_ / "personas").string();
  }
  ~DefaultPersonaTest() override { fs::remove_all(root_); }

  DefaultPersona Make(PersonaSource& source) {
    return {config_, kSample, store_, source, clock_, *logger_};
  }
  std::string FileText() const {
    std::ifstream in(fs::path(config_.persona_dir) / "me.txt");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path root_;
  Config config_;
  FakeStore store_;
  FakeClock clock_;
  FakeSource fake_source_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
};

TEST_F(DefaultPersonaTest, MakesTheSampleWithoutAnySetting) {
  FileSource source(config_.persona_dir, clock_);
  DefaultPersona persona = Make(source);

  persona.Start();

  EXPECT_EQ(FileText(), kSample);
  const absl::StatusOr<PersonaRow> row = store_.Find(NameId("default-persona\nfile:me.txt"));
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->owner_id, kSystemOwner);
  EXPECT_EQ(row->definition.name(), "Maren");
  EXPECT_EQ(row->definition.type(), v1::PERSONA_TYPE_AI_AGENT);
  EXPECT_EQ(row->definition.source_uri(), "file:me.txt");
  EXPECT_EQ(row->definition.biography(), kSample);
  EXPECT_TRUE(row->definition.is_public());
}

TEST_F(DefaultPersonaTest, LeavesAFileThatIsThere) {
  fs::create_directory(config_.persona_dir);
  std::ofstream(fs::path(config_.persona_dir) / "me.txt") << "# Ada\nmy own";
  FileSource source(config_.persona_dir, clock_);
  DefaultPersona persona = Make(source);

  persona.Start();

  EXPECT_EQ(FileText(), "# Ada\nmy own");
  EXPECT_EQ(store_.Find(*persona.Id())->definition.name(), "Ada");
}

TEST_F(DefaultPersonaTest, DoesNotPutTheSampleInThePlaceOfAnEditedText) {
  fs::create_directory(config_.persona_dir);
  std::ofstream(fs::path(config_.persona_dir) / "me.txt") << "# Ada\nmy own";
  FileSource source(config_.persona_dir, clock_);
  Make(source).Start();
  fs::remove_all(config_.persona_dir);

  DefaultPersona again = Make(source);
  again.Start();

  EXPECT_FALSE(fs::exists(config_.persona_dir));
  EXPECT_EQ(store_.Find(*again.Id())->definition.biography(), "# Ada\nmy own");
}

TEST_F(DefaultPersonaTest, PutsTheSampleBackForWhoeverWantsToEditIt) {
  FileSource source(config_.persona_dir, clock_);
  Make(source).Start();
  fs::remove_all(config_.persona_dir);

  Make(source).Start();

  EXPECT_EQ(FileText(), kSample);
}

TEST_F(DefaultPersonaTest, LeavesNoDraftBehind) {
  FileSource source(config_.persona_dir, clock_);
  Make(source).Start();

  EXPECT_EQ(std::distance(fs::directory_iterator(config_.persona_dir), {}), 1);
}

TEST_F(DefaultPersonaTest, IsTheSameAtEveryStart) {
  config_.default_persona = "file:twin.txt";
  fake_source_.Set("file:twin.txt", "no heading");
  Make(fake_source_).Start();

  DefaultPersona again = Make(fake_source_);
  again.Start();

  ASSERT_TRUE(again.Id().ok());
  EXPECT_EQ(store_.Find(*again.Id())->version, 1);
  EXPECT_EQ(store_.Find(*again.Id())->definition.name(), "twin");
}

TEST_F(DefaultPersonaTest, TriesAMissingSourceAgain) {
  config_.default_persona = "file:twin.txt";
  DefaultPersona persona = Make(fake_source_);

  persona.Start();
  EXPECT_EQ(GetReason(persona.Id().status()), "PERSONA_SOURCE_UNAVAILABLE");
  fake_source_.Set("file:twin.txt", "# Twin");
  EXPECT_TRUE(persona.Id().ok());
}

TEST_F(DefaultPersonaTest, ServesTheStoredTextWhenTheSourceIsGoneAtTheStart) {
  config_.default_persona = "file:twin.txt";
  fake_source_.Set("file:twin.txt", "# Twin");
  Make(fake_source_).Start();
  fake_source_.Break("file:twin.txt");

  DefaultPersona again = Make(fake_source_);
  again.Start();

  EXPECT_TRUE(again.Id().ok());
}

TEST_F(DefaultPersonaTest, TriesAgainAfterAFailureOfTheStore) {
  config_.default_persona = "file:twin.txt";
  fake_source_.Set("file:twin.txt", "# Twin");
  store_.next_error = UnavailableError("the database is away");
  DefaultPersona persona = Make(fake_source_);

  persona.Start();

  EXPECT_TRUE(persona.Id().ok());
}

TEST_F(DefaultPersonaTest, MayShareItsNameWithTheDefaultOfAnotherSetting) {
  fake_source_.Set("file:one.txt", "# Ada");
  fake_source_.Set("file:two.txt", "# Ada");
  config_.default_persona = "file:one.txt";
  Make(fake_source_).Start();

  config_.default_persona = "file:two.txt";
  DefaultPersona two = Make(fake_source_);
  two.Start();

  ASSERT_TRUE(two.Id().ok()) << two.Id().status();
  EXPECT_EQ(store_.Find(*two.Id())->definition.name().substr(0, 5), "Ada (");
}

TEST_F(DefaultPersonaTest, ComesBackAfterItWasDeleted) {
  config_.default_persona = "file:twin.txt";
  fake_source_.Set("file:twin.txt", "# Twin");
  const std::string id = *Make(fake_source_).Id();
  ASSERT_TRUE(store_.Delete(id, 1, clock_.Now()).ok());

  ASSERT_TRUE(Make(fake_source_).Id().ok());

  EXPECT_FALSE(store_.Find(id)->deleted);
  EXPECT_EQ(store_.Find(id)->version, 2);
}

TEST_F(DefaultPersonaTest, TakesAnIdAsItIs) {
  config_.default_persona = "00000000-0000-7000-8000-000000000001";
  DefaultPersona persona = Make(fake_source_);

  persona.Start();

  EXPECT_EQ(*persona.Id(), config_.default_persona);
  EXPECT_TRUE(persona.Is(config_.default_persona));
}

}  // namespace
}  // namespace dramatis::persona
