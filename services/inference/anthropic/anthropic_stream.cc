#include "services/inference/anthropic/anthropic_stream.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "services/inference/providers/provider_refusal.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

// Our words for why an answer ends; others go out as they are.
std::string ReasonWord(std::string_view reason) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kWords = {
      {{"end_turn", "stop"},
       {"stop_sequence", "stop"},
       {"max_tokens", "length"},
       {"model_context_window_exceeded", "length"},
       {"refusal", "content_filter"}}};
  for (const auto& [theirs, ours] : kWords) {
    if (reason == theirs) return std::string(ours);
  }
  return FinishWord(reason);
}

}  // namespace

void AnthropicStream::ReadObject(const json::object& event, std::string& text) {
  const std::string_view type = TextIn(event, "type");
  if (!finished()) {
    if (std::optional<Refusal> refusal = FindRefusal(event)) {
      const ProviderFailure::Kind kind = KindOf(*refusal);
      return Fail(kind, "it reports an error", *std::move(refusal));
    }
    if (type == "content_block_start") {
      if (const json::object* const block = ObjectAt(event, "content_block")) {
        ReadBlock(*block, text);
      }
    } else if (type == "content_block_delta") {
      const json::object* const delta = ObjectAt(event, "delta");
      if (delta != nullptr && TextIn(*delta, "type") == "text_delta") {
        Say(TextIn(*delta, "text"), text);
      }
    } else if (type == "message") {
      ReadMessage(event, text);
    }
  }
  const json::object* const message = ObjectAt(event, "message");
  for (const json::object* const holder : {&event, message}) {
    if (holder == nullptr) continue;
    if (const json::object* const usage = ObjectAt(*holder, "usage")) ReadUsage(*usage);
  }
  if (type == "message_delta") {
    if (const json::object* const delta = ObjectAt(event, "delta")) {
      ReadStop(TextIn(*delta, "stop_reason"), text);
    }
  } else if (type == "message_stop") {
    Finish("", text);
    Done();
  }
}

// A whole answer, where the server does not stream.
void AnthropicStream::ReadMessage(const json::object& message, std::string& text) {
  const json::value* const content = message.if_contains("content");
  const json::array* const blocks = content == nullptr ? nullptr : content->if_array();
  if (blocks != nullptr) {
    for (const json::value& block : *blocks) {
      if (const json::object* const object = block.if_object()) ReadBlock(*object, text);
    }
  }
  ReadStop(TextIn(message, "stop_reason"), text);
}

void AnthropicStream::ReadBlock(const json::object& block, std::string& text) {
  if (TextIn(block, "type") == "text") Say(TextIn(block, "text"), text);
}

void AnthropicStream::ReadStop(std::string_view reason, std::string& text) {
  if (!reason.empty() && !finished()) Finish(ReasonWord(reason), text);
}

// Numbers are cumulative; the last event may leave out those that the first one told.
void AnthropicStream::ReadUsage(const json::object& usage) {
  const auto take = [&](const char* key, int& count) {
    count = FindCount(usage, key).value_or(count);
  };
  take("input_tokens", fresh_input_);
  take("cache_read_input_tokens", cached_input_);
  take("cache_creation_input_tokens", written_input_);
  take("output_tokens", output_);
  const int64_t input = int64_t{fresh_input_} + cached_input_ + written_input_;
  const int64_t most = std::numeric_limits<int>::max();
  Count({.input_tokens = static_cast<int>(std::min(input, most)),
         .output_tokens = output_,
         .cached_tokens = cached_input_,
         .written_tokens = written_input_});
}

}  // namespace dramatis::inference
