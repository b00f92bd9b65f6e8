// What a relayed token costs to read, each API beside a peer that only parses the same events'
// JSON.
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "services/inference/anthropic/anthropic_stream.h"
#include "services/inference/providers/openai_stream.h"
#include "services/inference/transport/sse_parser.h"

namespace dramatis::inference {
namespace {

constexpr int kTokens = 1000;

// As the providers send them.
std::string OpenAiEvent() {
  return absl::StrCat(
      "data: ", R"({"id":"chatcmpl-9","object":"chat.completion.chunk","created":1795694096,)",
      R"("model":"gpt-4o-mini","service_tier":"default","system_fingerprint":"fp_1",)",
      R"("choices":[{"index":0,"delta":{"content":" night"},"logprobs":null,)",
      R"("finish_reason":null}],"usage":null})", "\n\n");
}
std::string AnthropicEvent() {
  return absl::StrCat(
      "event: content_block_delta\ndata: ", R"({"type":"content_block_delta","index":0,"delta":)",
      R"({"type":"text_delta","text":" night"}})", "\n\n");
}

template <typename Stream>
void ReadTokens(benchmark::State& state, const std::string& event) {
  for ([[maybe_unused]] auto _ : state) {
    Stream stream;
    std::string text;
    for (int i = 0; i < kTokens; ++i)
      stream.Feed(event, text);
    if (text.size() != kTokens * std::string_view(" night").size()) state.SkipWithError("not read");
  }
}

void ParseTokens(benchmark::State& state, const std::string& event) {
  for ([[maybe_unused]] auto _ : state) {
    SseParser parser;
    for (int i = 0; i < kTokens; ++i) {
      const bool good = parser.Feed(event, [](std::string_view data) {
        unsigned char buffer[4096];
        boost::json::monotonic_resource memory(buffer, sizeof(buffer));
        benchmark::DoNotOptimize(boost::json::parse({data.data(), data.size()}, &memory));
        return true;
      });
      if (!good) state.SkipWithError("not read");
    }
  }
}

void OpenAiTokens(benchmark::State& state) {
  ReadTokens<OpenAiStream>(state, OpenAiEvent());
}
BENCHMARK(OpenAiTokens);
void OpenAiTokensPeerJson(benchmark::State& state) {
  ParseTokens(state, OpenAiEvent());
}
BENCHMARK(OpenAiTokensPeerJson);
void AnthropicTokens(benchmark::State& state) {
  ReadTokens<AnthropicStream>(state, AnthropicEvent());
}
BENCHMARK(AnthropicTokens);
void AnthropicTokensPeerJson(benchmark::State& state) {
  ParseTokens(state, AnthropicEvent());
}
BENCHMARK(AnthropicTokensPeerJson);

}  // namespace
}  // namespace dramatis::inference
