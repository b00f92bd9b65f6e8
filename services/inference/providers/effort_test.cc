#include "services/inference/providers/effort.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

prompt::v1::ModelParameters Asked(prompt::v1::ReasoningEffort effort) {
  prompt::v1::ModelParameters parameters;
  parameters.set_max_output_tokens(1024);
  parameters.set_reasoning_effort(effort);
  return parameters;
}

ModelFacts Thinks(Thinking thinking) {
  return {.name = "m", .window_tokens = 100'000, .thinking = thinking};
}

TEST(EffortTest, IsAsLittleAsTheModelCanBeTold) {
  const auto unset = Asked(prompt::v1::REASONING_EFFORT_UNSPECIFIED);
  EXPECT_EQ(EffortFor(Thinks(Thinking::kNever), unset), Effort());
  EXPECT_EQ(EffortFor(Thinks(Thinking::kUnknown), unset), Effort());
  EXPECT_EQ(EffortFor(Thinks(Thinking::kOptional), unset), (Effort{"none", 0}));
  EXPECT_EQ(EffortFor(Thinks(Thinking::kAlways), unset).word, "low");
  EXPECT_GT(EffortFor(Thinks(Thinking::kAlways), unset).reserve, 0);
}

TEST(EffortTest, IsWhatTheOwnerAskedForWhereTheModelThinks) {
  EXPECT_EQ(EffortFor(Thinks(Thinking::kOptional), Asked(prompt::v1::REASONING_EFFORT_HIGH)).word,
            "high");
  EXPECT_EQ(EffortFor(Thinks(Thinking::kUnknown), Asked(prompt::v1::REASONING_EFFORT_MEDIUM)).word,
            "medium");
  EXPECT_EQ(EffortFor(Thinks(Thinking::kAlways), Asked(prompt::v1::REASONING_EFFORT_NONE)).word,
            "low");
  EXPECT_EQ(EffortFor(Thinks(Thinking::kNever), Asked(prompt::v1::REASONING_EFFORT_HIGH)),
            Effort());
}

TEST(EffortTest, ThinkingComesOnTopOfTheAnswersLimit) {
  const auto unset = Asked(prompt::v1::REASONING_EFFORT_UNSPECIFIED);
  EXPECT_EQ(AnswerLimit(Thinks(Thinking::kNever), unset), 1024);
  EXPECT_GT(AnswerLimit(Thinks(Thinking::kAlways), unset), 1024);
  EXPECT_EQ(AnswerLimit(Thinks(Thinking::kNever), unset, 10), 1034);
  ModelFacts small = Thinks(Thinking::kAlways);
  small.max_output_tokens = 2000;
  EXPECT_EQ(AnswerLimit(small, unset), 2000);
  EXPECT_EQ(AnswerLimit(small, {}), 0);
}

}  // namespace
}  // namespace dramatis::inference
