#include "services/inference/prompt/cut_notices.h"

#include <algorithm>

namespace dramatis::inference {

void CutNotices::Note(const prompt::v1::PromptManifest& manifest, const std::string& model) {
  const auto& items = manifest.items();
  const auto cut = std::find_if(items.begin(), items.end(), [](const prompt::v1::PackedItem& item) {
    return item.truncated();
  });
  if (cut == items.end()) return;
  {
    const absl::MutexLock lock(&mutex_);
    if (!noted_.emplace(cut->source(), model).second) return;
    if (noted_.size() > kMostNoted) noted_.erase(noted_.begin());
  }
  logger_.Warning(
      "the persona's text takes more than a quarter of the model's window: it is cut at a "
      "paragraph in prompts; a shorter text or a model with a larger window helps",
      {{"persona", cut->source()},
       {"model", model},
       {"part", cut->kind()},
       {"window_tokens", manifest.window_tokens()}});
}

}  // namespace dramatis::inference
