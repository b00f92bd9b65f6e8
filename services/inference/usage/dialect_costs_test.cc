// What answers cost by what each dialect reports: whether the input that it counts includes what was
// read from and written to its cache. Nothing is paid twice and nothing is forgotten.
#include <string>

#include "gtest/gtest.h"
#include "services/inference/anthropic/anthropic_stream.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/providers/openai_stream.h"

namespace dramatis::inference {
namespace {

constexpr Prices kPrices = {.input = 3, .output = 15, .cached = 0.3, .written = 3.75};

template <class Stream>
AnswerEnd EndOf(const std::string& body) {
  Stream stream;
  std::string text;
  stream.Feed(body, text);
  stream.End(text);
  EXPECT_FALSE(stream.failure().has_value());
  EXPECT_EQ(text, "Hi");
  return stream.end();
}

// https://platform.openai.com/docs/guides/prompt-caching: `prompt_tokens` includes the cached ones.
TEST(DialectCostsTest, OpenAisInputIncludesCachedTokens) {
  const AnswerEnd end = EndOf<OpenAiStream>(
      R"(data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]})"
      "\n\n"
      R"(data: {"choices":[],"usage":{"prompt_tokens":3000,"completion_tokens":100,)"
      R"("prompt_tokens_details":{"cached_tokens":1000}}})"
      "\n\ndata: [DONE]\n\n");
  ASSERT_TRUE(end.tokens.has_value());
  EXPECT_EQ(end.tokens->input_tokens, 3000);
  EXPECT_EQ(CostMicros(kPrices, *end.tokens), 2000 * 3 + 300 + 1500);
}

// https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching: `input_tokens` are those
// neither read from the cache nor written to it.
TEST(DialectCostsTest, AnthropicsInputIncludesNoCachedTokens) {
  const AnswerEnd end = EndOf<AnthropicStream>(
      "event: message_start\n"
      R"(data: {"type":"message_start","message":{"usage":{"input_tokens":1000,)"
      R"("cache_read_input_tokens":1000,"cache_creation_input_tokens":1000,"output_tokens":1}}})"
      "\n\nevent: content_block_delta\n"
      R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})"
      "\n\nevent: message_delta\n"
      R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
      R"("usage":{"output_tokens":100}})"
      "\n\nevent: message_stop\n"
      R"(data: {"type":"message_stop"})"
      "\n\n");
  ASSERT_TRUE(end.tokens.has_value());
  EXPECT_EQ(end.tokens->input_tokens, 3000);
  EXPECT_EQ(end.tokens->cached_tokens, 1000);
  EXPECT_EQ(end.tokens->written_tokens, 1000);
  EXPECT_EQ(CostMicros(kPrices, *end.tokens), 3000 + 300 + 3750 + 1500);
}

}  // namespace
}  // namespace dramatis::inference
