#include "services/persona/sources/source_follower.h"

#include <string>

#include "gtest/gtest.h"
#include "services/persona/testing/fakes.h"

namespace dramatis::persona {
namespace {

constexpr const char* kUri = "file:me.txt";
constexpr size_t kNoLimit = 1 << 20;

// Counts lines by level.
class CountingLogger : public Logger {
 public:
  void Log(LogLevel level, const std::string&, std::initializer_list<LogField>) override {
    ++lines[level];
  }
  bool Enabled(LogLevel) const override { return true; }
  std::map<LogLevel, int> lines;
};

class SourceFollowerTest : public testing::Test {
 protected:
  SourceFollowerTest() {
    source_.Set(kUri, "# Ada\nold text");
    row_.persona_id = "p1";
    row_.owner_id = "alice";
    row_.definition.set_name("Ada");
    row_.definition.set_source_uri(kUri);
    row_.definition.set_biography("# Ada\nold text");
  }

  // As after a read of the store.
  PersonaRow Stored() { return *store_.Find("p1"); }
  void Store() { ASSERT_TRUE(store_.Ensure(row_).ok()); }

  FakeStore store_;
  FakeSource source_;
  FakeClock clock_;
  CountingLogger logger_;
  PersonaRow row_;
  SourceFollower follower_{store_, source_, clock_, logger_, kNoLimit};
};

TEST_F(SourceFollowerTest, LeavesAnUnchangedTextAlone) {
  Store();

  const absl::StatusOr<PersonaRow> row = follower_.Follow(Stored());

  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->version, 1);
}

TEST_F(SourceFollowerTest, MakesAChangedTextTheNextVersion) {
  Store();
  source_.Set(kUri, "# Ada\nnew text");
  clock_.Advance(absl::Seconds(7));

  const absl::StatusOr<PersonaRow> row = follower_.Follow(Stored());

  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->version, 2);
  EXPECT_EQ(row->definition.biography(), "# Ada\nnew text");
  EXPECT_EQ(row->update_time, clock_.Now());
  EXPECT_EQ(Stored().version, 2);
  EXPECT_EQ(store_.FindVersion("p1", 1)->definition.biography(), "# Ada\nold text");
}

TEST_F(SourceFollowerTest, KeepsTheStoredTextWhenTheSourceFails) {
  Store();
  source_.Break(kUri);

  const absl::StatusOr<PersonaRow> row = follower_.Follow(Stored());

  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->version, 1);
  EXPECT_EQ(row->definition.biography(), "# Ada\nold text");
}

TEST_F(SourceFollowerTest, LogsAFailureOnceUntilItIsOver) {
  Store();
  source_.Break(kUri);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(follower_.Follow(Stored()).ok());
  EXPECT_EQ(logger_.lines[LogLevel::kWarning], 1);

  source_.Set(kUri, "# Ada\nold text");
  ASSERT_TRUE(follower_.Follow(Stored()).ok());
  EXPECT_EQ(logger_.lines[LogLevel::kInfo], 1);
  source_.Break(kUri);
  ASSERT_TRUE(follower_.Follow(Stored()).ok());
  EXPECT_EQ(logger_.lines[LogLevel::kWarning], 2);
}

TEST_F(SourceFollowerTest, DoesNotFightAnotherReplicaOverDifferentCopies) {
  Store();
  ASSERT_TRUE(follower_.Follow(Stored()).ok());
  FakeSource other_source;
  other_source.Set(kUri, "another copy");
  SourceFollower other(store_, other_source, clock_, logger_, kNoLimit);
  ASSERT_TRUE(other.Follow(Stored()).ok());

  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(follower_.Follow(Stored()).ok());
    ASSERT_TRUE(other.Follow(Stored()).ok());
  }

  EXPECT_EQ(Stored().version, 2);
}

TEST_F(SourceFollowerTest, TakesTheVersionThatAnotherReplicaWroteFirst) {
  Store();
  source_.Set(kUri, "new text");
  const PersonaRow stale = Stored();
  store_.before_write = [&] {
    PersonaRow theirs = stale;
    theirs.definition.set_biography("new text");
    ASSERT_TRUE(store_.Update(theirs).ok());
  };

  const absl::StatusOr<PersonaRow> row = follower_.Follow(stale);

  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->version, 2);
  EXPECT_EQ(Stored().version, 2);
}

TEST_F(SourceFollowerTest, RenamesTheDeploymentsOwnPersonaByItsHeading) {
  row_.owner_id = kSystemOwner;
  Store();
  source_.Set(kUri, "# Grace\nnew text");

  EXPECT_EQ(follower_.Follow(Stored())->definition.name(), "Grace");
}

TEST_F(SourceFollowerTest, KeepsANameThatSomebodyChose) {
  row_.owner_id = kSystemOwner;
  row_.definition.set_name("The Countess");
  Store();
  source_.Set(kUri, "# Grace\nnew text");

  EXPECT_EQ(follower_.Follow(Stored())->definition.name(), "The Countess");
}

TEST_F(SourceFollowerTest, KeepsTheOldNameWhenTheNewOneIsTaken) {
  row_.owner_id = kSystemOwner;
  Store();
  PersonaRow other = row_;
  other.persona_id = "p2";
  other.definition.set_name("Grace");
  ASSERT_TRUE(store_.Ensure(other).ok());
  source_.Set(kUri, "# Grace\nnew text");

  const absl::StatusOr<PersonaRow> row = follower_.Follow(Stored());

  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->definition.name(), "Ada");
  EXPECT_EQ(row->definition.biography(), "# Grace\nnew text");
}

TEST_F(SourceFollowerTest, SaysOnceThatATextIsCut) {
  SourceFollower follower(store_, source_, clock_, logger_, /*max_biography_bytes=*/20);
  Store();
  source_.Set(kUri, "a text of over twenty bytes");

  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(follower.Follow(Stored()).ok());

  EXPECT_EQ(logger_.lines[LogLevel::kWarning], 1);
}

}  // namespace
}  // namespace dramatis::persona
