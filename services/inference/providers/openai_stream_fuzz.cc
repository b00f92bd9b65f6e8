// Fuzzes the reader of OpenAI's answers and refusals.
#include "services/inference/providers/openai_stream.h"
#include "services/inference/providers/provider_refusal.h"
#include "services/inference/testing/stream_fuzz.h"

namespace {

using dramatis::inference::OpenAiStream;
using dramatis::inference::Printable;

void CheckRefusal(const OpenAiStream& stream) {
  if (!stream.failure().has_value()) return;
  if (!dramatis::IsValidUtf8(Printable(stream.failure()->refusal, "key").message)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLongest = 300;
  const std::string_view bytes =
      dramatis::inference::FuzzStream<OpenAiStream>(data, size, CheckRefusal);
  const auto refusal = Printable(dramatis::inference::ReadRefusal(400, bytes), "key");
  if (!dramatis::IsValidUtf8(refusal.message) || refusal.message.size() > kLongest) std::abort();
  return 0;
}
