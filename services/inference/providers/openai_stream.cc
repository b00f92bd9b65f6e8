#include "services/inference/providers/openai_stream.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "services/inference/providers/provider_refusal.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;
using Kind = ProviderFailure::Kind;

std::optional<TokenCounts> ReadUsage(const json::object& object) {
  const std::optional<int> prompt = FindCount(object, "prompt_tokens");
  const std::optional<int> completion = FindCount(object, "completion_tokens");
  if (!prompt.has_value() && !completion.has_value()) return std::nullopt;
  TokenCounts usage = {.input_tokens = prompt.value_or(0), .output_tokens = completion.value_or(0)};
  // Gemini and xAI leave out of `completion_tokens` what the model thought, and count it in the
  // total.
  const int64_t thought =
      int64_t{CountAt(object, "total_tokens")} - usage.input_tokens - usage.output_tokens;
  if (thought > 0) usage.output_tokens += static_cast<int>(thought);
  if (const json::object* details = ObjectAt(object, "prompt_tokens_details")) {
    usage.cached_tokens = CountAt(*details, "cached_tokens");
    usage.written_tokens = CountAt(*details, "cache_write_tokens");
  } else {  // DeepSeek's, or Moonshot's
    const std::optional<int> cached = FindCount(object, "prompt_cache_hit_tokens");
    usage.cached_tokens = cached.has_value() ? *cached : CountAt(object, "cached_tokens");
  }
  return usage;
}

// One part of a content that is a list. What a model thinks, draws or calls is not said.
std::string_view PartText(const json::value& part) {
  if (const json::string* const text = part.if_string()) return {text->data(), text->size()};
  const json::object* const object = part.if_object();
  if (object == nullptr) return {};
  const std::string_view type = TextIn(*object, "type");
  if (type == "refusal") return TextIn(*object, "refusal");
  const bool is_text = type.empty() || type == "text" || type == "output_text";
  return is_text ? TextIn(*object, "text") : std::string_view();
}

// The choice that was asked for: some servers send others beside it, in any order.
const json::object* FirstChoice(const json::array& choices) {
  const json::object* first = nullptr;
  for (const json::value& value : choices) {
    const json::object* const choice = value.if_object();
    if (choice == nullptr) continue;
    if (CountAt(*choice, "index") == 0) return choice;
    if (first == nullptr) first = choice;
  }
  return first;
}

}  // namespace

void OpenAiStream::ReadObject(const json::object& chunk, std::string& text) {
  if (!finished()) {
    if (std::optional<Refusal> refusal = FindRefusal(chunk)) {
      const Kind kind = KindOf(*refusal);
      return Fail(kind, "it reports an error", *std::move(refusal));
    }
    const json::value* const choices = chunk.if_contains("choices");
    const json::array* const list = choices == nullptr ? nullptr : choices->if_array();
    const json::object* const choice = list == nullptr ? nullptr : FirstChoice(*list);
    if (choice != nullptr) ReadChoice(*choice, text);
  }
  if (const json::object* const usage = ObjectAt(chunk, "usage")) {
    if (const std::optional<TokenCounts> tokens = ReadUsage(*usage)) Count(*tokens);
  }
}

void OpenAiStream::ReadChoice(const json::object& choice, std::string& text) {
  if (const json::object* const delta = ObjectAt(choice, "delta")) {
    ReadMessage(*delta, text);
  } else if (const json::object* const message = ObjectAt(choice, "message");
             message != nullptr && !spoke()) {
    ReadMessage(*message, text);
  }
  if (std::optional<Refusal> refusal = FindRefusal(choice)) {
    const Kind kind = KindOf(*refusal);
    return Fail(kind, "it reports an error", *std::move(refusal));
  }
  const std::string_view reason = TextIn(choice, "finish_reason");
  if (reason == "error") return Fail(Kind::kTransient, "it ended its answer with an error");
  if (!reason.empty() && reason != "null") Finish(FinishWord(reason), text);
}

void OpenAiStream::ReadMessage(const json::object& message, std::string& text) {
  const json::value* const content = message.if_contains("content");
  bool said = false;
  const auto say = [&](const json::value& part) {
    const std::string_view piece = PartText(part);
    said = said || !piece.empty();
    Say(piece, text);
  };
  if (content != nullptr && content->is_array()) {
    for (const json::value& part : content->get_array())
      say(part);
  } else if (content != nullptr) {
    say(*content);
  }
  if (!said) Say(TextIn(message, "refusal"), text);
}

}  // namespace dramatis::inference
