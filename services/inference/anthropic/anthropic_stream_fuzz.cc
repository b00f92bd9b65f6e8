// Fuzzes the reader of Anthropic's answers.
#include "services/inference/anthropic/anthropic_stream.h"
#include "services/inference/testing/stream_fuzz.h"

namespace {

using dramatis::inference::AnthropicStream;

void CheckTokens(const AnthropicStream& stream) {
  if (!stream.finished()) return;
  const auto tokens = stream.end().tokens;
  const bool sound = !tokens.has_value() ||
                     (tokens->input_tokens >= 0 && tokens->input_tokens >= tokens->cached_tokens);
  if (!sound) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dramatis::inference::FuzzStream<AnthropicStream>(data, size, CheckTokens);
  return 0;
}
