// Which messages of a turn's history want a summary. Pure function.
#pragma once

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

namespace dramatis::conversation {

// The number of the last message that a summary should stand for, after a turn whose prompt was
// packed as `manifest` says: what did not fit, and a quarter of what did, so that not every further
// message wants another summary; what stood before the history that was offered. 0 where everything
// was in the prompt, in words or in a summary.
int SummarizeTo(const dramatis::inference::v1::StreamGenerateRequest& request,
                const dramatis::prompt::v1::PromptManifest& manifest);

}  // namespace dramatis::conversation
