// Every promise of model/journal_store.h, on SQLite and on PostgreSQL.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/model/journal_store.h"
#include "services/memory/testing/journal_fixture.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(JournalStoreTest, KeepsEveryFieldOfAnEntry) {
  JournalRow row = NewRow("Ada's \"day\" \U0001F375");
  row.definition.set_content(" first\n\n\\ second\u2028 ");
  row.definition.set_template_("dream-journal");
  row.definition.set_mood("so-so");
  for (const std::string tag : {"z", "\u00e9t\u00e9", "a", "\"[]\\"})
    row.definition.add_tags(tag);
  row.definition.add_linked_goal_ids(AddGoal("g2"));
  row.definition.add_linked_goal_ids(AddGoal("g1"));
  v1::JournalGoalProgress& progress = *row.definition.add_goal_progress();
  progress.set_goal_id("g1");
  progress.set_value(0.1 + 0.2);
  progress.set_note("nearly");
  row.definition.set_share_with_personas(true);
  row.word_count = 17;
  row.create_time = absl::FromUnixMicros(1'700'000'000'123'456);
  row.update_time = absl::FromUnixMicros(1'700'000'000'123'457);

  ASSERT_TRUE(Add(row).ok());

  const JournalRow found = store_.FindEntry("ada", row.entry_id).value();
  EXPECT_EQ(found.user_id, "ada");
  EXPECT_EQ(found.definition.SerializeAsString(), row.definition.SerializeAsString());
  EXPECT_EQ(found.word_count, 17);
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
}

TEST_P(JournalStoreTest, KeepsAnEncryptedEntryAndFindsItByNoWord) {
  JournalRow row = NewRow("A sealed day");
  row.definition.set_content("c2VhbGVk");
  row.definition.add_tags("sealed");
  row.definition.mutable_encryption()->set_algorithm("AES-256-GCM");
  row.definition.mutable_encryption()->set_key_id("k1");
  row.definition.mutable_encryption()->set_nonce("bm9uY2U=");
  row.definition.set_word_count(3);
  row.word_count = 3;

  ASSERT_TRUE(Add(row).ok());

  EXPECT_EQ(store_.FindEntry("ada", row.entry_id)->definition.SerializeAsString(),
            row.definition.SerializeAsString());
  JournalQuery query;
  query.user_id = "ada";
  query.tag = "sealed";
  EXPECT_EQ(store_.ListEntries(query)->entries.size(), 1);
  query.tag = "";
  for (const std::string word : {"sealed", "day", "c2VhbGVk", "c2vhbgvk"}) {
    query.words = {word};
    EXPECT_EQ(store_.ListEntries(query)->entries.size(), 0) << word;
  }
}

TEST_P(JournalStoreTest, KeepsTheLongestEntry) {
  JournalRow row = NewRow("long");
  std::string content;
  // No two pairs of characters alike: the most that an index is asked to hold.
  constexpr int kFirst = 0x20000;
  constexpr int kIdeographs = 0x2A6D6 - kFirst + 1;
  for (int i = 0; i < 50'000; ++i) {
    const int c = kFirst + (i * (i < kIdeographs ? 1 : 2)) % kIdeographs;
    for (const int byte :
         {0xF0 | c >> 18, 0x80 | (c >> 12 & 0x3F), 0x80 | (c >> 6 & 0x3F), 0x80 | (c & 0x3F)}) {
      content += static_cast<char>(byte);
    }
  }
  row.definition.set_content(content);

  ASSERT_TRUE(Add(row).ok());

  EXPECT_EQ(store_.FindEntry("ada", row.entry_id)->definition.content(), content);
}

TEST_P(JournalStoreTest, FindsAnEntryUnderItsOwnUserOnly) {
  const JournalRow row = NewRow("one");
  ASSERT_TRUE(Add(row).ok());

  EXPECT_EQ(store_.FindEntry("bob", row.entry_id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.FindEntry("ada", "e0").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Titles(Of("bob")), IsEmpty());
}

TEST_P(JournalStoreTest, ListsNewestFirstAndGoesOnWhereThePageEnded) {
  for (const std::string title : {"one", "two", "three"})
    ASSERT_TRUE(Add(NewRow(title)).ok());
  ASSERT_TRUE(Add(NewRow("somebody else's", "bob")).ok());
  JournalQuery query = Of("ada");
  query.limit = 2;

  const JournalPage page = store_.ListEntries(query).value();
  EXPECT_THAT(Titles(query), ElementsAre("three", "two"));
  EXPECT_TRUE(page.more);
  query.after = {page.entries[1].create_time, page.entries[1].entry_id};

  EXPECT_THAT(Titles(query), ElementsAre("one"));
  EXPECT_FALSE(store_.ListEntries(query)->more);
}

TEST_P(JournalStoreTest, OrdersEntriesOfOneInstantById) {
  JournalRow row = NewRow("");
  for (const std::string id : {"a-1", "a1", "B1"}) {
    row.entry_id = id;
    row.definition.set_title(id);
    ASSERT_TRUE(Add(row).ok());
  }
  JournalQuery query = Of("ada");
  query.after = {row.create_time, "a1"};

  EXPECT_THAT(Titles(query), ElementsAre("a-1", "B1"));
}

TEST_P(JournalStoreTest, FiltersByTagAndMoodExactly) {
  Tagged("one", {"work", "art"});
  Tagged("two", {"Work", "workshop"});
  JournalRow calm = NewRow("three");
  calm.definition.set_mood("calm");
  calm.definition.add_tags("work");
  ASSERT_TRUE(Add(calm).ok());
  JournalQuery query = Of("ada");

  query.tag = "work";
  EXPECT_THAT(Titles(query), ElementsAre("three", "one"));
  query.mood = "calm";
  EXPECT_THAT(Titles(query), ElementsAre("three"));
  query.tag = "";
  EXPECT_THAT(Titles(query), ElementsAre("three"));
  query.mood = "' or '1'='1";
  EXPECT_THAT(Titles(query), IsEmpty());
}

TEST_P(JournalStoreTest, FiltersByGoalsLinkedAndThoseWhoseProgressIsTold) {
  AddGoal("g1");
  AddGoal("g2");
  JournalRow linked = NewRow("linked");
  linked.definition.add_linked_goal_ids("g1");
  ASSERT_TRUE(Add(linked).ok());
  JournalRow told = NewRow("told");
  told.definition.add_goal_progress()->set_goal_id("g1");
  told.definition.add_linked_goal_ids("g2");
  ASSERT_TRUE(Add(told).ok());
  JournalRow both = NewRow("both");
  both.definition.add_goal_progress()->set_goal_id("g1");
  both.definition.add_linked_goal_ids("g1");
  ASSERT_TRUE(Add(both).ok());
  JournalQuery query = Of("ada");

  query.goal_id = "g1";
  EXPECT_THAT(Titles(query), ElementsAre("both", "told", "linked"));
  query.goal_id = "g2";
  EXPECT_THAT(Titles(query), ElementsAre("told"));
  query.goal_id = "g3";
  EXPECT_THAT(Titles(query), IsEmpty());
}

TEST_P(JournalStoreTest, FiltersByAPeriodWithoutItsEnd) {
  std::vector<absl::Time> times;
  for (const std::string title : {"one", "two", "three"}) {
    const JournalRow row = NewRow(title);
    times.push_back(row.create_time);
    ASSERT_TRUE(Add(row).ok());
  }
  JournalQuery from = Of("ada");
  from.from = times[1];
  JournalQuery to = Of("ada");
  to.to = times[1];
  JournalQuery both = from;
  both.to = times[2];

  EXPECT_THAT(Titles(from), ElementsAre("three", "two"));
  EXPECT_THAT(Titles(to), ElementsAre("one"));
  EXPECT_THAT(Titles(both), ElementsAre("two"));
  both.to = both.from;
  EXPECT_THAT(Titles(both), IsEmpty());
}

TEST_P(JournalStoreTest, FindsEntriesWithEveryWord) {
  Tagged("A walk by the sea", {"holidays"});
  JournalRow rain = NewRow("Rain");
  rain.definition.set_content("The cats were walking in CAF\u00c9s. \u732b\u304c\u597d\u304d");
  ASSERT_TRUE(Add(rain).ok());
  JournalRow other = NewRow("walk", "bob");
  ASSERT_TRUE(Add(other).ok());

  EXPECT_THAT(Titles(Asking("walks")), ElementsAre("Rain", "A walk by the sea"));
  EXPECT_THAT(Titles(Asking("walks, seas")), ElementsAre("A walk by the sea"));
  EXPECT_THAT(Titles(Asking("holiday")), ElementsAre("A walk by the sea"));
  EXPECT_THAT(Titles(Asking("cat cafe \u732b\u304c")), ElementsAre("Rain"));
  EXPECT_THAT(Titles(Asking("cat sea")), IsEmpty());
  for (const std::string question : {"\"cat", "words:cat", "cat & !", "cat:*", "cat' or '1'='1"}) {
    EXPECT_THAT(Titles(Asking(question)), testing::AnyOf(IsEmpty(), ElementsAre("Rain")))
        << question;
  }
}

TEST_P(JournalStoreTest, AppliesEveryFilterTogether) {
  AddGoal("g1");
  std::vector<JournalRow> rows;
  for (int i = 0; i < 6; ++i) {
    JournalRow row = NewRow(absl::StrCat("entry ", i));
    row.definition.set_content(i == 1 ? "nothing" : "the sea");
    row.definition.set_mood(i == 2 ? "glad" : "calm");
    if (i != 3) row.definition.add_tags("work");
    if (i != 4) row.definition.add_linked_goal_ids("g1");
    ASSERT_TRUE(Add(row).ok());
    rows.push_back(row);
  }
  JournalQuery query = Asking("sea");
  query.mood = "calm";
  query.tag = "work";
  query.goal_id = "g1";

  EXPECT_THAT(Titles(query), ElementsAre("entry 5", "entry 0"));
  query.limit = 1;
  EXPECT_THAT(Titles(query), ElementsAre("entry 5"));
  query.after = {rows[5].create_time, rows[5].entry_id};
  EXPECT_THAT(Titles(query), ElementsAre("entry 0"));
  query.from = rows[1].create_time;
  EXPECT_THAT(Titles(query), IsEmpty());
}

TEST_P(JournalStoreTest, UpdatesOnlyTheVersionThatWasRead) {
  AddGoal("g1");
  JournalRow row = NewRow("one");
  row.definition.add_tags("work");
  row.definition.add_linked_goal_ids("g1");
  row.definition.set_content("tea");
  ASSERT_TRUE(Add(row).ok());
  row.definition.clear_linked_goal_ids();
  row.definition.set_tags(0, "art");
  row.definition.set_content("coffee");
  row.definition.set_share_with_personas(true);
  row.word_count = 5;
  row.update_time += absl::Seconds(1);
  ASSERT_TRUE(store_.UpdateEntry(row).ok());

  JournalRow late = row;
  late.definition.set_title("late");
  EXPECT_EQ(GetReason(store_.UpdateEntry(late)), "CONFLICT");

  const JournalRow found = store_.FindEntry("ada", row.entry_id).value();
  EXPECT_EQ(found.definition.SerializeAsString(), row.definition.SerializeAsString());
  EXPECT_EQ(found.word_count, 5);
  EXPECT_EQ(found.version, 2);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
  JournalQuery tagged = Of("ada");
  tagged.tag = "work";
  JournalQuery linked = Of("ada");
  linked.goal_id = "g1";
  EXPECT_THAT(Titles(tagged), IsEmpty());
  EXPECT_THAT(Titles(linked), IsEmpty());
  EXPECT_THAT(Titles(Asking("tea")), IsEmpty());
  EXPECT_THAT(Titles(Asking("coffee")), ElementsAre("one"));
}

TEST_P(JournalStoreTest, UpdatesNothingThatIsGone) {
  EXPECT_EQ(GetReason(store_.UpdateEntry(NewRow("one"))), "CONFLICT");
}

TEST_P(JournalStoreTest, DeletesForGood) {
  const JournalRow row = Tagged("tea", {"work"});

  EXPECT_EQ(store_.DeleteEntry("bob", row.entry_id, std::nullopt).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(store_.DeleteEntry("ada", row.entry_id, 2)), "CONFLICT");
  EXPECT_TRUE(store_.DeleteEntry("ada", row.entry_id, 1).ok());

  EXPECT_EQ(store_.DeleteEntry("ada", row.entry_id, std::nullopt).code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(Titles(Asking("tea")), IsEmpty());
  EXPECT_THAT(store_.Tally("ada", 10, 10)->tags, IsEmpty());
  // Its id and tags are free again.
  EXPECT_TRUE(Add(row).ok());
}

TEST_P(JournalStoreTest, LinksTheUsersOwnGoalsOnly) {
  AddGoal("g1");
  AddGoal("g2", "bob");
  const auto link = [&](const std::string& goal_id) {
    JournalRow row = NewRow("linked");
    row.definition.add_linked_goal_ids("g1");
    row.definition.add_linked_goal_ids(goal_id);
    return Add(row);
  };
  JournalRow row = NewRow("one");
  row.definition.add_tags("work");
  ASSERT_TRUE(Add(row).ok());

  EXPECT_EQ(GetReason(link("g2")), "LINKED_GOAL_UNKNOWN");
  EXPECT_EQ(GetReason(link("g3")), "LINKED_GOAL_UNKNOWN");
  EXPECT_EQ(GetErrorInfo(link("g3"))->metadata().at("goal_id"), "g3");
  row.definition.add_goal_progress()->set_goal_id("g2");
  row.definition.set_tags(0, "art");
  EXPECT_EQ(GetReason(store_.UpdateEntry(row)), "LINKED_GOAL_UNKNOWN");

  // Nothing of what was refused is there.
  EXPECT_THAT(Titles(Of("ada")), ElementsAre("one"));
  EXPECT_EQ(store_.FindEntry("ada", row.entry_id)->definition.tags(0), "work");
  EXPECT_THAT(store_.Tally("ada", 10, 10)->tags, ElementsAre(JournalTally::Label{"work", 1}));
}

TEST_P(JournalStoreTest, CountsWordsMoodsTagsAndQuarters) {
  clock_.Advance(absl::Minutes(15) - (clock_.Now() - absl::UnixEpoch()) % absl::Minutes(15));
  const absl::Time quarter = clock_.Now();
  int i = 0;
  for (const std::string mood : {"calm", "glad", "", "glad", "bad"}) {
    JournalRow row = NewRow("one");
    row.create_time = quarter + absl::Minutes(5 * i) - absl::Microseconds(i == 3 ? 1 : 0);
    row.word_count = ++i;
    row.definition.set_mood(mood);
    row.definition.add_tags("all");
    row.definition.add_tags(i % 2 == 0 ? "even" : "odd");
    ASSERT_TRUE(Add(row).ok());
  }
  ASSERT_TRUE(Add(NewRow("somebody else's", "bob")).ok());

  const JournalTally tally = store_.Tally("ada", 2, 2).value();

  EXPECT_EQ(tally.entries, 5);
  EXPECT_EQ(tally.words, 15);
  EXPECT_THAT(tally.moods,
              ElementsAre(JournalTally::Label{"glad", 2}, JournalTally::Label{"bad", 1}));
  EXPECT_THAT(tally.tags,
              ElementsAre(JournalTally::Label{"all", 5}, JournalTally::Label{"odd", 3}));
  EXPECT_THAT(tally.slots, ElementsAre(JournalTally::Slot{quarter, 4},
                                       JournalTally::Slot{quarter + absl::Minutes(15), 1}));
}

TEST_P(JournalStoreTest, CountsNothingOfAnUnknownUser) {
  const JournalTally tally = store_.Tally("ada", 10, 10).value();

  EXPECT_EQ(tally.entries, 0);
  EXPECT_EQ(tally.words, 0);
  EXPECT_THAT(tally.moods, IsEmpty());
  EXPECT_THAT(tally.slots, IsEmpty());
}

TEST_P(JournalStoreTest, WritesARepeatedRequestOnce) {
  CallContext call;
  call.identity.user_id = "ada";
  call.idempotency_key = "k1";
  bool replayed = false;
  call.send_header = [&](const std::string& name, const std::string& value) {
    replayed = name == "idempotency-replayed" && value == "true";
  };
  v1::CreateJournalEntryRequest request;
  request.mutable_entry()->set_title("one");
  v1::JournalEntry answer;
  answer.set_entry_id("the first answer");
  ASSERT_TRUE(store_.CreateEntry(call, request, NewRow("one"), answer).ok());
  ASSERT_FALSE(replayed);

  EXPECT_EQ(store_.CreateEntry(call, request, NewRow("one"), {})->entry_id(), "the first answer");
  EXPECT_TRUE(replayed);
  request.mutable_entry()->set_title("two");
  EXPECT_EQ(GetReason(store_.CreateEntry(call, request, NewRow("two"), {}).status()),
            "IDEMPOTENCY_KEY_REUSED");
  EXPECT_THAT(Titles(Of("ada")), ElementsAre("one"));
}

TEST_P(JournalStoreTest, LetsOneOfManyWritersOfAVersionWin) {
  JournalRow row = Tagged("one", {"work"});
  std::vector<absl::Status> results(8);
  std::vector<std::thread> writers;
  for (size_t i = 0; i < results.size(); ++i) {
    writers.emplace_back([&, i] {
      JournalRow mine = row;
      mine.definition.set_tags(0, absl::StrCat("writer", i));
      results[i] = store_.UpdateEntry(mine);
    });
  }
  for (std::thread& writer : writers)
    writer.join();

  EXPECT_EQ(std::count(results.begin(), results.end(), absl::OkStatus()), 1);
  const JournalRow found = store_.FindEntry("ada", row.entry_id).value();
  EXPECT_EQ(found.version, 2);
  EXPECT_THAT(store_.Tally("ada", 10, 10)->tags,
              ElementsAre(JournalTally::Label{found.definition.tags(0), 1}));
}

DRAMATIS_ON_EVERY_ENGINE(JournalStoreTest);

}  // namespace
}  // namespace dramatis::memory
