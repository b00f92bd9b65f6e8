#include "services/inference/providers/answer_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
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

const json::value* Member(const json::object& object, std::string_view key) {
  return object.if_contains({key.data(), key.size()});
}

}  // namespace

const json::object* ObjectAt(const json::object& object, std::string_view key) {
  const json::value* const value = Member(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string_view TextIn(const json::object& object, std::string_view key) {
  const json::value* const value = Member(object, key);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::optional<int> FindCount(const json::object& object, std::string_view key) {
  const json::value* const value = Member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  constexpr double kMost = 1e9;  // no window is as large
  boost::system::error_code error;
  const auto number = value->to_number<double>(error);
  if (error || !(number >= 0 && number <= kMost)) return std::nullopt;
  return static_cast<int>(number);
}

int CountAt(const json::object& object, std::string_view key) {
  return FindCount(object, key).value_or(0);
}

std::string FinishWord(std::string_view reason) {
  constexpr size_t kLongest = 64;
  const bool is_word =
      reason.size() <= kLongest &&
      std::all_of(reason.begin(), reason.end(), [](char c) { return c > ' ' && c < 0x7F; });
  return is_word ? std::string(reason) : "stop";
}

AnswerEnd AnswerStream::end() const {
  return {.finish_reason = finish_reason_.empty() ? "stop" : finish_reason_, .tokens = tokens_};
}

void AnswerStream::Feed(std::string_view bytes, std::string& text) {
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

void AnswerStream::CheckSize() {
  if (document_.size() > kMaxDocumentBytes) Fail(Kind::kBroken, "the answer is too large");
}

void AnswerStream::FeedEvents(std::string_view bytes, std::string& text) {
  const bool good = parser_.Feed(bytes, [&](std::string_view data) { return OnEvent(data, text); });
  if (good || failure_.has_value() || done_) return;
  if (finished_) {
    done_ = true;
  } else {
    Fail(Kind::kBroken, "the answer is too large");
  }
}

void AnswerStream::End(std::string& text) {
  if (failure_.has_value() || done_) return;
  if (shape_ == Shape::kDocument) OnEvent(document_, text);
  if (finished_) done_ = true;
}

// False where nothing more is to be read.
bool AnswerStream::OnEvent(std::string_view data, std::string& text) {
  data = TrimSpace(data);
  if (data.starts_with(kByteOrderMark)) data.remove_prefix(kByteOrderMark.size());
  if (data == "[DONE]") {
    Finish("", text);
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
  if (chunk != nullptr) ReadObject(*chunk, text);
  return !failure_.has_value() && !done_;
}

void AnswerStream::Say(std::string_view piece, std::string& text) {
  if (piece.empty()) return;
  spoke_ = true;
  joiner_.Push(piece, text);
}

void AnswerStream::Finish(std::string reason, std::string& text) {
  if (!reason.empty()) finish_reason_ = std::move(reason);
  if (std::exchange(finished_, true)) return;
  joiner_.Finish(text);
}

void AnswerStream::Fail(Kind kind, const char* message, Refusal refusal) {
  failure_ = ProviderFailure{.kind = kind, .message = message, .refusal = std::move(refusal)};
}

}  // namespace dramatis::inference
