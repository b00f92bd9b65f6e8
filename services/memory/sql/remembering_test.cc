// Every promise of model/memory_sync_store.h, on SQLite and on PostgreSQL.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/model/memory_sync_store.h"
#include "services/memory/sql/memory_sync.h"
#include "services/memory/testing/store_fixture.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RememberingStoreTest : public MemoryStoreTest {
 protected:
  static inline const ConversationKey kChat = {"ada", "c1"};

  MemoryRow From(const std::string& message_id,
                 const std::string& content,
                 const ConversationKey& key = kChat) {
    MemoryRow row = NewRow(content, key.user_id);
    row.source_message_id = message_id;
    row.source_conversation_id = key.conversation_id;
    return row;
  }
  Progress Seen(const ConversationKey& key = kChat) {
    return remembering_.FindProgress(key).value();
  }
  // Observes up to `to`, from what is known now.
  absl::StatusOr<std::vector<std::string>> Observe(int to,
                                                   const std::vector<MemoryRow>& found,
                                                   int quota = kQuota) {
    return remembering_.Observe(kChat, Seen(), to, found, quota);
  }
  SummaryRow Summary(int from, int to, const std::string& text = "They met.") {
    return {.key = kChat,
            .from_sequence = from,
            .to_sequence = to,
            .text = text,
            .model = "fake/model",
            .create_time = clock_.Now()};
  }
  std::vector<int> Ends(int before = 1'000'000, int limit = 100) {
    std::vector<int> ends;
    const auto summaries = remembering_.Summaries(kChat, before, limit).value();
    for (const SummaryRow& row : summaries)
      ends.push_back(row.to_sequence);
    return ends;
  }
  std::vector<std::string> Contents(const std::string& user_id = "ada") {
    MemoryQuery query;
    query.user_id = user_id;
    query.limit = 100;
    std::vector<std::string> contents;
    const MemoryPage page = store_.List(query).value();
    for (const MemoryRow& row : page.memories)
      contents.push_back(row.content);
    return contents;
  }

  SqlRememberingStore remembering_{db()};
};

TEST_P(RememberingStoreTest, KnowsNothingOfAConversationBeforeItIsObserved) {
  EXPECT_EQ(Seen(), Progress());
  EXPECT_THAT(Ends(), IsEmpty());
}

TEST_P(RememberingStoreTest, KeepsProgressAndWhatWasFoundTogether) {
  const MemoryRow row = From("m3", "Ada lives in Turin.");

  const auto added = Observe(4, {row});

  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_THAT(*added, ElementsAre(row.memory_id));
  EXPECT_EQ(Seen().last_sequence, 4);
  const MemoryRow found = store_.Find("ada", row.memory_id).value();
  EXPECT_EQ(found.source_message_id, "m3");
  EXPECT_EQ(found.source_conversation_id, "c1");
  EXPECT_THAT(Found(For("turin")), ElementsAre(row.memory_id)) << "and it can be searched";
}

TEST_P(RememberingStoreTest, RefusesWhatWasReadBeforeAnotherObserved) {
  const Progress seen = Seen();
  ASSERT_TRUE(Observe(4, {}).ok());

  const auto late = remembering_.Observe(kChat, seen, 4, {From("m3", "tea")}, kQuota);

  EXPECT_EQ(GetReason(late.status()), "CONFLICT");
  EXPECT_THAT(Contents(), IsEmpty());
}

TEST_P(RememberingStoreTest, AddsNothingThatTheSameScopeHasInTheSameWords) {
  Remember("tea");
  RememberFor("p2", "coffee");
  MemoryRow for_p1 = From("m1", "coffee");
  for_p1.persona_id = "p1";

  const auto added =
      Observe(1, {From("m1", "tea"), for_p1, From("m1", "milk"), From("m1", "milk")});

  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->size(), 2);
  EXPECT_THAT(Contents(), testing::UnorderedElementsAre("tea", "coffee", "coffee", "milk"));
}

TEST_P(RememberingStoreTest, StopsAtTheQuotaAndStillCountsAsObserved) {
  Remember("tea");

  const auto added = Observe(2, {From("m1", "coffee"), From("m1", "milk")}, 2);

  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->size(), 1);
  EXPECT_EQ(Seen().last_sequence, 2);
  EXPECT_EQ(GetReason(store_.Create({}, {}, NewRow("x"), {}, 2).status()), "MEMORY_QUOTA_EXCEEDED");
}

TEST_P(RememberingStoreTest, ListsSummariesNewestFirstBeforeANumber) {
  for (const int to : {10, 20, 30})
    ASSERT_TRUE(remembering_.AddSummary(Summary(1, to), Seen()).ok());

  EXPECT_THAT(Ends(), ElementsAre(30, 20, 10));
  EXPECT_THAT(Ends(30), ElementsAre(20, 10));
  EXPECT_THAT(Ends(1000, 2), ElementsAre(30, 20));
  EXPECT_THAT(remembering_.Summaries({"ada", "c2"}, 1000, 10).value(), IsEmpty());
  EXPECT_THAT(remembering_.Summaries({"bob", "c1"}, 1000, 10).value(), IsEmpty());
}

TEST_P(RememberingStoreTest, KeepsEveryFieldOfASummaryAndTheFirstOfAnEnd) {
  const SummaryRow row = Summary(2, 9, "line\n\u4e16 \"quoted\"");
  ASSERT_TRUE(remembering_.AddSummary(row, Seen()).ok());
  ASSERT_TRUE(remembering_.AddSummary(Summary(1, 9, "another"), Seen()).ok());

  const SummaryRow found = remembering_.Summaries(kChat, 100, 10).value().at(0);

  EXPECT_EQ(found.key.user_id, "ada");
  EXPECT_EQ(found.key.conversation_id, "c1");
  EXPECT_EQ(found.from_sequence, 2);
  EXPECT_EQ(found.to_sequence, 9);
  EXPECT_EQ(found.text, row.text);
  EXPECT_EQ(found.model, "fake/model");
  EXPECT_EQ(found.create_time, row.create_time);
}

TEST_P(RememberingStoreTest, ForgetsWhatCameFromAMessageAndWhatStandsForIt) {
  ASSERT_TRUE(Observe(9, {From("m3", "tea"), From("m5", "coffee")}).ok());
  Remember("written by hand");
  for (const int to : {4, 8})
    ASSERT_TRUE(remembering_.AddSummary(Summary(1, to), Seen()).ok());

  const auto forgotten = remembering_.Forget(kChat, {{"m5", 5}}, false);

  ASSERT_TRUE(forgotten.ok()) << forgotten.status();
  EXPECT_EQ(forgotten->memories, 1);
  EXPECT_EQ(forgotten->summaries, 1);
  EXPECT_THAT(Contents(), testing::UnorderedElementsAre("tea", "written by hand"));
  EXPECT_THAT(Ends(), ElementsAre(4));
  EXPECT_THAT(Found(For("coffee")), IsEmpty());
  EXPECT_EQ(Seen().last_sequence, 9) << "what was observed is not observed again";
}

TEST_P(RememberingStoreTest, ForgetsAWholeConversationAndNothingElse) {
  const ConversationKey other = {"ada", "c2"};
  const ConversationKey of_bob = {"bob", "c1"};
  ASSERT_TRUE(Observe(9, {From("m3", "tea"), From("m5", "coffee")}).ok());
  ASSERT_TRUE(remembering_.Observe(other, {}, 9, {From("m3", "in another", other)}, kQuota).ok());
  ASSERT_TRUE(remembering_.Observe(of_bob, {}, 9, {From("m3", "of another", of_bob)}, kQuota).ok());
  ASSERT_TRUE(remembering_.AddSummary(Summary(1, 8), Seen()).ok());

  const auto forgotten = remembering_.Forget(kChat, {}, true);

  EXPECT_EQ(forgotten->memories, 2);
  EXPECT_EQ(forgotten->summaries, 1);
  EXPECT_THAT(Contents(), ElementsAre("in another"));
  EXPECT_THAT(Contents("bob"), ElementsAre("of another"));
  EXPECT_THAT(Ends(), IsEmpty());
  EXPECT_EQ(Seen().last_sequence, 0) << "a new conversation under the id begins anew";
  EXPECT_EQ(Seen(other).last_sequence, 9);
}

TEST_P(RememberingStoreTest, CountsWhatIsForgottenOffTheQuota) {
  ASSERT_TRUE(Observe(1, {From("m1", "tea"), From("m1", "coffee")}, 2).ok());
  ASSERT_TRUE(remembering_.Forget(kChat, {}, true).ok());
  ASSERT_TRUE(remembering_.Forget(kChat, {}, true).ok()) << "may be repeated";

  EXPECT_TRUE(store_.Create({}, {}, NewRow("x"), {}, 2).ok());
  EXPECT_TRUE(store_.Create({}, {}, NewRow("y"), {}, 2).ok());
  EXPECT_FALSE(store_.Create({}, {}, NewRow("z"), {}, 2).ok());
}

TEST_P(RememberingStoreTest, KeepsNothingThatWasReadBeforeMessagesWereForgotten) {
  const Progress seen = Seen();
  ASSERT_TRUE(remembering_.Forget(kChat, {{"m1", 1}}, false).ok());

  EXPECT_EQ(GetReason(remembering_.Observe(kChat, seen, 4, {From("m1", "tea")}, kQuota).status()),
            "CONFLICT");
  EXPECT_EQ(GetReason(remembering_.AddSummary(Summary(1, 4), seen)), "CONFLICT");
  EXPECT_THAT(Contents(), IsEmpty());
  EXPECT_THAT(Ends(), IsEmpty());
}

TEST_P(RememberingStoreTest, LetsOneOfSeveralObserversThrough) {
  const Progress seen = Seen();
  std::vector<MemoryRow> rows;
  for (int i = 0; i < 8; ++i)
    rows.push_back(From("m1", "observed by " + std::to_string(i)));
  std::atomic<int> through = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      through += remembering_.Observe(kChat, seen, 4, {rows[i]}, kQuota).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_EQ(through, 1);
  EXPECT_EQ(Contents().size(), 1);
}

DRAMATIS_ON_EVERY_ENGINE(RememberingStoreTest);

}  // namespace
}  // namespace dramatis::memory
