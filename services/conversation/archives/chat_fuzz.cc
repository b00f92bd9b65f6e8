// Chats of other programs: an element, and lines.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/conversation/archives/chats.h"
#include "shared/text/json_items.h"

namespace dramatis::conversation {
namespace {

void ReadLines(std::string_view text) {
  SillyTavernChat chat;
  bool head = true;
  JsonItems lines(JsonItems::Kind::kLines, [&](const JsonItem& item) {
    (void)(head ? chat.ReadHead(item.text) : chat.ReadMessage(item.text));
    head = false;
    return absl::OkStatus();
  });
  (void)lines.Add(text);
  (void)lines.End();
}

void ReadArray(std::string_view text) {
  JsonItems items(JsonItems::Kind::kArray, [](const JsonItem& item) {
    if (KindOfChat(item.text) == ChatKind::kClaude) return ReadClaudeChat(item.text).status();
    return ReadChatGptChat(item.text).status();
  });
  if (items.Add(text.substr(0, text.size() / 2)).ok())
    (void)items.Add(text.substr(text.size() / 2));
  (void)items.End();
}

}  // namespace
}  // namespace dramatis::conversation

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dramatis::conversation::ReadLines(text);
  dramatis::conversation::ReadArray(text);
  return 0;
}
