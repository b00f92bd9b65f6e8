// Chats as other programs export them, one by one. Pure functions over one JSON text each.
//
//   ChatGPT      an element of `conversations.json` (or of a part): a tree of messages; what is
//                taken is the branch that was shown last, from `current_node` to its root.
//   Claude       an element of `conversations.json`: messages in a row.
//   SillyTavern  JSON lines: a head, then a message each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dramatis::conversation {

struct ChatMessage {
  std::string id;  // its own; empty where it has none
  bool from_user = false;
  std::string text;
  std::optional<absl::Time> time;
};

struct Chat {
  std::string id;  // its own; empty where it has none
  std::string title;
  std::optional<absl::Time> created;
  std::optional<absl::Time> updated;
  std::vector<ChatMessage> messages;
  // How many messages were passed over, for what they have besides text, and how many were cut.
  int without_text = 0;
  int cut = 0;
};

// Most code points of a message that is taken from elsewhere.
inline constexpr int kMostPastCharacters = 100'000;

// INVALID_ARGUMENT, for people, where it is none.
absl::StatusOr<Chat> ReadChatGptChat(std::string_view text);
absl::StatusOr<Chat> ReadClaudeChat(std::string_view text);

// A chat of SillyTavern, line by line. Not thread-safe.
class SillyTavernChat {
 public:
  // The first line. INVALID_ARGUMENT where it is not that of a chat.
  absl::Status ReadHead(std::string_view line);
  // Another line; INVALID_ARGUMENT where it is no message.
  absl::Status ReadMessage(std::string_view line);
  const std::string& character() const { return character_; }
  // The whole, whose id is made of its head.
  Chat& chat() { return chat_; }

 private:
  Chat chat_;
  std::string character_;
};

// Whose elements these are, by the first of them; unspecified for nobody's.
enum class ChatKind { kNone, kChatGpt, kClaude };
ChatKind KindOfChat(std::string_view text);

}  // namespace dramatis::conversation
