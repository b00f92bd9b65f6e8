#include "services/conversation/prompt/summary_range.h"

#include <string>

#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

class SummarizeToTest : public testing::Test {
 protected:
  // A history from one number to another, of which inference kept what begins at `kept_from`.
  void History(int from, int to, int kept_from, const std::string& reason = "over_budget") {
    for (int sequence = from; sequence <= to; ++sequence) {
      auto& message = *request_.add_messages();
      message.set_message_id(std::to_string(sequence));
      message.set_sequence(sequence);
      message.set_first_sequence(sequence);
      auto& item = *manifest_.add_items();
      item.set_kind("message");
      item.set_kept(sequence >= kept_from);
      if (sequence < kept_from) item.set_reason(reason);
    }
  }
  void Summary(int to, bool kept) {
    auto& part = *request_.add_parts();
    part.set_source("summary/c@" + std::to_string(to));
    part.set_from_sequence(1);
    part.set_to_sequence(to);
    auto& item = *manifest_.add_items();
    item.set_kind("summary");
    item.set_source(part.source());
    item.set_kept(kept);
  }
  int To() const { return SummarizeTo(request_, manifest_); }

  inference::v1::StreamGenerateRequest request_;
  prompt::v1::PromptManifest manifest_;
};

TEST_F(SummarizeToTest, WantsNothingWhileEverythingFits) {
  History(1, 20, 1);
  EXPECT_EQ(To(), 0);
}

TEST_F(SummarizeToTest, TakesAQuarterOfWhatFittedBesidesWhatDidNot) {
  History(1, 20, 9);  // twelve fitted
  EXPECT_EQ(To(), 11);
}

TEST_F(SummarizeToTest, NeverTakesTheNewestMessage) {
  History(1, 20, 20);
  EXPECT_EQ(To(), 19);
}

TEST_F(SummarizeToTest, WantsNothingWhereASummaryStandsForTheRest) {
  Summary(8, true);
  History(1, 20, 9, "summarized");
  EXPECT_EQ(To(), 0);
}

TEST_F(SummarizeToTest, GoesOnWhereTheSummaryHasFallenBehind) {
  Summary(4, true);
  History(5, 20, 9);
  EXPECT_EQ(To(), 11);
}

TEST_F(SummarizeToTest, TakesWhatStoodBeforeTheHistoryOffered) {
  Summary(50, false);
  History(101, 120, 101);
  EXPECT_EQ(To(), 100);
}

TEST_F(SummarizeToTest, WantsNothingBeforeTheHistoryWhereTheSummaryReachesIt) {
  Summary(100, true);
  History(101, 120, 101);
  EXPECT_EQ(To(), 0);
}

TEST_F(SummarizeToTest, KnowsNothingWithoutAManifest) {
  History(1, 20, 9);
  manifest_.clear_items();
  EXPECT_EQ(To(), 0);
}

}  // namespace
}  // namespace dramatis::conversation
