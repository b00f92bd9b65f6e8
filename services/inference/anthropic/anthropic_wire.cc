#include "services/inference/anthropic/anthropic_wire.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/inference/anthropic/anthropic_stream.h"
#include "services/inference/providers/effort.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

constexpr char kVersion[] = "anthropic-version: 2026-10-21";
// The last one that knows temperature, top_p and top_k.
constexpr char kSamplingVersion[] = "anthropic-version: 2023-06-01";
// Where nobody set a limit: the API demands one.
constexpr int kDefaultLimit = 1024;
// What a model that is told by budget may think at least.
constexpr int kLeastBudget = 1024;

json::string_view ViewOf(std::string_view text) {
  return {text.data(), text.size()};
}

json::object TextBlock(std::string_view text, const json::storage_ptr& storage) {
  json::object block(storage);
  block.emplace("type", "text");
  block.emplace("text", ViewOf(text));
  return block;
}

json::array SystemBlocks(const PackedPrompt& prompt, const json::storage_ptr& storage) {
  const SystemTextInTwo system = SystemTextParts(prompt);
  json::array blocks(storage);
  if (!system.stable.empty()) {
    json::object block = TextBlock(system.stable, storage);
    json::object marker(storage);
    marker.emplace("type", "ephemeral");
    block.emplace("cache_control", std::move(marker));
    blocks.push_back(std::move(block));
  }
  // A block of white space alone is refused.
  if (system.changing.find_first_not_of(" \t\r\n") != std::string::npos) {
    blocks.push_back(TextBlock(system.changing, storage));
  }
  return blocks;
}

json::array Turns(const PackedPrompt& prompt, const json::storage_ptr& storage) {
  json::array turns(storage);
  for (const ChatTurn& turn : ChatTurns(prompt)) {
    json::object message(storage);
    const bool own = turn.role == prompt::v1::ROLE_ASSISTANT;
    message.emplace("role", own ? "assistant" : "user");
    message.emplace("content", ViewOf(turn.text));
    turns.push_back(std::move(message));
  }
  return turns;
}

std::string StopTexts(const prompt::v1::ModelParameters& parameters) {
  json::array stops;
  for (const std::string& text : parameters.stop())
    stops.emplace_back(ViewOf(text));
  return json::serialize(stops);
}

std::string OutputConfig(std::string_view effort, const prompt::v1::ModelParameters& parameters) {
  std::vector<std::string> members;
  if (!effort.empty()) {
    members.push_back(
        absl::StrCat(R"("effort":")", absl::string_view(effort.data(), effort.size()), R"(")"));
  }
  if (!parameters.choices().empty()) {
    members.push_back(absl::StrCat(R"("format":{"type":"json_schema","schema":)",
                                   ChoiceSchema(parameters.choices()), "}"));
  }
  return members.empty() ? "" : absl::StrCat("{", absl::StrJoin(members, ","), "}");
}

bool IsOff(const Effort& effort) {
  return effort.word.empty() || effort.word == "none";
}

bool TakesSampling(const WireOptions& options) {
  return options.model.sampling && options.model.thinking != Thinking::kAlways;
}

bool SendsSampling(const std::vector<OptionalField>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const OptionalField& field) {
    return field.name == "temperature" || field.name == "top_p";
  });
}

}  // namespace

std::vector<std::string> AnthropicFormat::Headers(const prompt::v1::ModelParameters& parameters,
                                                  const WireOptions& options) const {
  return {SendsSampling(Fields(parameters, options)) ? kSamplingVersion : kVersion};
}

std::vector<OptionalField> AnthropicFormat::Fields(const prompt::v1::ModelParameters& parameters,
                                                   const WireOptions& options) const {
  std::vector<OptionalField> fields;
  const auto add = [&](const char* name, std::string value) {
    OptionalField field = {name, std::move(value)};
    const bool takes = Takes(options.dialect, field);
    if (takes) fields.push_back(std::move(field));
    return takes;
  };
  const Effort effort = EffortFor(options.model, parameters);
  // One field says how much it thinks and how the answer looks.
  std::string_view told;
  const auto tell_effort = [&](std::string_view word) { told = word; };
  const bool may_think =
      options.model.thinking == Thinking::kOptional || options.model.thinking == Thinking::kUnknown;
  if (may_think && IsOff(effort)) {
    if (!add("thinking", R"({"type":"disabled"})")) tell_effort("low");
  } else if (may_think) {
    // Newer models choose how much; older ones want a budget, which is under the answer's limit.
    const OptionalField adaptive = {"thinking", R"({"type":"adaptive"})"};
    const int budget = std::max(kLeastBudget, effort.reserve);
    if (Takes(options.dialect, adaptive)) {
      add("thinking", adaptive.json);
      tell_effort(effort.word);
    } else {
      add("thinking", absl::StrCat(R"({"type":"enabled","budget_tokens":)", budget, "}"));
    }
  } else if (options.model.thinking == Thinking::kAlways) {
    tell_effort(effort.word);
  }
  if (TakesSampling(options) && IsOff(effort)) {
    // Theirs ends at 1.
    if (parameters.has_temperature()) {
      add("temperature", json::serialize(json::value(std::min(1.0, parameters.temperature()))));
    }
    if (parameters.has_top_p()) add("top_p", json::serialize(json::value(parameters.top_p())));
  }
  const std::string output = OutputConfig(told, parameters);
  if (!output.empty() && !add("output_config", output)) {
    // Of the two it may be the format that an older model does not take.
    const std::string effort_only = OutputConfig(told, {});
    if (effort_only != output && !effort_only.empty()) add("output_config", effort_only);
  }
  if (!parameters.stop().empty()) add("stop_sequences", StopTexts(parameters));
  add("stream", "true");
  return fields;
}

std::string AnthropicFormat::Body(const PackedPrompt& prompt,
                                  const prompt::v1::ModelParameters& parameters,
                                  const WireOptions& options) const {
  json::monotonic_resource memory;
  const json::storage_ptr storage(&memory);
  json::object request(storage);
  request.emplace("model", ViewOf(options.model.name));
  const int limit = AnswerLimit(options.model, parameters, options.more_tokens);
  request.emplace("max_tokens", limit > 0 ? limit : kDefaultLimit);
  json::array system = SystemBlocks(prompt, storage);
  if (!system.empty()) request.emplace("system", std::move(system));
  request.emplace("messages", Turns(prompt, storage));
  return WithFields(json::serialize(request), Fields(parameters, options));
}

std::unique_ptr<AnswerStream> AnthropicFormat::MakeStream() const {
  return std::make_unique<AnthropicStream>();
}

}  // namespace dramatis::inference
