// The requests of Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages),
// also of Claude on Bedrock and of servers that speak the same. Thread-safe.
//
// The persona's text is the system prompt's first block and marked to be cached: it stays the same
// from turn to turn. Sampling is sent where the owner set it and the model takes it; the API takes
// none since 2026-10-21, so such requests name the version before. A model that may think is told
// not to; one that always does is told to do so little, and given tokens for it on top of the
// answer's limit.
#pragma once

#include "services/inference/providers/wire_format.h"

namespace dramatis::inference {

class AnthropicFormat : public WireFormat {
 public:
  std::string_view path() const override { return "/v1/messages"; }
  std::vector<std::string> Headers(const prompt::v1::ModelParameters& parameters,
                                   const WireOptions& options) const override;
  std::vector<OptionalField> Fields(const prompt::v1::ModelParameters& parameters,
                                    const WireOptions& options) const override;
  std::string Body(const PackedPrompt& prompt,
                   const prompt::v1::ModelParameters& parameters,
                   const WireOptions& options) const override;
  std::unique_ptr<AnswerStream> MakeStream() const override;
};

}  // namespace dramatis::inference
