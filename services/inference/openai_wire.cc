#include "services/inference/openai_wire.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <boost/json.hpp>

#include "absl/status/status.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

// Enough for a chunk of an answer: parsing one then allocates nothing.
constexpr size_t kChunkMemory = 4096;

json::string_view View(const std::string& text) {
  return {text.data(), text.size()};
}

void AddMessage(json::array& messages, json::string_view role, const std::string& text) {
  json::object message(messages.storage());
  message.emplace("role", role);
  message.emplace("content", View(text));
  messages.push_back(std::move(message));
}

json::array MessagesJson(const PackedPrompt& prompt, const json::storage_ptr& storage) {
  json::array messages(storage);
  const std::string system = SystemText(prompt);
  if (!system.empty()) AddMessage(messages, "system", system);
  for (const ChatTurn& turn : ChatTurns(prompt)) {
    AddMessage(messages, turn.role == prompt::v1::ROLE_ASSISTANT ? "assistant" : "user", turn.text);
  }
  return messages;
}

void AddSampling(json::object& request, const prompt::v1::ModelParameters& parameters) {
  if (parameters.has_temperature()) request.emplace("temperature", parameters.temperature());
  if (parameters.has_top_p()) request.emplace("top_p", parameters.top_p());
  if (parameters.stop().empty()) return;
  json::array stop(request.storage());
  for (const std::string& text : parameters.stop())
    stop.emplace_back(View(text));
  request.emplace("stop", std::move(stop));
}

const json::object* ObjectAt(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

int CountAt(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<double>(error);
  if (error || std::isnan(number)) return 0;
  constexpr double kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(number, 0.0, kMost));
}

TokenCounts ReadUsage(const json::object& object) {
  TokenCounts usage = {.input_tokens = CountAt(object, "prompt_tokens"),
                       .output_tokens = CountAt(object, "completion_tokens")};
  if (const json::object* details = ObjectAt(object, "prompt_tokens_details")) {
    usage.cached_tokens = CountAt(*details, "cached_tokens");
  }
  return usage;
}

void ReadText(const json::object& object, json::string_view key, std::string& out) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return;
  if (const json::string* text = value->if_string()) out.append(text->data(), text->size());
}

absl::StatusOr<ChatChunk> ReadChunk(const json::value& root) {
  const json::object* object = root.if_object();
  if (object == nullptr) return absl::InvalidArgumentError("a chunk is not an object");
  if (const json::value* error = object->if_contains("error"); error && !error->is_null()) {
    return absl::UnavailableError("an error within the stream");
  }
  ChatChunk chunk;
  const json::value* choices = object->if_contains("choices");
  const json::array* list = choices == nullptr ? nullptr : choices->if_array();
  const json::object* usage = ObjectAt(*object, "usage");
  if (list == nullptr && usage == nullptr) {
    return absl::InvalidArgumentError("a chunk has neither choices nor usage");
  }
  if (list != nullptr && !list->empty()) {
    const json::object* choice = list->front().if_object();
    if (choice == nullptr) return absl::InvalidArgumentError("a choice is not an object");
    if (const json::object* delta = ObjectAt(*choice, "delta")) {
      ReadText(*delta, "content", chunk.text);
      if (chunk.text.empty()) ReadText(*delta, "refusal", chunk.text);
    }
    ReadText(*choice, "finish_reason", chunk.finish_reason);
  }
  if (usage != nullptr) chunk.usage = ReadUsage(*usage);
  return chunk;
}

}  // namespace

std::string ChatRequestJson(const PackedPrompt& prompt,
                            const prompt::v1::ModelParameters& parameters,
                            const WireOptions& options) {
  json::monotonic_resource memory;
  const json::storage_ptr storage(&memory);
  json::object request(storage);
  request.emplace("model", View(options.model));
  request.emplace("messages", MessagesJson(prompt, storage));
  if (parameters.max_output_tokens() > 0) {
    request.emplace(options.max_completion_tokens ? "max_completion_tokens" : "max_tokens",
                    parameters.max_output_tokens());
  }
  if (!options.fixed_sampling) AddSampling(request, parameters);
  request.emplace("stream", true);
  request.emplace("stream_options", json::object({{"include_usage", true}}, storage));
  return json::serialize(request);
}

absl::StatusOr<ChatChunk> ParseChatChunk(std::string_view text) {
  try {
    std::array<unsigned char, kChunkMemory> buffer;
    json::monotonic_resource memory(buffer.data(), buffer.size());
    boost::system::error_code error;
    const json::value root =
        json::parse(json::string_view(text.data(), text.size()), error, &memory);
    if (error) return absl::InvalidArgumentError("a chunk is not JSON");
    return ReadChunk(root);
  } catch (const std::exception&) {
    // Boost.JSON throws where a value exceeds its own limits.
    return absl::InvalidArgumentError("a chunk cannot be read");
  }
}

}  // namespace dramatis::inference
