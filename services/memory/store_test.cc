// Every promise of store.h, on SQLite and on PostgreSQL.
#include "services/memory/store.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/search_query.h"
#include "services/memory/sql_store.h"
#include "shared/sql/testing.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemoryStoreTest : public sql::DatabaseTest {
 protected:
  static constexpr int kQuota = 1000;

  MemoryStoreTest() : DatabaseTest(embedded::memory_migrations()), store_(db(), clock_) {}

  MemoryRow NewRow(const std::string& content, const std::string& user_id = "ada") {
    clock_.Advance(absl::Seconds(1));
    MemoryRow row;
    row.user_id = user_id;
    row.memory_id = absl::StrCat("m", 100 + ++last_id_);
    row.content = content;
    row.create_time = clock_.Now();
    row.update_time = row.create_time;
    return row;
  }

  absl::Status Add(const MemoryRow& row) { return store_.Create({}, {}, row, {}, kQuota).status(); }

  std::string Remember(const std::string& content, const std::string& user_id = "ada") {
    const MemoryRow row = NewRow(content, user_id);
    EXPECT_TRUE(Add(row).ok());
    return row.memory_id;
  }

  std::string RememberFor(const std::string& persona_id, const std::string& content) {
    MemoryRow row = NewRow(content);
    row.persona_id = persona_id;
    EXPECT_TRUE(Add(row).ok());
    return row.memory_id;
  }

  static MemorySearch For(const std::string& query, const std::string& user_id = "ada") {
    MemorySearch search;
    search.user_id = user_id;
    search.words = QueryWords(query);
    return search;
  }

  std::vector<std::string> Found(const MemorySearch& search) {
    std::vector<std::string> ids;
    const std::vector<ScoredMemory> matches = store_.Search(search).value();
    for (const ScoredMemory& match : matches)
      ids.push_back(match.memory.memory_id);
    return ids;
  }

  static std::vector<std::string> Ids(const std::vector<MemoryRow>& rows) {
    std::vector<std::string> ids;
    for (const MemoryRow& row : rows)
      ids.push_back(row.memory_id);
    return ids;
  }

  FakeClock clock_;
  SqlStore store_;
  int last_id_ = 0;
};

TEST_P(MemoryStoreTest, FindsNoProfileBeforeTheFirstWrite) {
  EXPECT_EQ(store_.FindProfile("ada").value(), std::nullopt);
}

TEST_P(MemoryStoreTest, KeepsEveryFieldOfAProfile) {
  ProfileRow row;
  row.user_id = "ada";
  row.definition.set_display_name("Ada \U0001F408 'quoted\"");
  row.definition.set_bio("line\nbreak");
  row.definition.set_timezone("Europe/London");
  row.definition.set_locale("en-GB");
  row.definition.set_units(v1::UNITS_IMPERIAL);
  (*row.definition.mutable_preferences())["\u00e9 \"key\""] = "\\ value \u2028";
  (*row.definition.mutable_preferences())[""] = "";
  row.create_time = absl::FromUnixMicros(1'700'000'000'123'456);
  row.update_time = absl::FromUnixMicros(1'700'000'000'123'457);

  ASSERT_TRUE(store_.WriteProfile(row).ok());

  const std::optional<ProfileRow> found = store_.FindProfile("ada").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->definition.DebugString(), row.definition.DebugString());
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->create_time, row.create_time);
  EXPECT_EQ(found->update_time, row.update_time);
}

TEST_P(MemoryStoreTest, WritesAProfileOnlyOverTheVersionThatWasRead) {
  ProfileRow row;
  row.user_id = "ada";
  ASSERT_TRUE(store_.WriteProfile(row).ok());
  row.version = 1;
  row.definition.set_bio("second");
  ASSERT_TRUE(store_.WriteProfile(row).ok());

  row.definition.set_bio("late");
  EXPECT_EQ(GetReason(store_.WriteProfile(row)), "CONFLICT");
  row.version = 0;
  EXPECT_EQ(GetReason(store_.WriteProfile(row)), "CONFLICT");
  EXPECT_EQ(store_.FindProfile("ada").value()->definition.bio(), "second");
  EXPECT_EQ(store_.FindProfile("ada").value()->version, 2);
}

TEST_P(MemoryStoreTest, KeepsEveryFieldOfAMemory) {
  MemoryRow row = NewRow("Ada's \"tea\" \U0001F375\n\\");
  row.confidence = 0.123456789;
  row.persona_id = "p1";
  row.source_message_id = "m";
  row.source_conversation_id = "c";

  ASSERT_TRUE(Add(row).ok());

  const MemoryRow found = store_.Find("ada", row.memory_id).value();
  EXPECT_EQ(found.user_id, "ada");
  EXPECT_EQ(found.content, row.content);
  EXPECT_EQ(found.confidence, row.confidence);
  EXPECT_EQ(found.persona_id, "p1");
  EXPECT_EQ(found.source_message_id, "m");
  EXPECT_EQ(found.source_conversation_id, "c");
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
}

TEST_P(MemoryStoreTest, FindsAMemoryUnderItsOwnUserOnly) {
  const std::string id = Remember("tea");

  EXPECT_EQ(store_.Find("bob", id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Find("ada", "m0").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(MemoryStoreTest, ListsNewestFirstAndGoesOnWhereThePageEnded) {
  const std::string first = Remember("one");
  const std::string second = Remember("two");
  const std::string third = Remember("three");
  Remember("somebody else's", "bob");
  MemoryQuery query;
  query.user_id = "ada";
  query.limit = 2;

  const MemoryPage page = store_.List(query).value();
  query.after = {page.memories[1].create_time, page.memories[1].memory_id};
  const MemoryPage next = store_.List(query).value();

  EXPECT_THAT(Ids(page.memories), ElementsAre(third, second));
  EXPECT_TRUE(page.more);
  EXPECT_THAT(Ids(next.memories), ElementsAre(first));
  EXPECT_FALSE(next.more);
}

TEST_P(MemoryStoreTest, OrdersMemoriesOfOneInstantById) {
  MemoryRow row = NewRow("one");
  for (const std::string id : {"a-1", "a1", "B1"}) {
    row.memory_id = id;
    ASSERT_TRUE(Add(row).ok());
  }
  MemoryQuery query;
  query.user_id = "ada";
  query.after = {row.create_time, "a1"};

  EXPECT_THAT(Ids(store_.List(query)->memories), ElementsAre("a-1", "B1"));
}

TEST_P(MemoryStoreTest, ListsWhatAPersonaRemembers) {
  const std::string shared = Remember("everybody's");
  const std::string own = RememberFor("p1", "one's");
  RememberFor("p2", "another's");
  MemoryQuery query;
  query.user_id = "ada";
  query.persona_id = "p1";

  EXPECT_THAT(Ids(store_.List(query)->memories), ElementsAre(own, shared));
}

TEST_P(MemoryStoreTest, UpdatesOnlyTheVersionThatWasRead) {
  MemoryRow row = NewRow("tea");
  ASSERT_TRUE(Add(row).ok());
  row.content = "coffee";
  row.update_time += absl::Seconds(1);
  ASSERT_TRUE(store_.Update(row).ok());

  row.content = "late";
  EXPECT_EQ(GetReason(store_.Update(row)), "CONFLICT");

  const MemoryRow found = store_.Find("ada", row.memory_id).value();
  EXPECT_EQ(found.content, "coffee");
  EXPECT_EQ(found.version, 2);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.update_time, row.update_time);
}

TEST_P(MemoryStoreTest, UpdatesNothingThatIsGone) {
  EXPECT_EQ(GetReason(store_.Update(NewRow("tea"))), "CONFLICT");
}

TEST_P(MemoryStoreTest, DeletesForGood) {
  const std::string id = Remember("tea");

  EXPECT_EQ(store_.Delete("bob", id, std::nullopt).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(store_.Delete("ada", id, 2)), "CONFLICT");
  EXPECT_TRUE(store_.Delete("ada", id, 1).ok());

  EXPECT_EQ(store_.Find("ada", id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Delete("ada", id, std::nullopt).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Found(For("tea")), IsEmpty());
}

TEST_P(MemoryStoreTest, FindsOtherFormsOfEnglishWords) {
  const std::string cat = Remember("The cat was running in gardens.");

  for (const std::string query : {"cats", "run", "garden", "Runs!", "CAT"}) {
    EXPECT_THAT(Found(For(query)), ElementsAre(cat)) << query;
  }
  EXPECT_THAT(Found(For("dog")), IsEmpty());
}

TEST_P(MemoryStoreTest, FindsWordsOfOtherLanguages) {
  const std::string cafe = Remember("Hon träffade Åsa på ett CAFÉ.");
  const std::string moscow = Remember("Она живёт в МОСКВЕ");
  const std::string cats = Remember("私は猫が好きです");

  EXPECT_THAT(Found(For("cafe")), ElementsAre(cafe));
  EXPECT_THAT(Found(For("åsa")), ElementsAre(cafe));
  EXPECT_THAT(Found(For("москве")), ElementsAre(moscow));
  EXPECT_THAT(Found(For("猫が")), ElementsAre(cats));
}

TEST_P(MemoryStoreTest, FindsPiecesOfAddressesNumbersAndPaths) {
  const std::string mail = Remember("Write to ada@example.com about covid-19 and /usr/share, e.g.");

  for (const std::string query : {"ada", "example", "covid", "19", "usr", "share"}) {
    EXPECT_THAT(Found(For(query)), ElementsAre(mail)) << query;
  }
}

TEST_P(MemoryStoreTest, TakesQuerySyntaxForText) {
  const std::string tea = Remember("Ada likes tea.");

  for (const std::string query :
       {"\"tea", "tea' OR '1'='1", "words:tea", "tea AND (", "tea & ! |", "tea:*", "\\tea\\"}) {
    EXPECT_THAT(Found(For(query)), ElementsAre(tea)) << query;
  }
  EXPECT_THAT(Found(For("NOT coffee")), IsEmpty());
}

TEST_P(MemoryStoreTest, FindsNothingForStopWordsAlone) {
  Remember("Who is the one that will do it?");

  EXPECT_THAT(Found(For("who will the")), IsEmpty());
  EXPECT_THAT(Found(For("")), IsEmpty());
}

TEST_P(MemoryStoreTest, RanksRarerWordsAndMoreWordsHigher) {
  const std::string tea1 = Remember("He drinks tea at home.");
  const std::string tea2 = Remember("She drinks tea at work.");
  const std::string violin = Remember("She plays the violin.");
  const std::string both = Remember("They play violin and drink tea.");

  EXPECT_THAT(Found(For("tea or violin?")), ElementsAre(both, violin, tea1, tea2));
}

TEST_P(MemoryStoreTest, RanksTheShorterOfEqualsHigher) {
  std::string story = "tea";
  for (int i = 0; i < 100; ++i)
    absl::StrAppend(&story, " something", i);
  const std::string long_one = Remember(story);
  const std::string short_one = Remember("tea");

  EXPECT_THAT(Found(For("tea")), ElementsAre(short_one, long_one));
}

TEST_P(MemoryStoreTest, OrdersEqualsById) {
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i)
    ids.push_back(Remember("green tea with milk"));

  EXPECT_EQ(Found(For("milk tea green")), ids);
}

TEST_P(MemoryStoreTest, ScoresTheSameOnEveryEngine) {
  Remember("tea");
  Remember("milk");
  Remember("milk tea");

  const std::vector<ScoredMemory> found = store_.Search(For("tea")).value();

  // ln(1 + (3 - 2 + 0.5) / (2 + 0.5)), taken down by the length of the words.
  ASSERT_EQ(found.size(), 2);
  EXPECT_NEAR(found[0].score, 0.470004 / 1.003, 2e-6);
  EXPECT_NEAR(found[1].score, 0.470004 / 1.008, 2e-6);
}

TEST_P(MemoryStoreTest, FindsTheCallersOwnOnly) {
  const std::string own = Remember("Ada likes tea.");
  const std::string other = Remember("Bob likes tea.", "bob");
  Remember("tea", "");
  Remember("tea", "ADA");
  Remember("tea", "ada%' or '1'='1");

  EXPECT_THAT(Found(For("tea")), ElementsAre(own));
  EXPECT_THAT(Found(For("tea", "bob")), ElementsAre(other));
  EXPECT_THAT(Found(For("tea", "eve")), IsEmpty());
}

TEST_P(MemoryStoreTest, ScoresByTheCallersOwnMemoriesOnly) {
  Remember("tea");
  Remember("milk");
  const double before = store_.Search(For("tea"))->at(0).score;

  for (int i = 0; i < 5; ++i)
    Remember("tea", "bob");

  EXPECT_EQ(store_.Search(For("tea"))->at(0).score, before);
}

TEST_P(MemoryStoreTest, SearchesWhatAPersonaRemembers) {
  const std::string shared = Remember("tea");
  const std::string own = RememberFor("p1", "tea");
  const std::string other = RememberFor("p2", "tea");
  MemorySearch search = For("tea");

  EXPECT_THAT(Found(search), ElementsAre(shared, own, other));
  search.persona_id = "p1";
  EXPECT_THAT(Found(search), ElementsAre(shared, own));
  search.limit = 1;
  EXPECT_THAT(Found(search), ElementsAre(shared));
}

TEST_P(MemoryStoreTest, SearchesWhatAMemorySaysNow) {
  MemoryRow row = NewRow("tea");
  ASSERT_TRUE(Add(row).ok());
  row.content = "coffee";
  ASSERT_TRUE(store_.Update(row).ok());

  EXPECT_THAT(Found(For("tea")), IsEmpty());
  EXPECT_THAT(Found(For("coffee")), ElementsAre(row.memory_id));
}

TEST_P(MemoryStoreTest, RecallsProfileMatchesAndTheNewest) {
  ProfileRow profile;
  profile.user_id = "ada";
  profile.definition.set_display_name("Ada");
  ASSERT_TRUE(store_.WriteProfile(profile).ok());
  const std::string tea = Remember("tea");
  const std::string milk = Remember("milk");
  RememberFor("p2", "tea");
  const std::string own = RememberFor("p1", "coffee");
  MemorySearch search = For("tea");
  search.persona_id = "p1";

  const Recollection recollection = store_.Recall(search, 2).value();

  EXPECT_EQ(recollection.profile->definition.display_name(), "Ada");
  ASSERT_EQ(recollection.matches.size(), 1);
  EXPECT_EQ(recollection.matches[0].memory.memory_id, tea);
  EXPECT_THAT(Ids(recollection.recent), ElementsAre(own, milk));
}

TEST_P(MemoryStoreTest, RecallsNothingOfAnUnknownUser) {
  Remember("tea", "bob");

  const Recollection recollection = store_.Recall(For("tea"), 5).value();

  EXPECT_EQ(recollection.profile, std::nullopt);
  EXPECT_THAT(recollection.matches, IsEmpty());
  EXPECT_THAT(recollection.recent, IsEmpty());
}

TEST_P(MemoryStoreTest, CountsMemoriesAgainstTheQuota) {
  const std::string first = Remember("one");
  Remember("two");
  Remember("somebody else's", "bob");
  const auto add = [&] { return store_.Create({}, {}, NewRow("more"), {}, 3).status(); };

  EXPECT_TRUE(add().ok());
  EXPECT_EQ(GetReason(add()), "MEMORY_QUOTA_EXCEEDED");
  ASSERT_TRUE(store_.Delete("ada", first, std::nullopt).ok());
  EXPECT_TRUE(add().ok());
  EXPECT_EQ(GetReason(add()), "MEMORY_QUOTA_EXCEEDED");
}

TEST_P(MemoryStoreTest, KeepsTheQuotaWhenManyAreMadeAtOnce) {
  constexpr int kAllowed = 10;
  std::vector<MemoryRow> rows;
  for (int i = 0; i < 24; ++i)
    rows.push_back(NewRow("tea"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < rows.size(); i += 4) {
        const absl::Status status = store_.Create({}, {}, rows[i], {}, kAllowed).status();
        EXPECT_TRUE(status.ok() || GetReason(status) == "MEMORY_QUOTA_EXCEEDED") << status;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  MemoryQuery query;
  query.user_id = "ada";
  query.limit = 100;
  EXPECT_EQ(store_.List(query)->memories.size(), kAllowed);
}

class IdempotencyTest : public MemoryStoreTest {
 protected:
  IdempotencyTest() {
    call_.identity.user_id = "ada";
    call_.idempotency_key = "k1";
    call_.send_header = [this](const std::string& name, const std::string& value) {
      headers_.insert(absl::StrCat(name, ": ", value));
    };
    request_.mutable_memory()->set_content("tea");
    answer_.set_memory_id("the first answer");
  }

  absl::StatusOr<v1::Memory> Create(const v1::Memory& answer) {
    return store_.Create(call_, request_, NewRow("tea"), answer, kQuota);
  }

  CallContext call_;
  v1::CreateMemoryRequest request_;
  v1::Memory answer_;
  std::set<std::string> headers_;
};

TEST_P(IdempotencyTest, AnswersARepeatedRequestWithTheFirstAnswer) {
  ASSERT_TRUE(Create(answer_).ok());
  EXPECT_THAT(headers_, IsEmpty());

  const v1::Memory second = Create({}).value();

  EXPECT_EQ(second.memory_id(), "the first answer");
  EXPECT_THAT(headers_, ElementsAre("idempotency-replayed: true"));
  EXPECT_EQ(Found(For("tea")).size(), 1);
}

TEST_P(IdempotencyTest, RefusesAKeyOfAnotherRequest) {
  ASSERT_TRUE(Create(answer_).ok());
  request_.mutable_memory()->set_content("coffee");

  EXPECT_EQ(GetReason(Create({}).status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_P(IdempotencyTest, KeepsTheKeysOfUsersApart) {
  ASSERT_TRUE(Create(answer_).ok());
  call_.identity.user_id = "bob";

  EXPECT_EQ(Create({})->memory_id(), "");
}

TEST_P(IdempotencyTest, LeavesTheKeyOfARefusedRequestFree) {
  Remember("coffee");
  ASSERT_EQ(GetReason(store_.Create(call_, request_, NewRow("tea"), answer_, 1).status()),
            "MEMORY_QUOTA_EXCEEDED");

  EXPECT_TRUE(Create(answer_).ok());
  EXPECT_THAT(headers_, IsEmpty());
}

TEST_P(IdempotencyTest, ForgetsOldKeys) {
  ASSERT_TRUE(Create(answer_).ok());

  ASSERT_TRUE(store_.ForgetIdempotencyKeys(clock_.Now() - absl::Hours(1)).ok());
  EXPECT_EQ(Create({})->memory_id(), "the first answer");
  ASSERT_TRUE(store_.ForgetIdempotencyKeys(clock_.Now() + absl::Hours(1)).ok());
  EXPECT_EQ(Create({})->memory_id(), "");
}

DRAMATIS_ON_EVERY_ENGINE(MemoryStoreTest);
DRAMATIS_ON_EVERY_ENGINE(IdempotencyTest);

}  // namespace
}  // namespace dramatis::memory
