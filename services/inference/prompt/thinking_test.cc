#include "services/inference/prompt/thinking.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "services/inference/generation/output_filter.h"

namespace dramatis::inference {
namespace {

const std::vector<std::pair<std::string, std::string>>& Answers() {
  static const std::vector<std::pair<std::string, std::string>> answers = {
      {"Hello", "Hello"},
      {"<think>They ask.</think>Hello", "Hello"},
      {" \n\t<think>They ask.</think>\n\nHello <b>you</b>", "Hello <b>you</b>"},
      {"<thinking>They\nask.</thinking> Hello", "Hello"},
      {"<THINK>x</Think>Hello", "Hello"},
      {"<think></think>Hello", "Hello"},
      {"<think>a < b </thin </thinkk </think>Hello", "Hello"},
      {"<think>one</think>\n<think>two</think>Hello", "Hello"},
      {"<think>never ends", ""},
      {"<think>", ""},
      {"<think>x</think>", ""},
      // Not at the start, or no block.
      {"Hello <think>x</think>", "Hello <think>x</think>"},
      {"<thinker>x", "<thinker>x"},
      {"<thi", "<thi"},
      {"< think>x", "< think>x"},
      {"</think>x", "</think>x"},
      {"<think>x</think>Hello <think>y</think>", "Hello <think>y</think>"}};
  return answers;
}

TEST(ThinkingTest, IsTakenOffTheStartOfAnAnswer) {
  for (const auto& [answer, said] : Answers())
    EXPECT_EQ(WithoutThinking(answer), said) << answer;
}

TEST(ThinkingTest, IsTakenOffHoweverTheAnswerIsCut) {
  for (const auto& [answer, said] : Answers()) {
    for (size_t piece = 1; piece <= answer.size(); ++piece) {
      ThinkingFilter filter;
      OutputFilter output("Ada");
      std::string filtered;
      std::string tidied;
      for (size_t at = 0; at < answer.size(); at += piece) {
        filter.Push(std::string_view(answer).substr(at, piece), filtered);
        output.Push(std::string_view(answer).substr(at, piece), tidied);
      }
      filter.Finish(filtered);
      output.Finish(tidied);
      EXPECT_EQ(filtered, said) << answer << " in pieces of " << piece;
      EXPECT_EQ(tidied, said) << answer << " in pieces of " << piece;
    }
  }
}

TEST(ThinkingTest, GoesBeforeTheOwnNameIsTakenOff) {
  OutputFilter filter("Ada");
  std::string out;
  filter.Push("<think>I am Ada: who else?</think>\n**Ada:** Hello", out);
  filter.Finish(out);
  EXPECT_EQ(out, "Hello");
}

TEST(ThinkingTest, SaysWhatIsCertainAtOnce) {
  ThinkingFilter filter;
  std::string out;
  filter.Push("<think>x</think>He", out);
  EXPECT_EQ(out, "He");
  filter.Push("llo", out);
  EXPECT_EQ(out, "Hello");
}

}  // namespace
}  // namespace dramatis::inference
