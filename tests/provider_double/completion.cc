#include "tests/provider_double/completion.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "boost/json.hpp"

namespace dramatis::provider_double {
namespace {

std::string Quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

boost::json::object UsageObject(int prompt_tokens, int completion_tokens) {
  return {{"prompt_tokens", prompt_tokens},
          {"completion_tokens", completion_tokens},
          {"total_tokens", prompt_tokens + completion_tokens}};
}

// A text, or the texts of a list of blocks.
std::string TextOf(const boost::json::value& content) {
  if (content.is_string()) return std::string(content.as_string());
  std::string text;
  for (const boost::json::value& block : content.as_array())
    text += std::string(block.as_object().at("text").as_string());
  return text;
}

std::string Event(const std::string& name, const std::string& members) {
  return absl::StrCat("event: ", name, "\ndata: {\"type\":\"", name, "\"", members, "}\n\n");
}

}  // namespace

absl::StatusOr<CompletionRequest> ParseCompletionRequest(const std::string& body) {
  try {
    const boost::json::object root = boost::json::parse(body).as_object();
    CompletionRequest request;
    request.model = std::string(root.at("model").as_string());
    if (const auto* stream = root.if_contains("stream")) request.stream = stream->as_bool();
    if (const auto* options = root.if_contains("stream_options")) {
      const auto* usage = options->as_object().if_contains("include_usage");
      request.include_usage = usage != nullptr && usage->as_bool();
    }
    for (const auto& [key, value] : root)
      request.fields.emplace_back(key);
    size_t bytes = 0;
    std::string last = "assistant";  // what a user's message follows
    request.alternates = true;
    for (const boost::json::value& message : root.at("messages").as_array()) {
      const boost::json::object& fields = message.as_object();
      if (fields.at("role").as_string().empty()) return absl::InvalidArgumentError("role is empty");
      request.newest_message = TextOf(fields.at("content"));
      bytes += request.newest_message.size();
      const std::string role(fields.at("role").as_string());
      const bool first = &message == &root.at("messages").as_array().front();
      if (first && role == "system") continue;
      if (role == last || role == "system") request.alternates = false;
      last = role;
    }
    request.alternates = request.alternates && last == "user";
    if (const auto* system = root.if_contains("system")) bytes += TextOf(*system).size();
    if (bytes == 0) return absl::InvalidArgumentError("messages is empty");
    request.prompt_tokens = static_cast<int>(bytes / 4) + 1;
    return request;
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = text.find(' ', begin + 1);
    if (end == std::string_view::npos) end = text.size();
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

ChunkWriter::ChunkWriter(Dialect dialect,
                         const std::string& id,
                         const std::string& model,
                         int prompt_tokens)
    : dialect_(dialect), prompt_tokens_(prompt_tokens) {
  if (dialect == Dialect::kOpenAi) {
    head_ = absl::StrCat(R"(data: {"id":")", id,
                         R"(","object":"chat.completion.chunk","created":1700000000,"model":)",
                         Quoted(model), R"(,"choices":[)");
  } else {
    head_ = absl::StrCat(R"(,"message":{"id":")", id,
                         R"(","type":"message","role":"assistant","content":[],"model":)",
                         Quoted(model),
                         R"(,"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":)",
                         prompt_tokens, R"(,"output_tokens":1}})");
  }
}

std::string ChunkWriter::Role() const {
  if (dialect_ == Dialect::kAnthropic) {
    return absl::StrCat(
        Event("message_start", head_),
        Event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})"));
  }
  return absl::StrCat(head_, R"({"index":0,"delta":{"role":"assistant","content":""},)",
                      "\"finish_reason\":null}]}\n\n");
}

std::string ChunkWriter::Token(std::string_view text) const {
  if (dialect_ == Dialect::kAnthropic) {
    return Event(
        "content_block_delta",
        absl::StrCat(R"(,"index":0,"delta":{"type":"text_delta","text":)", Quoted(text), "}"));
  }
  return absl::StrCat(head_, R"({"index":0,"delta":{"content":)", Quoted(text),
                      "},\"finish_reason\":null}]}\n\n");
}

std::string ChunkWriter::Finish(const std::string& reason, int completion_tokens) const {
  if (dialect_ == Dialect::kAnthropic) {
    return absl::StrCat(
        Event("content_block_stop", R"(,"index":0)"),
        Event("message_delta", absl::StrCat(R"(,"delta":{"stop_reason":)",
                                            Quoted(reason == "stop" ? "end_turn" : reason),
                                            R"(,"stop_sequence":null},"usage":{"output_tokens":)",
                                            completion_tokens, "}")));
  }
  return absl::StrCat(head_, R"({"index":0,"delta":{},"finish_reason":)", Quoted(reason),
                      "}]}\n\n");
}

std::string ChunkWriter::Usage(int completion_tokens) const {
  return absl::StrCat(head_, R"(],"usage":)",
                      boost::json::serialize(UsageObject(prompt_tokens_, completion_tokens)),
                      "}\n\n");
}

std::string ChunkWriter::Done() const {
  return dialect_ == Dialect::kAnthropic ? Event("message_stop", "") : "data: [DONE]\n\n";
}

std::string CompletionBody(const std::string& id,
                           const std::string& model,
                           const std::string& text,
                           const std::string& finish_reason,
                           int prompt_tokens,
                           int completion_tokens,
                           bool usage) {
  boost::json::object body{{"id", id},
                           {"object", "chat.completion"},
                           {"created", 1700000000},
                           {"model", model},
                           {"choices",
                            {{{"index", 0},
                              {"message", {{"role", "assistant"}, {"content", text}}},
                              {"finish_reason", finish_reason}}}}};
  if (usage) body["usage"] = UsageObject(prompt_tokens, completion_tokens);
  return boost::json::serialize(body);
}

std::string ErrorBody(int status, const std::string& message) {
  const std::string type = status == 429   ? "rate_limit_exceeded"
                           : status >= 500 ? "server_error"
                                           : "invalid_request_error";
  return boost::json::serialize(boost::json::object{
      {"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}});
}

std::string RefusalBody(const std::string& field) {
  return boost::json::serialize(
      boost::json::object{{"error",
                           {{"message", absl::StrCat("Unsupported parameter: '", field,
                                                     "' is not supported with this model.")},
                            {"type", "invalid_request_error"},
                            {"param", field},
                            {"code", "unsupported_parameter"}}}});
}

std::string ModelsBody() {
  return R"({"object":"list","data":[{"id":"double","object":"model","created":1700000000,)"
         R"("owned_by":"provider-double"}]})";
}

}  // namespace dramatis::provider_double
