#include "services/inference/providers/openai_wire.h"

#include <utility>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

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

std::string StopsJson(const prompt::v1::ModelParameters& parameters) {
  json::array stops;
  for (const std::string& text : parameters.stop())
    stops.emplace_back(View(text));
  return json::serialize(stops);
}

}  // namespace

std::vector<OptionalField> OptionalFields(const prompt::v1::ModelParameters& parameters,
                                          const WireOptions& options) {
  std::vector<OptionalField> fields;
  const auto add = [&](const char* name, std::string value) {
    OptionalField field = {name, std::move(value)};
    if (Takes(options.dialect, field)) fields.push_back(std::move(field));
  };
  if (parameters.max_output_tokens() > 0) {
    const char* const first = options.newer_limit ? "max_completion_tokens" : "max_tokens";
    const char* const second = options.newer_limit ? "max_tokens" : "max_completion_tokens";
    add(options.dialect.contains(first) ? second : first,
        absl::StrCat(parameters.max_output_tokens()));
  }
  if (parameters.has_temperature()) {
    add("temperature", json::serialize(json::value(parameters.temperature())));
  }
  if (parameters.has_top_p()) add("top_p", json::serialize(json::value(parameters.top_p())));
  if (!parameters.stop().empty()) add("stop", StopsJson(parameters));
  add("stream", "true");
  if (!fields.empty() && fields.back().name == "stream") {
    add("stream_options", R"({"include_usage":true})");
  }
  return fields;
}

std::string ChatRequestJson(const PackedPrompt& prompt,
                            const prompt::v1::ModelParameters& parameters,
                            const WireOptions& options) {
  json::monotonic_resource memory;
  const json::storage_ptr storage(&memory);
  json::object request(storage);
  request.emplace("model", View(options.model));
  request.emplace("messages", MessagesJson(prompt, storage));
  std::string body = json::serialize(request);
  body.pop_back();  // the object's brace
  for (const OptionalField& field : OptionalFields(parameters, options))
    absl::StrAppend(&body, ",\"", field.name, "\":", field.json);
  absl::StrAppend(&body, "}");
  return body;
}

}  // namespace dramatis::inference
