#include "services/inference/providers/openai_stream.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "services/inference/providers/provider_refusal.h"
#include "services/inference/transport/loose_json.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;
using Kind = ProviderFailure::Kind;

// Enough for a chunk of an answer: parsing one then allocates nothing.
constexpr size_t kChunkMemory = 4096;
// The most of an answer that comes as one document.
constexpr size_t kMaxDocumentBytes = size_t{8} * 1024 * 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

const json::object* ObjectAt(const json::object& object, json::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string_view TextIn(const json::object& object, json::string_view key) {
  const json::value* const value = object.if_contains(key);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

bool HasCount(const json::object& object, json::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_number();
}

int CountAt(const json::object& object, json::string_view key) {
  if (!HasCount(object, key)) return 0;
  boost::system::error_code error;
  const auto number = object.at(key).to_number<double>(error);
  if (error || std::isnan(number)) return 0;
  constexpr double kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(number, 0.0, kMost));
}

std::optional<TokenCounts> ReadUsage(const json::object& object) {
  if (!HasCount(object, "prompt_tokens") && !HasCount(object, "completion_tokens")) {
    return std::nullopt;
  }
  TokenCounts usage = {.input_tokens = CountAt(object, "prompt_tokens"),
                       .output_tokens = CountAt(object, "completion_tokens")};
  if (const json::object* details = ObjectAt(object, "prompt_tokens_details")) {
    usage.cached_tokens = CountAt(*details, "cached_tokens");
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

std::string ContentText(const json::object& message) {
  std::string text;
  const json::value* const content = message.if_contains("content");
  if (content != nullptr && content->is_array()) {
    for (const json::value& part : content->get_array())
      text += PartText(part);
  } else if (content != nullptr) {
    text = PartText(*content);
  }
  if (text.empty()) text = TextIn(message, "refusal");
  return text;
}

// Words of our own contract go to clients: nothing else than a word does.
std::string ReasonAt(const json::object& choice) {
  constexpr size_t kLongest = 64;
  const std::string_view reason = TextIn(choice, "finish_reason");
  if (reason.empty() || reason == "null") return "";
  const bool is_word =
      reason.size() <= kLongest &&
      std::all_of(reason.begin(), reason.end(), [](char c) { return c > ' ' && c < 0x7F; });
  return is_word ? std::string(reason) : "stop";
}

// Without white space and byte order marks at its start.
std::string_view WithoutBlankStart(std::string_view text) {
  while (true) {
    if (text.starts_with(kByteOrderMark)) {
      text.remove_prefix(kByteOrderMark.size());
    } else if (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) {
      text.remove_prefix(1);
    } else {
      return text;
    }
  }
}

}  // namespace

AnswerEnd OpenAiStream::end() const {
  return {.finish_reason = finish_reason_.empty() ? "stop" : finish_reason_, .tokens = tokens_};
}

void OpenAiStream::Feed(std::string_view bytes, std::string& text) {
  if (failure_.has_value() || done_) return;
  if (shape_ == Shape::kUnknown) {
    document_ += bytes;
    document_.erase(0, document_.size() - WithoutBlankStart(document_).size());
    if (document_.empty() || kByteOrderMark.starts_with(document_)) return;
    const bool document = document_.front() == '{' || document_.front() == '[';
    shape_ = document ? Shape::kDocument : Shape::kEvents;
    if (document) return CheckSize();
    const std::string start = std::exchange(document_, {});
    return FeedEvents(start, text);
  }
  if (shape_ == Shape::kEvents) return FeedEvents(bytes, text);
  document_ += bytes;
  CheckSize();
}

void OpenAiStream::CheckSize() {
  if (document_.size() > kMaxDocumentBytes) Fail(Kind::kBroken, "the answer is too large");
}

void OpenAiStream::FeedEvents(std::string_view bytes, std::string& text) {
  const bool good = parser_.Feed(bytes, [&](std::string_view data) { return OnEvent(data, text); });
  if (good || failure_.has_value() || done_) return;
  if (finished_) {
    done_ = true;
  } else {
    Fail(Kind::kBroken, "the answer is too large");
  }
}

void OpenAiStream::End(std::string& text) {
  if (failure_.has_value() || done_) return;
  if (shape_ == Shape::kDocument) OnEvent(document_, text);
  if (finished_) done_ = true;
}

// False where nothing more is to be read.
bool OpenAiStream::OnEvent(std::string_view data, std::string& text) {
  data = TrimSpace(data);
  if (data.starts_with(kByteOrderMark)) data.remove_prefix(kByteOrderMark.size());
  if (data == "[DONE]") {
    Finish(text);
    done_ = true;
    return false;
  }
  // A chunk is an object. What does not begin like one says nothing to us.
  if (!data.starts_with('{') && shape_ != Shape::kDocument) return true;
  std::array<unsigned char, kChunkMemory> buffer;
  json::monotonic_resource memory(buffer.data(), buffer.size());
  const std::optional<json::value> value = ParseLooseJson(data, &memory);
  if (!value.has_value()) {
    if (!finished_) Fail(Kind::kBroken, "the answer cannot be read");
    return finished_;
  }
  const json::array* const wrapped = value->if_array();
  const json::object* const chunk =
      wrapped != nullptr && !wrapped->empty() ? wrapped->front().if_object() : value->if_object();
  if (chunk != nullptr) ReadChunk(*chunk, text);
  return !failure_.has_value();
}

void OpenAiStream::ReadChunk(const json::object& chunk, std::string& text) {
  if (!finished_) {
    if (std::optional<Refusal> refusal = FindRefusal(chunk)) {
      const Kind kind = KindOf(*refusal);
      return Fail(kind, "it reports an error", *std::move(refusal));
    }
    const json::value* const choices = chunk.if_contains("choices");
    const json::array* const list = choices == nullptr ? nullptr : choices->if_array();
    if (list != nullptr && !list->empty()) {
      if (const json::object* const choice = list->front().if_object()) ReadChoice(*choice, text);
    }
  }
  if (const json::object* const usage = ObjectAt(chunk, "usage")) {
    if (const std::optional<TokenCounts> tokens = ReadUsage(*usage)) tokens_ = tokens;
  }
}

void OpenAiStream::ReadChoice(const json::object& choice, std::string& text) {
  if (const json::object* const delta = ObjectAt(choice, "delta")) {
    ReadMessage(*delta, text);
  } else if (const json::object* const message = ObjectAt(choice, "message");
             message != nullptr && !spoke_) {
    ReadMessage(*message, text);
  }
  if (std::optional<Refusal> refusal = FindRefusal(choice)) {
    const Kind kind = KindOf(*refusal);
    return Fail(kind, "it reports an error", *std::move(refusal));
  }
  std::string reason = ReasonAt(choice);
  if (reason == "error") return Fail(Kind::kTransient, "it ended its answer with an error");
  if (reason.empty()) return;
  finish_reason_ = std::move(reason);
  Finish(text);
}

void OpenAiStream::ReadMessage(const json::object& message, std::string& text) {
  const std::string content = ContentText(message);
  if (content.empty()) return;
  spoke_ = true;
  joiner_.Push(content, text);
}

void OpenAiStream::Finish(std::string& text) {
  if (std::exchange(finished_, true)) return;
  joiner_.Finish(text);
}

void OpenAiStream::Fail(Kind kind, const char* message, Refusal refusal) {
  failure_ = ProviderFailure{.kind = kind, .message = message, .refusal = std::move(refusal)};
}

}  // namespace dramatis::inference
