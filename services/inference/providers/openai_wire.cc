#include "services/inference/providers/openai_wire.h"

#include <utility>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/inference/providers/effort.h"
#include "services/inference/providers/openai_stream.h"

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

std::string Quoted(std::string_view word) {
  return absl::StrCat("\"", absl::string_view(word.data(), word.size()), "\"");
}

std::string StopsJson(const prompt::v1::ModelParameters& parameters) {
  json::array stops;
  for (const std::string& text : parameters.stop())
    stops.emplace_back(View(text));
  return json::serialize(stops);
}

}  // namespace

std::vector<std::string> OpenAiFormat::Headers(const prompt::v1::ModelParameters& /*parameters*/,
                                               const WireOptions& /*options*/) const {
  return {};
}

std::vector<OptionalField> OpenAiFormat::Fields(const prompt::v1::ModelParameters& parameters,
                                                const WireOptions& options) const {
  std::vector<OptionalField> fields;
  const auto add = [&](const char* name, std::string value) {
    OptionalField field = {name, std::move(value)};
    const bool takes = Takes(options.dialect, field);
    if (takes) fields.push_back(std::move(field));
    return takes;
  };
  if (const int limit = AnswerLimit(options.model, parameters, options.more_tokens); limit > 0) {
    const char* const first = options.newer_limit ? "max_completion_tokens" : "max_tokens";
    const char* const second = options.newer_limit ? "max_tokens" : "max_completion_tokens";
    add(options.dialect.contains(first) ? second : first, absl::StrCat(limit));
  }
  const std::string_view effort = EffortFor(options.model, parameters).word;
  if (!effort.empty() && !add("reasoning_effort", Quoted(effort)) && effort == "none") {
    add("reasoning_effort", Quoted("low"));
  }
  const bool thinks = !effort.empty() && effort != "none";
  if (options.model.sampling && !thinks) {
    if (parameters.has_temperature()) {
      add("temperature", json::serialize(json::value(parameters.temperature())));
    }
    if (parameters.has_top_p()) add("top_p", json::serialize(json::value(parameters.top_p())));
  }
  if (!parameters.stop().empty()) add("stop", StopsJson(parameters));
  if (!parameters.choices().empty()) {
    add("response_format",
        absl::StrCat(
            R"({"type":"json_schema","json_schema":{"name":"choice","strict":true,"schema":)",
            ChoiceSchema(parameters.choices()), "}}"));
  }
  if (add("stream", "true")) add("stream_options", R"({"include_usage":true})");
  return fields;
}

std::string OpenAiFormat::Body(const PackedPrompt& prompt,
                               const prompt::v1::ModelParameters& parameters,
                               const WireOptions& options) const {
  json::monotonic_resource memory;
  const json::storage_ptr storage(&memory);
  json::object request(storage);
  request.emplace("model", View(options.model.name));
  request.emplace("messages", MessagesJson(prompt, storage));
  return WithFields(json::serialize(request), Fields(parameters, options));
}

std::unique_ptr<AnswerStream> OpenAiFormat::MakeStream() const {
  return std::make_unique<OpenAiStream>();
}

}  // namespace dramatis::inference
