#include "services/memory/memories/recall.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/fakes.h"
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

  const v1::RecallResponse response = ChooseParts(recollection, {}, kAmple);

  EXPECT_THAT(Sources(response), ElementsAre("profile/ada", "memory/m2", "memory/m1", "memory/m3"));
  EXPECT_EQ(response.parts(0).text(), "The user's name is Ada.");
  EXPECT_EQ(response.parts(1).text(), "tea");
  for (const auto& part : response.parts())
    EXPECT_EQ(part.kind(), prompt::v1::PART_KIND_MEMORY);
}

TEST(ChoosePartsTest, KeepsWithinTheBudgetWithWholeParts) {
  Recollection recollection;
  recollection.matches = {{Row("m1", "12345"), 3}, {Row("m2", "1234567"), 2}, {Row("m3", "12"), 1}};

  EXPECT_THAT(Sources(ChooseParts(recollection, {}, 8)), ElementsAre("memory/m1", "memory/m3"));
  EXPECT_THAT(Sources(ChooseParts(recollection, {}, 12)), ElementsAre("memory/m1", "memory/m2"));
  EXPECT_THAT(Sources(ChooseParts(recollection, {}, 1)), IsEmpty());
  EXPECT_THAT(Sources(ChooseParts(recollection, {}, 0)), IsEmpty());
}

TEST(ChoosePartsTest, CountsBytesNotCharacters) {
  Recollection recollection;
  recollection.matches = {{Row("m1", "\u00e9\u00e9"), 1}};

  EXPECT_THAT(Sources(ChooseParts(recollection, {}, 3)), IsEmpty());
  EXPECT_THAT(Sources(ChooseParts(recollection, {}, 4)), ElementsAre("memory/m1"));
}

JournalRow Entry(const std::string& id, const std::string& title, const std::string& content) {
  JournalRow row;
  row.user_id = "ada";
  row.entry_id = id;
  row.definition.set_title(title);
  row.definition.set_content(content);
  row.definition.set_share_with_personas(true);
  row.create_time = absl::FromCivil(absl::CivilHour(2026, 11, 20, 23), absl::UTCTimeZone());
  return row;
}

GoalBrief Goal(const std::string& id, const std::string& text) {
  GoalBrief brief;
  brief.goal_id = id;
  brief.text = text;
  return brief;
}

TEST(DescribeEntryTest, TellsDayMoodTitleAndTheBeginning) {
  JournalRow entry = Entry("e1", "A day\nat sea", "We met.\n\n It rained. ");

  EXPECT_EQ(DescribeEntry(entry, absl::UTCTimeZone()),
            "The user's journal of 2026-11-20: A day at sea. We met. It rained.");
  entry.definition.set_mood("calm");
  EXPECT_EQ(DescribeEntry(entry, absl::FixedTimeZone(3600)),
            "The user's journal of 2026-11-21, mood calm: A day at sea. We met. It rained.");
}

TEST(DescribeEntryTest, CutsTheContentAtASentence) {
  std::string content;
  for (int i = 0; i < 100; ++i)
    content += "We met at noon. ";

  const std::string text = DescribeEntry(Entry("e1", "Long!", content), absl::UTCTimeZone());

  EXPECT_LT(text.size(), 700);
  EXPECT_GT(text.size(), 600);
  EXPECT_THAT(text, testing::StartsWith("The user's journal of 2026-11-20: Long! We met at noon."));
  EXPECT_THAT(text, testing::EndsWith("We met at noon."));
}

TEST(ChoosePartsTest, PutsGoalsBeforeMatchesAndTheJournalAfter) {
  Recollection recollection;
  recollection.profile = Profile("Ada");
  recollection.matches = {{Row("m1", "tea"), 1}};
  recollection.recent = {Row("m2", "London")};
  recollection.entries = {Entry("e2", "Two", "We met."), Entry("e1", "One", "We met.")};
  std::vector<GoalBrief> goals;
  for (int i = 10; i < 22; ++i)
    goals.push_back(Goal(absl::StrCat("g", i), "Goal."));

  const v1::RecallResponse response = ChooseParts(recollection, goals, kAmple);

  EXPECT_THAT(Sources(response),
              ElementsAre("profile/ada", "goal/g10", "goal/g11", "goal/g12", "goal/g13", "goal/g14",
                          "goal/g15", "goal/g16", "goal/g17", "goal/g18", "goal/g19", "memory/m1",
                          "journal/e2", "journal/e1", "goal/g20", "goal/g21", "memory/m2"));
  for (const auto& part : response.parts())
    EXPECT_EQ(part.kind(), prompt::v1::PART_KIND_MEMORY);
}

TEST(ChoosePartsTest, GivesGoalsAndTheJournalAQuarterEach) {
  Recollection recollection;
  recollection.entries = {Entry("e1", "One", std::string(100, 'x'))};
  const size_t size = DescribeEntry(recollection.entries[0], absl::UTCTimeZone()).size();
  recollection.matches = {{Row("m1", std::string(2 * size + 10, 'x')), 2},
                          {Row("m2", "12345678"), 1}};
  const int budget = static_cast<int>(4 * size);
  const std::vector<GoalBrief> goals = {Goal("g1", std::string(size - 10, 'x')),
                                        Goal("g2", std::string(11, 'x')), Goal("g3", "1234567890")};

  EXPECT_THAT(Sources(ChooseParts(recollection, goals, budget)),
              ElementsAre("goal/g1", "goal/g3", "memory/m2", "journal/e1"));
  // What they do not take is for memories.
  EXPECT_THAT(Sources(ChooseParts(recollection, goals, budget - 4)),
              ElementsAre("goal/g1", "memory/m1", "memory/m2"));
}

TEST(ChoosePartsTest, NeverExceedsItsBudget) {
  Recollection recollection;
  recollection.profile = Profile("Ada");
  recollection.matches = {{Row("m1", std::string(90, 'x')), 2}, {Row("m2", "12345678"), 1}};
  recollection.entries = {Entry("e1", "One", "We met. It rained.")};
  const std::vector<GoalBrief> goals = {Goal("g1", "Goal one."), Goal("g2", "2")};
  for (int budget = 0; budget < 400; ++budget) {
    int bytes = 0;
    const v1::RecallResponse response = ChooseParts(recollection, goals, budget);
    for (const auto& part : response.parts())
      bytes += static_cast<int>(part.text().size());
    EXPECT_LE(bytes, budget);
  }
}

TEST(ChoosePartsTest, NeverTellsAnEntryThatIsKeptFromPersonas) {
  Recollection recollection;
  recollection.entries = {Entry("e1", "Secret", "Nobody knows.")};
  recollection.entries[0].definition.set_share_with_personas(false);

  EXPECT_THAT(Sources(ChooseParts(recollection, {}, kAmple)), IsEmpty());
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
  absl::StatusOr<std::vector<GoalBrief>> goals_ = std::vector<GoalBrief>();
  std::vector<std::string> asked_for_goals_of_;
  Recall recall_{store_, [this](const std::string& user_id) {
                   asked_for_goals_of_.push_back(user_id);
                   return goals_;
                 }};
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

TEST_F(RecallTest, TellsOfGoalsAndTheNewestEntries) {
  store_.has_goals = true;
  goals_ = std::vector<GoalBrief>{Goal("g1", "Goal: read 12 books, 50 % done.")};
  for (int i = 0; i < 5; ++i)
    store_.shared_entries.push_back(Entry(absl::StrCat("e", i), "A day", "We met."));
  Remember("m1", "Ada likes tea.");

  const v1::RecallResponse response = recall_.ForTurn({}, Asking("Tea?")).value();

  EXPECT_THAT(Sources(response),
              ElementsAre("goal/g1", "memory/m1", "journal/e0", "journal/e1", "journal/e2"));
  EXPECT_EQ(response.parts(0).text(), "Goal: read 12 books, 50 % done.");
  EXPECT_THAT(asked_for_goals_of_, ElementsAre("ada"));
}

TEST_F(RecallTest, AsksForGoalsWhereThereAreSomeOnly) {
  ASSERT_TRUE(recall_.ForTurn({}, Asking("Tea?")).ok());

  EXPECT_THAT(asked_for_goals_of_, IsEmpty());
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
  store_.error = absl::OkStatus();
  store_.has_goals = true;
  goals_ = UnavailableError("the database is away");
  EXPECT_EQ(recall_.ForTurn({}, Asking("tea")).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace dramatis::memory
