// What answers cost by what each dialect reports: whether the input that it counts includes what
// was read from and written to its cache. Nothing is paid twice and nothing is forgotten.
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

// What the usage of a provider that speaks OpenAI's format costs, and its tokens.
struct ReportedUsage {
  std::string provider;
  std::string usage;
  TokenCounts tokens;
  int64_t micros;
};

class ReportedUsageTest : public testing::TestWithParam<ReportedUsage> {};

TEST_P(ReportedUsageTest, IsPaidOnceAtItsOwnPrice) {
  const ReportedUsage& reported = GetParam();
  const AnswerEnd end =
      EndOf<OpenAiStream>(R"(data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]})"
                          "\n\n"
                          R"(data: {"choices":[],"usage":)" +
                          reported.usage + "}\n\ndata: [DONE]\n\n");
  ASSERT_TRUE(end.tokens.has_value());
  EXPECT_EQ(end.tokens->input_tokens, reported.tokens.input_tokens);
  EXPECT_EQ(end.tokens->output_tokens, reported.tokens.output_tokens);
  EXPECT_EQ(end.tokens->cached_tokens, reported.tokens.cached_tokens);
  EXPECT_EQ(end.tokens->written_tokens, reported.tokens.written_tokens);
  EXPECT_EQ(CostMicros(kPrices, *end.tokens), reported.micros);
}

INSTANTIATE_TEST_SUITE_P(
    Providers,
    ReportedUsageTest,
    testing::Values(
        // What a model thought is among the completion's tokens.
        ReportedUsage{
            .provider = "openai",
            .usage = R"({"prompt_tokens":1100,"completion_tokens":500,"total_tokens":1600,)"
                     R"("prompt_tokens_details":{"cached_tokens":1000,"audio_tokens":0},)"
                     R"("completion_tokens_details":{"reasoning_tokens":400}})",
            .tokens = {.input_tokens = 1100, .output_tokens = 500, .cached_tokens = 1000},
            .micros = 100 * 3 + 300 + 500 * 15},
        // It is in the total only.
        ReportedUsage{.provider = "gemini",
                      .usage = R"({"prompt_tokens":20,"completion_tokens":151,"total_tokens":553})",
                      .tokens = {.input_tokens = 20, .output_tokens = 533},
                      .micros = 20 * 3 + 533 * 15},
        ReportedUsage{
            .provider = "xai",
            .usage = R"({"prompt_tokens":10120,"completion_tokens":1499,"total_tokens":14428,)"
                     R"("prompt_tokens_details":{"cached_tokens":120},)"
                     R"("completion_tokens_details":{"reasoning_tokens":2809}})",
            .tokens = {.input_tokens = 10120, .output_tokens = 4308, .cached_tokens = 120},
            .micros = 10'000 * 3 + 36 + 4308 * 15},
        ReportedUsage{
            .provider = "deepseek",
            .usage = R"({"prompt_tokens":1100,"completion_tokens":10,"total_tokens":1110,)"
                     R"("prompt_cache_hit_tokens":1000,"prompt_cache_miss_tokens":100})",
            .tokens = {.input_tokens = 1100, .output_tokens = 10, .cached_tokens = 1000},
            .micros = 100 * 3 + 300 + 150},
        ReportedUsage{
            .provider = "moonshot",
            .usage = R"({"prompt_tokens":1100,"completion_tokens":10,"total_tokens":1110,)"
                     R"("cached_tokens":1000})",
            .tokens = {.input_tokens = 1100, .output_tokens = 10, .cached_tokens = 1000},
            .micros = 100 * 3 + 300 + 150},
        // A model of Anthropic's through a proxy: written tokens have a price of their own.
        ReportedUsage{
            .provider = "openrouter",
            .usage =
                R"({"prompt_tokens":3000,"completion_tokens":10,"total_tokens":3010,"cost":0.1,)"
                R"("prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":1000}})",
            .tokens = {.input_tokens = 3000,
                       .output_tokens = 10,
                       .cached_tokens = 1000,
                       .written_tokens = 1000},
            .micros = 3000 + 300 + 3750 + 150},
        // Servers of one's own have no cache that costs anything.
        ReportedUsage{.provider = "ollama",
                      .usage = R"({"prompt_tokens":26,"completion_tokens":10,"total_tokens":36})",
                      .tokens = {.input_tokens = 26, .output_tokens = 10},
                      .micros = 26 * 3 + 150},
        ReportedUsage{.provider = "vllm",
                      .usage = R"({"prompt_tokens":26,"total_tokens":36,"completion_tokens":10,)"
                               R"("prompt_tokens_details":null})",
                      .tokens = {.input_tokens = 26, .output_tokens = 10},
                      .micros = 26 * 3 + 150}),
    [](const auto& tested) { return tested.param.provider; });

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
