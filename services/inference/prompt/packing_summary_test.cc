// Which summary stands in a prompt, and for which messages.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/prompt/tokens.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::string Letters(int tokens) {
  return std::string(static_cast<size_t>(tokens) * 4, 'x');
}

PackingLimits Budget(int budget) {
  PackingLimits limits = {.window_tokens = budget * 2, .output_tokens = 0};
  limits.output_tokens = PromptBudget(limits) - budget;
  return limits;
}

// Messages `from` to `to`, each of `tokens` with its overhead, by turns; the last by the user.
Messages History(int from, int to, int tokens) {
  Messages messages;
  for (int sequence = from; sequence <= to; ++sequence) {
    prompt::v1::PromptMessage& message = *messages.Add();
    const bool user = (to - sequence) % 2 == 0;
    message.set_role(user ? prompt::v1::ROLE_USER : prompt::v1::ROLE_ASSISTANT);
    message.set_text(Letters(tokens - kTokensPerMessage));
    message.set_message_id(std::to_string(sequence));
    message.set_sequence(sequence);
  }
  return messages;
}

void AddSummary(int from, int to, const std::string& text, Parts& parts) {
  prompt::v1::PromptPart& part = *parts.Add();
  part.set_kind(prompt::v1::PART_KIND_SUMMARY);
  part.set_text(text);
  part.set_source("summary/" + std::to_string(to));
  part.set_from_sequence(from);
  part.set_to_sequence(to);
}

Parts Summaries(std::vector<int> ends) {
  Parts parts;
  for (const int to : ends)
    AddSummary(1, to, "they talked", parts);
  return parts;
}

std::vector<std::string> KeptSources(const PackedPrompt& packed) {
  std::vector<std::string> sources;
  for (const auto& part : packed.parts)
    sources.push_back(part.source());
  return sources;
}

int FirstKept(const PackedPrompt& packed) {
  return packed.messages.front().sequence();
}

std::string Reason(const PackedPrompt& packed, const std::string& source) {
  for (const auto& item : packed.manifest.items()) {
    if (item.source() == source) return item.kept() ? "kept" : item.reason();
  }
  return "missing";
}

TEST(PackingSummaryTest, LeavesASummaryOutWhileEveryMessageFits) {
  const auto packed = Pack(Summaries({4}), History(1, 9, 50), Budget(1000));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), IsEmpty());
  EXPECT_EQ(FirstKept(*packed), 1);
  EXPECT_EQ(Reason(*packed, "summary/4"), "not_needed");
}

TEST(PackingSummaryTest, PutsASummaryInThePlaceOfWhatDoesNotFit) {
  const auto packed = Pack(Summaries({10}), History(1, 20, 50), Budget(600));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), ElementsAre("summary/10"));
  EXPECT_EQ(FirstKept(*packed), 11);
  EXPECT_EQ(Reason(*packed, "message/10"), "summarized");
  EXPECT_EQ(Reason(*packed, "message/1"), "summarized");
  EXPECT_THAT(
      SystemText(*packed),
      StartsWith("In short, what was said in the messages 1 to 10 of this conversation, which "
                 "are left out below:\nthey talked\n\nYou opened with: x"));
}

TEST(PackingSummaryTest, NeverPrintsAMessageThatTheSummaryStandsFor) {
  // Fourteen would fit, of which the summary has four.
  const auto packed = Pack(Summaries({10}), History(1, 20, 50), Budget(760));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), ElementsAre("summary/10"));
  EXPECT_EQ(FirstKept(*packed), 11);
}

TEST(PackingSummaryTest, TakesTheShortestRangeThatLeavesNothingOut) {
  const auto packed = Pack(Summaries({4, 10, 16}), History(1, 20, 50), Budget(600));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), ElementsAre("summary/10"));
  EXPECT_EQ(Reason(*packed, "summary/4"), "not_needed");
  EXPECT_EQ(Reason(*packed, "summary/16"), "not_needed");
}

TEST(PackingSummaryTest, LeavesAsFewMessagesOutAsItCanWhereSummariesLagBehind) {
  const auto packed = Pack(Summaries({2, 4}), History(1, 20, 50), Budget(600));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), ElementsAre("summary/4"));
  EXPECT_EQ(Reason(*packed, "message/4"), "summarized");
  EXPECT_EQ(Reason(*packed, "message/5"), "over_budget");
}

TEST(PackingSummaryTest, StandsForWhatTheCallerLeftOut) {
  const auto packed = Pack(Summaries({10}), History(11, 14, 50), Budget(1000));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), ElementsAre("summary/10"));
  EXPECT_EQ(FirstKept(*packed), 11);
}

TEST(PackingSummaryTest, UsesNoneThatReachesToTheNewestMessage) {
  const auto packed = Pack(Summaries({20, 25}), History(1, 20, 50), Budget(600));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptSources(*packed), IsEmpty());
  EXPECT_EQ(Reason(*packed, "summary/20"), "not_needed");
}

TEST(PackingSummaryTest, CutsTheHistoryPlainlyWhereNoSummaryFits) {
  Parts parts;
  AddSummary(1, 10, Letters(600), parts);
  const auto packed = Pack(parts, History(1, 20, 50), Budget(600));
  ASSERT_TRUE(packed.ok());
  EXPECT_EQ(Reason(*packed, "summary/10"), "over_budget");
  EXPECT_EQ(FirstKept(*packed), 10);
  EXPECT_EQ(Reason(*packed, "message/9"), "over_budget");
}

TEST(PackingSummaryTest, DoesNotTakeAMessageForSummarizedThatGoesOnBeyondTheSummary) {
  Messages messages = History(1, 20, 50);
  messages[10].set_first_sequence(10);  // 10 and 11 as one
  messages.DeleteSubrange(9, 1);
  const auto packed = Pack(Summaries({10}), messages, Budget(600));
  ASSERT_TRUE(packed.ok());
  EXPECT_EQ(FirstKept(*packed), 11);
  EXPECT_EQ(Reason(*packed, "message/9"), "summarized");
}

RC_GTEST_PROP(PackingSummaryProperty, HasEachMessageInWordsOrInTheSummaryNeverInBoth, ()) {
  const int last = *rc::gen::inRange(2, 80);
  const Messages history = History(1, last, *rc::gen::inRange(8, 60));
  Parts parts;
  const int summaries = *rc::gen::inRange(0, 5);
  for (int i = 0; i < summaries; ++i) {
    AddSummary(1, *rc::gen::inRange(1, last + 3), Letters(*rc::gen::inRange(1, 60)), parts);
  }
  const auto packed = Pack(parts, history, Budget(*rc::gen::inRange(80, 3000)));
  if (!packed.ok()) return;
  RC_ASSERT(packed->manifest.prompt_tokens() <= packed->manifest.budget_tokens());
  RC_ASSERT(packed->parts.size() <= 1);
  RC_ASSERT(packed->messages.back().sequence() == last);
  for (size_t i = 1; i < packed->messages.size(); ++i) {
    RC_ASSERT(packed->messages[i].sequence() == packed->messages[i - 1].sequence() + 1);
  }
  const int first = FirstKept(*packed);
  if (packed->parts.empty()) return;
  RC_ASSERT(packed->parts[0].to_sequence() < first);
  // There was need for it: with all of the history the prompt would not have fitted.
  int all = kTokensForReply + kTokensPerMessage;
  for (const auto& message : history)
    all += EstimateTokens(message.text()) + kTokensPerMessage;
  RC_ASSERT(all > packed->manifest.budget_tokens());
}

}  // namespace
}  // namespace dramatis::inference
