#include "services/memory/memories/summaries.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/memory_sync_fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SummariesTest : public testing::Test {
 protected:
  static v1::SummarizeRequest Request(int after, int to, size_t bytes = 10) {
    v1::SummarizeRequest request;
    request.set_user_id("ada");
    request.set_conversation_id("c1");
    request.set_after_sequence(after);
    for (int sequence = after + 1; sequence <= to; ++sequence) {
      v1::ConversationMessage& message = *request.add_messages();
      message.set_message_id("m" + std::to_string(sequence));
      message.set_sequence(sequence);
      message.set_from_user(sequence % 2 == 1);
      message.set_name(sequence % 2 == 1 ? "User" : "Babbage");
      message.set_text(std::string(bytes, 'x'));
    }
    return request;
  }
  std::vector<SummaryRow> Stored() {
    return remembering_.Summaries({"ada", "c1"}, 1000, 100).value();
  }
  Summaries Make(SummaryOptions options) {
    return {remembering_, inference_, clock_, ids_, std::move(options)};
  }

  // What WithSummaries gives where nothing but `memory/m1` is recalled.
  std::vector<std::string> Recalled(const std::string& conversation_id,
                                    int before_sequence,
                                    int budget_bytes = 1000) {
    v1::RecallRequest request;
    request.set_user_id("ada");
    request.set_conversation_id(conversation_id);
    request.set_before_sequence(before_sequence);
    request.set_budget_bytes(budget_bytes);
    const auto response = summaries_.WithSummaries(request, [&](const v1::RecallRequest& rest) {
      rest_bytes_ = rest.budget_bytes();
      v1::RecallResponse recalled;
      recalled.add_parts()->set_source("memory/m1");
      return absl::StatusOr<v1::RecallResponse>(recalled);
    });
    std::vector<std::string> sources;
    for (const auto& part : response.value().parts())
      sources.push_back(part.source());
    return sources;
  }

  FakeStore store_;
  FakeRememberingStore remembering_{store_};
  FakeInferencePeer inference_;
  FakeClock clock_;
  CountingIdSource ids_;
  Summaries summaries_ = Make({});
  int rest_bytes_ = 0;
};

TEST_F(SummariesTest, StandsForExactlyTheMessagesGiven) {
  const auto response = summaries_.Summarize({}, Request(0, 7));

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->to_sequence(), 7);
  ASSERT_EQ(Stored().size(), 1);
  EXPECT_EQ(Stored()[0].from_sequence, 1);
  EXPECT_EQ(Stored()[0].to_sequence, 7);
  EXPECT_EQ(Stored()[0].text, "They met.");
  EXPECT_EQ(Stored()[0].model, "fake/model");
  EXPECT_EQ(inference_.requests[0].lines(0).speaker(), "User");
  EXPECT_EQ(inference_.requests[0].lines(1).speaker(), "Babbage");
}

TEST_F(SummariesTest, RollsOnFromTheOneBefore) {
  ASSERT_TRUE(summaries_.Summarize({}, Request(0, 7)).ok());
  inference_.summary = "They met and baked.";

  ASSERT_TRUE(summaries_.Summarize({}, Request(7, 9)).ok());

  EXPECT_EQ(inference_.requests[1].previous_summary(), "They met.");
  EXPECT_EQ(inference_.requests[1].lines_size(), 2);
  ASSERT_EQ(Stored().size(), 2) << "the older one stays";
  EXPECT_EQ(Stored()[0].from_sequence, 1);
  EXPECT_EQ(Stored()[0].to_sequence, 9);
}

TEST_F(SummariesTest, SaysWhereItsNewestEndsInsteadOfLeavingAGap) {
  ASSERT_TRUE(summaries_.Summarize({}, Request(0, 7)).ok());

  EXPECT_EQ(summaries_.Summarize({}, Request(0, 9))->to_sequence(), 7);
  EXPECT_EQ(summaries_.Summarize({}, Request(8, 9))->to_sequence(), 7);
  EXPECT_EQ(inference_.requests.size(), 1);
  EXPECT_EQ(Stored().size(), 1);
}

TEST_F(SummariesTest, TakesLessAtOnceWhereTheModelsWindowIsSmall) {
  inference_.window_bytes = 5000;

  const auto response = summaries_.Summarize({}, Request(0, 20, 1000));

  EXPECT_EQ(response->to_sequence(), 3);
  EXPECT_EQ(Stored()[0].to_sequence, 3);
  EXPECT_EQ(inference_.requests.back().lines_size(), 3);
}

TEST_F(SummariesTest, StoresNothingWhereTheModelFails) {
  inference_.failure = UnavailableError("no model");

  EXPECT_FALSE(summaries_.Summarize({}, Request(0, 7)).ok());
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_F(SummariesTest, StoresNothingOfMessagesThatWereForgottenMeanwhile) {
  inference_.while_running = [&] {
    ASSERT_TRUE(remembering_.Forget({"ada", "c1"}, {{"m3", 3}}, false).ok());
  };

  EXPECT_EQ(GetReason(summaries_.Summarize({}, Request(0, 7)).status()), "CONFLICT");
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_F(SummariesTest, SaysThatItIsTurnedOff) {
  const auto response = Make({.enabled = false, .model = ""}).Summarize({}, Request(0, 7));

  EXPECT_EQ(GetReason(response.status()), "SUMMARIES_OFF");
  EXPECT_THAT(inference_.requests, IsEmpty());
}

TEST_F(SummariesTest, NamesAMessageThatIsSummedUpAlready) {
  v1::SummarizeRequest request = Request(4, 6);
  request.set_after_sequence(5);

  const absl::Status status = summaries_.Summarize({}, request).status();

  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "messages[0].sequence");
}

TEST_F(SummariesTest, GivesTheNewestOfWhatCameBeforeWithWhatIsRecalled) {
  for (int to = 10; to <= 60; to += 10)
    ASSERT_TRUE(summaries_.Summarize({}, Request(to - 10, to)).ok());

  EXPECT_THAT(Recalled("c1", 60), ElementsAre("memory/m1", "summary/c1@50", "summary/c1@40",
                                              "summary/c1@30", "summary/c1@20"));
  EXPECT_THAT(Recalled("c1", 10), ElementsAre("memory/m1"));
  EXPECT_THAT(Recalled("c2", 60), ElementsAre("memory/m1"));
  EXPECT_THAT(Recalled("", 60), ElementsAre("memory/m1"));
}

TEST_F(SummariesTest, HasItsBytesFirst) {
  inference_.summary = "12345";
  ASSERT_TRUE(summaries_.Summarize({}, Request(0, 7)).ok());

  EXPECT_THAT(Recalled("c1", 9, 12), ElementsAre("memory/m1", "summary/c1@7"));
  EXPECT_EQ(rest_bytes_, 7);
  EXPECT_THAT(Recalled("c1", 9, 4), ElementsAre("memory/m1"));
  EXPECT_EQ(rest_bytes_, 4);
}

TEST_F(SummariesTest, NeverTakesAFailedReadForNothing) {
  remembering_.error = UnavailableError("the database is away");
  v1::RecallRequest request;
  request.set_conversation_id("c1");
  request.set_before_sequence(9);

  const auto response = summaries_.WithSummaries(request, [](const v1::RecallRequest&) {
    return absl::StatusOr<v1::RecallResponse>(v1::RecallResponse());
  });

  EXPECT_TRUE(absl::IsUnavailable(response.status()));
}

}  // namespace
}  // namespace dramatis::memory
