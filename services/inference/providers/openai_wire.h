// The requests of OpenAI's chat completions, which many servers speak
// (https://platform.openai.com/docs/api-reference/chat). How an answer is read:
// providers/openai_stream.h. Thread-safe.
#pragma once

#include "services/inference/providers/wire_format.h"

namespace dramatis::inference {

class OpenAiFormat : public WireFormat {
 public:
  std::string_view path() const override { return "/chat/completions"; }
  std::vector<std::string> Headers(const prompt::v1::ModelParameters& parameters,
                                   const WireOptions& options) const override;
  // Of the limit's two names the first that the model takes. Sampling only where it is set and the
  // model, which may think and then takes none, takes it.
  std::vector<OptionalField> Fields(const prompt::v1::ModelParameters& parameters,
                                    const WireOptions& options) const override;
  // Streamed, with usage, unless the dialect says otherwise.
  std::string Body(const PackedPrompt& prompt,
                   const prompt::v1::ModelParameters& parameters,
                   const WireOptions& options) const override;
  std::unique_ptr<AnswerStream> MakeStream() const override;
};

}  // namespace dramatis::inference
