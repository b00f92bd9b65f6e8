#include "services/conversation/archives/chats.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_set>
#include <utility>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "shared/digest/sha256.h"
#include "shared/status/macros.h"
#include "shared/text/imported_json.h"
#include "shared/text/names.h"

namespace dramatis::conversation {
namespace {

namespace json = boost::json;

constexpr int kMostDepth = 64;
constexpr size_t kMostMessages = 20'000;

absl::StatusOr<json::object> Parse(std::string_view text) {
  std::optional<json::object> object = ReadImportedObject(text, kMostDepth);
  if (!object.has_value()) return absl::InvalidArgumentError("it is not a JSON object");
  return *std::move(object);
}

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

bool IsTrue(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_bool() && value->as_bool();
}

const json::object* ObjectOf(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* ArrayOf(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  return value == nullptr ? nullptr : value->if_array();
}

// Within what every part of us, and every database, can say.
std::optional<absl::Time> Sound(absl::Time time) {
  if (time < absl::UnixEpoch() || time > absl::FromUnixSeconds(253'402'300'799)) {
    return std::nullopt;
  }
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

std::optional<absl::Time> SecondsOf(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const double seconds = value->to_number<double>(error);
  if (error || !std::isfinite(seconds) || std::abs(seconds) > 1e12) return std::nullopt;
  return Sound(absl::FromUnixMicros(static_cast<int64_t>(seconds * 1e6)));
}

std::optional<absl::Time> TimeOf(const std::string& text) {
  absl::Time time;
  std::string ignored;
  for (const char* const format :
       {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%B %d, %Y %I:%M%p", "%Y-%m-%d@%Hh%Mm%Ss"}) {
    if (absl::ParseTime(format, text, &time, &ignored)) return Sound(time);
  }
  return std::nullopt;
}

// What no database can keep goes; what is too long is cut at a code point.
void Add(Chat& chat, ChatMessage message) {
  std::string& text = message.text;
  text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
  int characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (!begins || ++characters <= kMostPastCharacters) continue;
    text.resize(i);
    ++chat.cut;
    break;
  }
  if (IsBlank(text)) {
    ++chat.without_text;
    return;
  }
  chat.messages.push_back(std::move(message));
}

// The parts that are text, an empty line between.
std::string JoinParts(const json::array& parts) {
  std::string text;
  for (const json::value& part : parts) {
    if (!part.is_string() || part.as_string().empty()) continue;
    if (!text.empty()) text += "\n\n";
    text += std::string_view(part.as_string().data(), part.as_string().size());
  }
  return text;
}

// nullopt for what was not shown as something said.
std::optional<ChatMessage> ReadChatGptMessage(const json::object& node) {
  const json::object* const message = ObjectOf(node, "message");
  if (message == nullptr) return std::nullopt;
  const json::object* const author = ObjectOf(*message, "author");
  const json::object* const content = ObjectOf(*message, "content");
  if (author == nullptr || content == nullptr) return std::nullopt;
  const std::string role = TextOf(*author, "role");
  const std::string type = TextOf(*content, "content_type");
  const std::string recipient = TextOf(*message, "recipient");
  const json::object* const metadata = ObjectOf(*message, "metadata");
  const bool hidden =
      metadata != nullptr && IsTrue(*metadata, "is_visually_hidden_from_conversation");
  const json::array* const parts = ArrayOf(*content, "parts");
  if ((role != "user" && role != "assistant") || (type != "text" && type != "multimodal_text") ||
      (!recipient.empty() && recipient != "all") || hidden || parts == nullptr) {
    return std::nullopt;
  }
  return ChatMessage{.id = TextOf(*message, "id"),
                     .from_user = role == "user",
                     .text = JoinParts(*parts),
                     .time = SecondsOf(*message, "create_time")};
}

}  // namespace

ChatKind KindOfChat(std::string_view text) {
  const absl::StatusOr<json::object> chat = Parse(text);
  if (!chat.ok()) return ChatKind::kNone;
  if (ObjectOf(*chat, "mapping") != nullptr) return ChatKind::kChatGpt;
  return ArrayOf(*chat, "chat_messages") != nullptr ? ChatKind::kClaude : ChatKind::kNone;
}

absl::StatusOr<Chat> ReadChatGptChat(std::string_view text) {
  DRAMATIS_ASSIGN_OR_RETURN(const json::object object, Parse(text));
  const json::object* const mapping = ObjectOf(object, "mapping");
  if (mapping == nullptr) return absl::InvalidArgumentError("it has no messages");
  Chat chat;
  chat.id = TextOf(object, "conversation_id");
  if (chat.id.empty()) chat.id = TextOf(object, "id");
  chat.title = TextOf(object, "title");
  chat.created = SecondsOf(object, "create_time");
  chat.updated = SecondsOf(object, "update_time");
  // From the leaf that was shown to the root; a circle ends at its beginning.
  std::vector<const json::object*> branch;
  std::unordered_set<std::string> seen;
  std::string place = TextOf(object, "current_node");
  while (!place.empty() && seen.insert(place).second) {
    const json::object* const node = ObjectOf(*mapping, place);
    if (node == nullptr) break;
    branch.push_back(node);
    place = TextOf(*node, "parent");
  }
  std::reverse(branch.begin(), branch.end());
  for (const json::object* const node : branch) {
    std::optional<ChatMessage> message = ReadChatGptMessage(*node);
    if (message.has_value() && chat.messages.size() < kMostMessages) {
      Add(chat, *std::move(message));
    }
  }
  return chat;
}

absl::StatusOr<Chat> ReadClaudeChat(std::string_view text) {
  DRAMATIS_ASSIGN_OR_RETURN(const json::object object, Parse(text));
  const json::array* const messages = ArrayOf(object, "chat_messages");
  if (messages == nullptr) return absl::InvalidArgumentError("it has no messages");
  Chat chat;
  chat.id = TextOf(object, "uuid");
  chat.title = TextOf(object, "name");
  chat.created = TimeOf(TextOf(object, "created_at"));
  chat.updated = TimeOf(TextOf(object, "updated_at"));
  for (const json::value& value : *messages) {
    const json::object* const said = value.if_object();
    if (said == nullptr || chat.messages.size() >= kMostMessages) continue;
    const std::string sender = TextOf(*said, "sender");
    if (sender != "human" && sender != "assistant") continue;
    ChatMessage message{.id = TextOf(*said, "uuid"),
                        .from_user = sender == "human",
                        .text = {},
                        .time = TimeOf(TextOf(*said, "created_at"))};
    json::array texts;
    if (const json::array* const content = ArrayOf(*said, "content")) {
      for (const json::value& part : *content) {
        const json::object* const object_part = part.if_object();
        if (object_part == nullptr || TextOf(*object_part, "type") != "text") continue;
        texts.emplace_back(TextOf(*object_part, "text"));
      }
    }
    message.text = JoinParts(texts);
    if (message.text.empty()) message.text = TextOf(*said, "text");
    Add(chat, std::move(message));
  }
  return chat;
}

absl::Status SillyTavernChat::ReadHead(std::string_view line) {
  DRAMATIS_ASSIGN_OR_RETURN(const json::object head, Parse(line));
  if (ObjectOf(head, "chat_metadata") == nullptr &&
      (head.if_contains("user_name") == nullptr || head.if_contains("character_name") == nullptr)) {
    return absl::InvalidArgumentError("it is not the head of a chat of SillyTavern");
  }
  character_ = TextOf(head, "character_name");
  const std::string created = TextOf(head, "create_date");
  chat_.created = TimeOf(created);
  chat_.title = character_.empty() || character_ == "unused" ? "SillyTavern"
                                                             : absl::StrCat("With ", character_);
  chat_.id = Sha256Hex(line).substr(0, 32);
  return absl::OkStatus();
}

absl::Status SillyTavernChat::ReadMessage(std::string_view line) {
  DRAMATIS_ASSIGN_OR_RETURN(const json::object said, Parse(line));
  const json::value* const text = said.if_contains("mes");
  if (text == nullptr || !text->is_string()) {
    return absl::InvalidArgumentError("it is not a message of SillyTavern");
  }
  if (IsTrue(said, "is_system") || chat_.messages.size() >= kMostMessages) return absl::OkStatus();
  Add(chat_, {.id = {},
              .from_user = IsTrue(said, "is_user"),
              .text = TextOf(said, "mes"),
              .time = TimeOf(TextOf(said, "send_date"))});
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
