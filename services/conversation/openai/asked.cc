#include "services/conversation/openai/asked.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "google/protobuf/struct.pb.h"

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"

namespace dramatis::conversation {
namespace {

namespace prompt = dramatis::prompt::v1;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr int kMostOutputTokens = 32768;
constexpr int kMostStops = 4;
constexpr size_t kLongestStop = 400;  // bytes
constexpr size_t kLongestSessionId = 128;

absl::Status Unsupported(const std::string& field, const std::string& why) {
  return Error(absl::StatusCode::kInvalidArgument, openai::v1::ERROR_REASON_UNSUPPORTED_PARAMETER,
               absl::StrCat(field, " ", why), {{"param", field}});
}

// Whether a value was given that says something.
bool IsGiven(const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return !value.string_value().empty();
    case Value::KIND_NOT_SET:
    case Value::kNullValue:
      return false;
    default:
      return true;
  }
}

const Value* Member(const Value& value, const std::string& name) {
  if (!value.has_struct_value()) return nullptr;
  const auto& fields = value.struct_value().fields();
  const auto found = fields.find(name);
  return found == fields.end() ? nullptr : &found->second;
}

std::string TextMember(const Value& value, const std::string& name) {
  const Value* const member = Member(value, name);
  return member == nullptr ? "" : member->string_value();
}

// Whether a `{type: ...}` asks for anything but text.
bool AsksForMoreThanText(const Value& format) {
  return IsGiven(format) && TextMember(format, "type") != "text";
}

// The text of a line: a string, or a list of parts that are texts.
absl::StatusOr<std::string> TextOf(const Value& content, const std::string& field) {
  if (content.has_string_value()) return content.string_value();
  if (!IsGiven(content)) return std::string();
  if (!content.has_list_value()) {
    return FieldErrors({{field, "must be a text or a list of parts"}});
  }
  std::string text;
  int index = 0;
  for (const Value& part : content.list_value().values()) {
    const std::string place = absl::StrCat(field, "[", index++, "]");
    const std::string type = TextMember(part, "type");
    if (type != "text" && type != "input_text" && type != "output_text") {
      if (!part.has_struct_value() || type.empty()) {
        return FieldErrors({{place, "must be a part with a type"}});
      }
      return Unsupported(absl::StrCat(place, ".type"), "must be a text: nothing else is read here");
    }
    const Value* const said = Member(part, "text");
    if (said == nullptr || !said->has_string_value()) {
      return FieldErrors({{absl::StrCat(place, ".text"), "must be a string"}});
    }
    if (!text.empty() && !said->string_value().empty()) text += '\n';
    text += said->string_value();
  }
  return text;
}

// Takes the lines of a chat one after the other.
class AskedLines {
 public:
  explicit AskedLines(Asked& asked) : asked_(asked) {}

  absl::Status Add(const std::string& role, const Value& content, const std::string& field) {
    DRAMATIS_ASSIGN_OR_RETURN(std::string text, TextOf(content, absl::StrCat(field, ".content")));
    if (text.find('\0') != std::string::npos) {
      return FieldErrors(
          {{absl::StrCat(field, ".content"), "must not contain the character U+0000"}});
    }
    if (role == "system" || role == "developer") {
      if (IsBlank(text)) return absl::OkStatus();
      if (asked_.messages.empty()) {
        AppendParagraph(asked_.instructions, text);
      } else {
        AppendLine(prompt::ROLE_USER, text);
      }
      return absl::OkStatus();
    }
    const bool own = role == "assistant";
    if (!own && role != "user") {
      return Unsupported(absl::StrCat(field, ".role"),
                         "must be system, developer, user or assistant");
    }
    if (IsBlank(text)) return absl::OkStatus();
    if (!own) {
      asked_.newest = text;
      asked_.newest_field = absl::StrCat(field, ".content");
    }
    AppendLine(own ? prompt::ROLE_ASSISTANT : prompt::ROLE_USER, text);
    return absl::OkStatus();
  }

  // `field`: the list's own.
  absl::Status End(const std::string& field) {
    if (asked_.messages.empty() && !asked_.instructions.empty()) {
      // Some clients have nothing but system lines, and want an answer to them.
      AppendLine(prompt::ROLE_USER, asked_.instructions);
      asked_.newest = std::move(asked_.instructions);
      asked_.newest_field = field;
      asked_.instructions.clear();
    }
    if (asked_.messages.empty()) return FieldErrors({{field, "must say something"}});
    if (asked_.messages.back().role() != prompt::ROLE_USER) {
      return Unsupported(field, "must end with a line of the user: answers are not continued");
    }
    if (asked_.newest.empty()) {  // system lines after an answer
      asked_.newest = asked_.messages.back().text();
      asked_.newest_field = field;
    }
    return absl::OkStatus();
  }

 private:
  static void AppendParagraph(std::string& to, const std::string& text) {
    if (!to.empty()) to += "\n\n";
    to += text;
  }

  void AppendLine(prompt::Role role, const std::string& text) {
    if (asked_.messages.empty() || asked_.messages.back().role() != role) {
      prompt::PromptMessage& message = asked_.messages.emplace_back();
      message.set_role(role);
      message.set_sequence(static_cast<int>(asked_.messages.size()));
    }
    AppendParagraph(*asked_.messages.back().mutable_text(), text);
  }

  Asked& asked_;
};

bool IsSessionId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestSessionId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

absl::Status ReadSession(const Struct& metadata, const std::string& header, Asked& asked) {
  const auto found = metadata.fields().find("session_id");
  if (found != metadata.fields().end() && IsGiven(found->second)) {
    asked.session_id = found->second.string_value();
    if (IsSessionId(asked.session_id)) return absl::OkStatus();
    return FieldErrors({{"metadata.session_id", "must be 1 to 128 of A-Z, a-z, 0-9, _ and -"}});
  }
  if (header.empty()) return absl::OkStatus();
  asked.session_id = header;
  if (IsSessionId(header)) return absl::OkStatus();
  return FieldErrors({{"X-OpenWebUI-Chat-Id", "must be 1 to 128 of A-Z, a-z, 0-9, _ and -"}});
}

absl::Status ReadStop(const Value& stop, prompt::ModelParameters& parameters) {
  if (!IsGiven(stop)) return absl::OkStatus();
  const auto add = [&](const Value& text) {
    if (!text.has_string_value()) return false;
    if (text.string_value().size() > kLongestStop) return false;
    if (!text.string_value().empty()) parameters.add_stop(text.string_value());
    return true;
  };
  if (add(stop)) return absl::OkStatus();
  bool good = stop.has_list_value();
  if (good) {
    for (const Value& text : stop.list_value().values())
      good = good && add(text);
  }
  if (good && parameters.stop_size() <= kMostStops) return absl::OkStatus();
  return FieldErrors({{"stop", "must be a text or a list of at most 4, of 400 bytes at most"}});
}

// The sampling and the length that a request asks for.
template <class Request>
void ReadParameters(const Request& request, std::optional<int> tokens, Asked& asked) {
  if (request.has_temperature()) asked.parameters.set_temperature(request.temperature());
  if (request.has_top_p()) asked.parameters.set_top_p(request.top_p());
  if (tokens.has_value()) {
    asked.parameters.set_max_output_tokens(std::min(*tokens, kMostOutputTokens));
  }
}

absl::Status CheckChat(const openai::v1::ChatCompletionRequest& request) {
  if (request.has_n() && request.n() != 1) return Unsupported("n", "must be 1");
  if (IsGiven(request.audio())) return Unsupported("audio", "is not made here");
  if (AsksForMoreThanText(request.response_format())) {
    return Unsupported("response_format", "must be text: personas speak");
  }
  if (request.logprobs()) return Unsupported("logprobs", "are not given here");
  for (const Value& modality : request.modalities().list_value().values()) {
    if (modality.string_value() != "text") return Unsupported("modalities", "must be [\"text\"]");
  }
  return absl::OkStatus();
}

absl::Status CheckResponse(const openai::v1::ResponseRequest& request) {
  if (IsGiven(request.previous_response_id())) {
    return Unsupported("previous_response_id",
                       "names nothing here: answers are not stored; metadata.session_id keeps a "
                       "history");
  }
  if (IsGiven(request.conversation())) {
    return Unsupported("conversation", "is not kept here; metadata.session_id keeps a history");
  }
  const Value* const format = Member(request.text(), "format");
  if (format != nullptr && AsksForMoreThanText(*format)) {
    return Unsupported("text.format", "must be text: personas speak");
  }
  if (request.background()) return Unsupported("background", "is not done here");
  return absl::OkStatus();
}

absl::Status AddInput(const Value& input, AskedLines& lines) {
  if (input.has_string_value()) return lines.Add("user", input, "input");
  if (!input.has_list_value()) return FieldErrors({{"input", "must be a text or a list of items"}});
  int index = 0;
  for (const Value& item : input.list_value().values()) {
    const std::string field = absl::StrCat("input[", index++, "]");
    const std::string type = TextMember(item, "type");
    if (type == "reasoning") continue;  // a model's own notes, which no persona sees again
    if (type == "item_reference") {
      return Unsupported(absl::StrCat(field, ".type"),
                         "names an answer, and answers are not stored here: send what was said "
                         "(`store: false`)");
    }
    if (!type.empty() && type != "message") {
      return Unsupported(absl::StrCat(field, ".type"), "must be a message");
    }
    const Value* const content = Member(item, "content");
    if (content == nullptr) return FieldErrors({{absl::StrCat(field, ".content"), "is required"}});
    DRAMATIS_RETURN_IF_ERROR(lines.Add(TextMember(item, "role"), *content, field));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Asked> ReadChat(const openai::v1::ChatCompletionRequest& request,
                               bool session_headers) {
  DRAMATIS_RETURN_IF_ERROR(CheckChat(request));
  Asked asked;
  asked.model = request.model();
  DRAMATIS_RETURN_IF_ERROR(ReadStop(request.stop(), asked.parameters));
  std::optional<int> tokens;
  if (request.has_max_tokens()) tokens = request.max_tokens();
  if (request.has_max_completion_tokens()) tokens = request.max_completion_tokens();
  ReadParameters(request, tokens, asked);
  DRAMATIS_RETURN_IF_ERROR(ReadSession(
      request.metadata(), session_headers ? request.chat_id_header() : std::string(), asked));
  AskedLines lines(asked);
  for (int i = 0; i < request.messages_size(); ++i) {
    const openai::v1::ChatMessage& message = request.messages(i);
    DRAMATIS_RETURN_IF_ERROR(
        lines.Add(message.role(), message.content(), absl::StrCat("messages[", i, "]")));
  }
  DRAMATIS_RETURN_IF_ERROR(lines.End("messages"));
  return asked;
}

absl::StatusOr<Asked> ReadResponse(const openai::v1::ResponseRequest& request,
                                   bool session_headers) {
  DRAMATIS_RETURN_IF_ERROR(CheckResponse(request));
  Asked asked;
  asked.model = request.model();
  asked.instructions = request.instructions();
  std::optional<int> tokens;
  if (request.has_max_output_tokens()) tokens = request.max_output_tokens();
  ReadParameters(request, tokens, asked);
  DRAMATIS_RETURN_IF_ERROR(ReadSession(
      request.metadata(), session_headers ? request.chat_id_header() : std::string(), asked));
  AskedLines lines(asked);
  DRAMATIS_RETURN_IF_ERROR(AddInput(request.input(), lines));
  DRAMATIS_RETURN_IF_ERROR(lines.End("input"));
  return asked;
}

}  // namespace dramatis::conversation
