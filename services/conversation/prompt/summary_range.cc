#include "services/conversation/prompt/summary_range.h"

#include <algorithm>
#include <vector>

namespace dramatis::conversation {
namespace {

namespace prompt = dramatis::prompt::v1;

constexpr int kExtraShare = 4;  // one in so many of the messages that fitted

// The manifest's items of messages, in time order.
std::vector<const prompt::PackedItem*> MessageItems(const prompt::PromptManifest& manifest) {
  std::vector<const prompt::PackedItem*> items;
  for (const prompt::PackedItem& item : manifest.items()) {
    if (item.kind() == "message") items.push_back(&item);
  }
  return items;
}

// The end of the summary that is in the prompt; 0 where there is none.
int SummarizedTo(const dramatis::inference::v1::StreamGenerateRequest& request,
                 const prompt::PromptManifest& manifest) {
  int to = 0;
  for (const prompt::PackedItem& item : manifest.items()) {
    if (item.kind() != "summary" || !item.kept()) continue;
    for (const prompt::PromptPart& part : request.parts()) {
      if (part.source() == item.source()) to = std::max(to, part.to_sequence());
    }
  }
  return to;
}

}  // namespace

int SummarizeTo(const dramatis::inference::v1::StreamGenerateRequest& request,
                const prompt::PromptManifest& manifest) {
  const std::vector<const prompt::PackedItem*> items = MessageItems(manifest);
  // None, or of another request: the answer came without a start.
  if (items.empty() || static_cast<int>(items.size()) != request.messages_size()) return 0;
  int fitting = 0;  // from the newest back
  while (fitting < static_cast<int>(items.size()) && items[items.size() - 1 - fitting]->kept())
    ++fitting;
  const int first = static_cast<int>(items.size()) - fitting;
  const prompt::PromptMessage& oldest = request.messages(0);
  const int before = std::max(oldest.first_sequence(), 1) - 1;
  const int summarized_to = SummarizedTo(request, manifest);
  if (first == 0 || items[first - 1]->reason() != "over_budget") {
    return before > summarized_to ? before : 0;
  }
  // The newest message always stays in words.
  const int extra = std::min(fitting / kExtraShare, fitting - 1);
  return request.messages(first - 1 + std::max(extra, 0)).sequence();
}

}  // namespace dramatis::conversation
