#include "services/inference/prompt/lore.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>

namespace dramatis::inference {
namespace {

using prompt::v1::PartKind;
using prompt::v1::PromptMessage;
using prompt::v1::PromptPart;

constexpr char kLoreSource[] = "lore/";
constexpr char kStays[] = "sticky";

}  // namespace

bool IsLore(PartKind kind) {
  return kind == PartKind::PART_KIND_LORE_BEFORE || kind == PartKind::PART_KIND_LORE_AFTER ||
         kind == PartKind::PART_KIND_LORE_AT_DEPTH;
}

bool IsLore(const PromptMessage& message) {
  return message.message_id().starts_with(kLoreSource);
}

int PlaceOf(PartKind kind) {
  // Between two kinds there is room for one.
  switch (kind) {
    case PartKind::PART_KIND_LORE_BEFORE:
      return 2 * PartKind::PART_KIND_BIOGRAPHY - 1;
    case PartKind::PART_KIND_LORE_AFTER:
      return 2 * PartKind::PART_KIND_BIOGRAPHY + 1;
    default:
      return 2 * kind;
  }
}

std::vector<size_t> LoreByWorth(const std::vector<const PromptPart*>& parts) {
  std::vector<size_t> order;
  for (size_t i = 0; i < parts.size(); ++i)
    if (IsLore(parts[i]->kind())) order.push_back(i);
  const auto worth = [&](size_t i) {
    const prompt::v1::LoreFacts& facts = parts[i]->lore();
    return std::tuple(facts.why() == kStays, facts.priority(), i);
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return worth(a) > worth(b); });
  return order;
}

void PutAmong(const std::vector<const PromptPart*>& lore, std::vector<PromptMessage>& messages) {
  const size_t count = messages.size();
  // From the deepest on: what is put in comes after whatever is counted next.
  std::vector<size_t> deepest_first(lore.size());
  std::iota(deepest_first.begin(), deepest_first.end(), size_t{0});
  std::sort(deepest_first.begin(), deepest_first.end(), [&](size_t a, size_t b) {
    const int one = lore[a]->lore().depth();
    const int other = lore[b]->lore().depth();
    return one != other ? one > other : a < b;
  });
  std::vector<PromptMessage> result;
  result.reserve(count + lore.size());
  auto next = deepest_first.begin();
  for (size_t i = 0; i <= count; ++i) {
    for (; next != deepest_first.end() &&
           static_cast<size_t>(lore[*next]->lore().depth()) >= count - i;
         ++next) {
      PromptMessage& message = result.emplace_back();
      // A prompt ends with the other side.
      const bool own = lore[*next]->lore().own() && i < count;
      message.set_role(own ? prompt::v1::ROLE_ASSISTANT : prompt::v1::ROLE_USER);
      message.set_text(lore[*next]->text());
      message.set_message_id(lore[*next]->source());
    }
    if (i < count) result.push_back(std::move(messages[i]));
  }
  messages = std::move(result);
}

}  // namespace dramatis::inference
