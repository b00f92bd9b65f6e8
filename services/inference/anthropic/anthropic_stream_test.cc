#include "services/inference/anthropic/anthropic_stream.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

std::string Event(const std::string& data) {
  return "event: x\ndata: " + data + "\n\n";
}
std::string TextDelta(const std::string& text) {
  return Event(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" +
               text + R"("}})");
}
std::string Begin() {
  return Event(
      R"({"type":"message_start","message":{"content":[],"usage":{"input_tokens":10,)"
      R"("cache_creation_input_tokens":5,"cache_read_input_tokens":20,"output_tokens":1}}})");
}
std::string Delta(const std::string& reason) {
  return Event(R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
               R"("},"usage":{"output_tokens":7}})");
}
std::string Stop() {
  return Event(R"({"type":"message_stop"})");
}

struct ReadAnswer {
  std::string text;
  AnthropicStream stream;
};
ReadAnswer ReadAll(const std::string& body) {
  ReadAnswer read;
  read.stream.Feed(body, read.text);
  read.stream.End(read.text);
  return read;
}

TEST(AnthropicStreamTest, ReadsTextReasonAndUsage) {
  const ReadAnswer read =
      ReadAll(Begin() + Event(R"({"type":"ping"})") +
              Event(R"({"type":"content_block_start","content_block":{"type":"text","text":""}})") +
              TextDelta("Hé") + TextDelta(" 😀") + Delta("end_turn") + Stop());
  EXPECT_EQ(read.text, "Hé 😀");
  EXPECT_TRUE(read.stream.done());
  EXPECT_EQ(read.stream.end().finish_reason, "stop");
  // Read from and written to the cache are parts of the input, as our contract counts.
  EXPECT_EQ(read.stream.end().tokens, (TokenCounts{35, 7, 20, 5}));
}

TEST(AnthropicStreamTest, SaysNothingOfWhatIsThoughtOrCalled) {
  const ReadAnswer read = ReadAll(
      Begin() +
      Event(
          R"({"type":"content_block_start","content_block":{"type":"thinking","thinking":"a"}})") +
      Event(R"({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"b"}})") +
      Event(
          R"({"type":"content_block_delta","delta":{"type":"signature_delta","signature":"c"}})") +
      Event(
          R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{"}})") +
      Event(R"({"type":"something_new","delta":{"text":"d"}})") + TextDelta("e") +
      Delta("end_turn") + Stop());
  EXPECT_EQ(read.text, "e");
}

TEST(AnthropicStreamTest, TellsReasonsInOurWords) {
  for (const auto& [theirs, ours] : {std::pair{"end_turn", "stop"},
                                     {"stop_sequence", "stop"},
                                     {"max_tokens", "length"},
                                     {"model_context_window_exceeded", "length"},
                                     {"refusal", "content_filter"},
                                     {"pause_turn", "pause_turn"},
                                     {"two words", "stop"}}) {
    EXPECT_EQ(ReadAll(Begin() + Delta(theirs) + Stop()).stream.end().finish_reason, ours);
  }
}

TEST(AnthropicStreamTest, KnowsAnErrorWithinTheStream) {
  const auto kind = [](const char* type) {
    const ReadAnswer read = ReadAll(
        Begin() + TextDelta("a") +
        Event(std::string(R"({"type":"error","error":{"type":")") + type + R"(","message":"m"}})"));
    EXPECT_EQ(read.text, "a");
    EXPECT_FALSE(read.stream.finished());
    return read.stream.failure()->kind;
  };
  EXPECT_EQ(kind("overloaded_error"), Kind::kTransient);
  EXPECT_EQ(kind("api_error"), Kind::kTransient);
  EXPECT_EQ(kind("rate_limit_error"), Kind::kBusy);
  EXPECT_EQ(kind("authentication_error"), Kind::kUnauthorized);
  EXPECT_EQ(kind("invalid_request_error"), Kind::kRejected);
  EXPECT_EQ(kind("billing_error"), Kind::kSpent);
}

TEST(AnthropicStreamTest, AnAnswerThatIsCutIsNotFinished) {
  const ReadAnswer read = ReadAll(Begin() + TextDelta("a"));
  EXPECT_FALSE(read.stream.finished());
  EXPECT_FALSE(read.stream.failure().has_value());
}

TEST(AnthropicStreamTest, NothingTakesAFinishedAnswerBack) {
  const ReadAnswer read =
      ReadAll(Begin() + TextDelta("a") + Delta("end_turn") + TextDelta("b") +
              Event(R"({"type":"error","error":{"type":"overloaded_error"}})") + Event("{broken"));
  EXPECT_EQ(read.text, "a");
  EXPECT_TRUE(read.stream.finished());
  EXPECT_FALSE(read.stream.failure().has_value());
}

TEST(AnthropicStreamTest, ReadsAnAnswerThatIsNotStreamed) {
  const ReadAnswer read = ReadAll(
      R"({"type":"message","content":[{"type":"thinking","thinking":"x"},{"type":"text","text":"Hi"},
          {"type":"text","text":"!"}],"stop_reason":"end_turn",
          "usage":{"input_tokens":3,"output_tokens":2}})");
  EXPECT_EQ(read.text, "Hi!");
  EXPECT_EQ(read.stream.end().tokens, (TokenCounts{3, 2}));
}

TEST(AnthropicStreamTest, JoinsACharacterThatIsCutBetweenTwoEvents) {
  const ReadAnswer read =
      ReadAll(Begin() + TextDelta("\\ud83d") + TextDelta("\\ude00") + Delta("end_turn") + Stop());
  EXPECT_EQ(read.text, "😀");
}

TEST(AnthropicStreamTest, ReadsTheSameHoweverTheBodyIsCut) {
  const std::string body = Begin() + TextDelta("Hé 😀!") + Delta("max_tokens") + Stop();
  for (size_t cut = 1; cut < body.size(); ++cut) {
    AnthropicStream stream;
    std::string text;
    stream.Feed(body.substr(0, cut), text);
    stream.Feed(body.substr(cut), text);
    EXPECT_EQ(text, "Hé 😀!") << cut;
    EXPECT_EQ(stream.end().finish_reason, "length") << cut;
  }
}

}  // namespace
}  // namespace dramatis::inference
