#include "services/memory/recall.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kAmple = 100'000;

std::vector<std::string> Sources(const v1::RecallResponse& response) {
  std::vector<std::string> sources;
  for (const auto& part : response.parts())
    sources.push_back(part.source());
  return sources;
}

MemoryRow Row(const std::string& id, const std::string& content) {
  MemoryRow row;
  row.user_id = "ada";
  row.memory_id = id;
  row.content = content;
  return row;
}

ProfileRow Profile(const std::string& name) {
  ProfileRow row;
  row.user_id = "ada";
  row.definition.set_display_name(name);
  return row;
}

TEST(DescribeProfileTest, TellsWhatIsKnownInSentences) {
  v1::Profile profile;
  profile.set_display_name("Ada");
  profile.set_bio("mathematician, two cats");
  profile.set_timezone("Europe/London");
  profile.set_locale("en-GB");
  profile.set_units(v1::UNITS_IMPERIAL);

  EXPECT_EQ(DescribeProfile(profile),
            "The user's name is Ada. About them: mathematician, two cats. Their time zone is "
            "Europe/London. Their locale is en-GB. They use imperial units.");
}

TEST(DescribeProfileTest, EndsASentenceOnce) {
  v1::Profile profile;
  profile.set_bio("I count!");

  EXPECT_EQ(DescribeProfile(profile), "About them: I count!");
}

TEST(DescribeProfileTest, TellsNothingOfDefaultsAndPreferences) {
  v1::Profile profile;
  profile.set_timezone("UTC");
  profile.set_locale("en");
  profile.set_units(v1::UNITS_METRIC);
  (*profile.mutable_preferences())["theme"] = "dark";

  EXPECT_EQ(DescribeProfile(profile), "");
}

TEST(ChoosePartsTest, PutsTheProfileBeforeMatchesBeforeTheNewest) {
  Recollection recollection;
  recollection.profile = Profile("Ada");
  recollection.matches = {{Row("m2", "tea"), 2}, {Row("m1", "cats"), 1}};
  recollection.recent = {Row("m3", "London"), Row("m2", "tea")};

  const v1::RecallResponse response = ChooseParts(recollection, kAmple);

  EXPECT_THAT(Sources(response), ElementsAre("profile/ada", "memory/m2", "memory/m1", "memory/m3"));
  EXPECT_EQ(response.parts(0).text(), "The user's name is Ada.");
  EXPECT_EQ(response.parts(1).text(), "tea");
  for (const auto& part : response.parts())
    EXPECT_EQ(part.kind(), prompt::v1::PART_KIND_MEMORY);
}

TEST(ChoosePartsTest, KeepsWithinTheBudgetWithWholeParts) {
  Recollection recollection;
  recollection.matches = {{Row("m1", "12345"), 3}, {Row("m2", "1234567"), 2}, {Row("m3", "12"), 1}};

  EXPECT_THAT(Sources(ChooseParts(recollection, 8)), ElementsAre("memory/m1", "memory/m3"));
  EXPECT_THAT(Sources(ChooseParts(recollection, 12)), ElementsAre("memory/m1", "memory/m2"));
  EXPECT_THAT(Sources(ChooseParts(recollection, 1)), IsEmpty());
  EXPECT_THAT(Sources(ChooseParts(recollection, 0)), IsEmpty());
}

TEST(ChoosePartsTest, CountsBytesNotCharacters) {
  Recollection recollection;
  recollection.matches = {{Row("m1", "\u00e9\u00e9"), 1}};

  EXPECT_THAT(Sources(ChooseParts(recollection, 3)), IsEmpty());
  EXPECT_THAT(Sources(ChooseParts(recollection, 4)), ElementsAre("memory/m1"));
}

class RecallTest : public testing::Test {
 protected:
  void Remember(const std::string& id, const std::string& content) {
    MemoryRow row = Row(id, content);
    row.create_time = absl::FromUnixSeconds(++seconds_);
    ASSERT_TRUE(store_.Create({}, {}, row, {}, 1000).ok());
  }

  static v1::RecallRequest Asking(const std::string& query) {
    v1::RecallRequest request;
    request.set_user_id("ada");
    request.set_persona_id("p1");
    request.set_query(query);
    request.set_budget_bytes(kAmple);
    return request;
  }

  FakeStore store_;
  Recall recall_{store_};
  int seconds_ = 0;
};

TEST_F(RecallTest, FindsWhatTheMessageIsAbout) {
  Remember("m1", "Ada likes tea.");
  Remember("m2", "Ada moved to London.");

  const v1::RecallResponse response = recall_.ForTurn({}, Asking("More tea?")).value();

  EXPECT_THAT(Sources(response), ElementsAre("memory/m1", "memory/m2"));
  EXPECT_EQ(store_.last_search.persona_id, "p1");
}

TEST_F(RecallTest, FillsUpWithAFewOfTheNewest) {
  for (int i = 0; i < 20; ++i)
    Remember(absl::StrCat("m", 10 + i), "nothing of interest");

  const v1::RecallResponse response = recall_.ForTurn({}, Asking("Tea?")).value();

  EXPECT_THAT(Sources(response),
              ElementsAre("memory/m29", "memory/m28", "memory/m27", "memory/m26", "memory/m25"));
}

TEST_F(RecallTest, IsEmptyForAUserOfWhomNothingIsKnown) {
  EXPECT_THAT(Sources(recall_.ForTurn({}, Asking("Tea?")).value()), IsEmpty());
}

TEST_F(RecallTest, TakesAnyCharacterInTheQuery) {
  Remember("m1", "Ada likes tea.");

  EXPECT_TRUE(recall_.ForTurn({}, Asking(std::string("tea\0'\"", 6))).ok());
}

TEST_F(RecallTest, NeverTakesAFailedReadForNothing) {
  store_.error = UnavailableError("the database is away");

  EXPECT_EQ(recall_.ForTurn({}, Asking("tea")).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace dramatis::memory
