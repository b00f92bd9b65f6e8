#include "services/inference/providers/provider_refusal.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/inference/transport/loose_json.h"
#include "services/inference/transport/text_joiner.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;
using Kind = ProviderFailure::Kind;

constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kPaymentRequired = 402;
constexpr int kForbidden = 403;
constexpr int kRequestTimeout = 408;
constexpr int kTooLarge = 413;
constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;
constexpr int kAfterStatuses = 600;

const json::value* At(const json::object& object, json::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// Whether the member is this text. Every chunk of an answer is asked: it copies nothing.
bool Says(const json::object& object, json::string_view key, json::string_view text) {
  const json::value* const value = object.if_contains(key);
  const json::string* const said = value == nullptr ? nullptr : value->if_string();
  return said != nullptr && *said == text;
}

// A text, or a number as one.
std::string TextAt(const json::object& object, json::string_view key) {
  const json::value* const value = At(object, key);
  if (value == nullptr) return "";
  if (const json::string* const text = value->if_string()) return {text->data(), text->size()};
  return value->is_number() ? json::serialize(*value) : "";
}

int StatusIn(const std::string& text) {
  int status = 0;
  const bool is_status =
      absl::SimpleAtoi(text, &status) && status >= kBadRequest && status < kAfterStatuses;
  return is_status ? status : 0;
}

// `{message, type, code, param}`, as OpenAI writes it and others nearly do.
Refusal ReadObject(const json::object& object) {
  Refusal refusal = {.status = 0,
                     .code = TextAt(object, "code"),
                     .type = TextAt(object, "type"),
                     .param = TextAt(object, "param"),
                     .message = TextAt(object, "message"),
                     .url = ""};
  for (const json::string_view key : {"code", "status"}) {
    if (refusal.status == 0) refusal.status = StatusIn(TextAt(object, key));
  }
  if (refusal.message.empty()) refusal.message = json::serialize(object);
  return refusal;
}

Refusal ReadValue(const json::value& value) {
  if (const json::object* const object = value.if_object()) return ReadObject(*object);
  Refusal refusal;
  const json::string* const text = value.if_string();
  refusal.message = text == nullptr ? json::serialize(value) : std::string(*text);
  return refusal;
}

bool SaysNothing(const json::value& value) {
  if (const json::object* const object = value.if_object()) return object->empty();
  if (const json::array* const array = value.if_array()) return array->empty();
  if (const json::string* const text = value.if_string()) return text->empty();
  return value.is_bool() && !value.as_bool();
}

// The body's root, of the array that some wrap it in.
const json::object* RootOf(const json::value& value) {
  const json::array* const array = value.if_array();
  return array != nullptr && !array->empty() ? array->front().if_object() : value.if_object();
}

Refusal ReadRoot(const json::value& value) {
  const json::object* const root = RootOf(value);
  if (root == nullptr) return ReadValue(value);
  if (std::optional<Refusal> refusal = FindRefusal(*root)) return *std::move(refusal);
  if (const json::value* const detail = At(*root, "detail")) return ReadValue(*detail);
  return ReadObject(*root);
}

bool HasAny(const std::string& text, std::initializer_list<absl::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](absl::string_view word) { return absl::StrContains(text, word); });
}

Kind KindOfStatus(int status) {
  if (status == kUnauthorized || status == kForbidden) return Kind::kUnauthorized;
  if (status == kPaymentRequired) return Kind::kSpent;
  if (status == kTooManyRequests) return Kind::kBusy;
  // Without any status: an error within a stream, which is a failure of the moment.
  const bool transient = status == 0 || status == kRequestTimeout || status >= kServerError;
  return transient ? Kind::kTransient : Kind::kRejected;
}

// Whether a word of a message may be a key: what is printed of one often has its middle starred.
bool LooksLikeKey(absl::string_view word) {
  return absl::StartsWithIgnoreCase(word, "sk-") || absl::StartsWithIgnoreCase(word, "AIza") ||
         absl::StartsWithIgnoreCase(word, "gsk_") || absl::StartsWithIgnoreCase(word, "xai-") ||
         absl::StrContains(word, "***");
}

constexpr absl::string_view kMasked = "[key]";

std::string Masked(const std::string& text, std::string_view key) {
  std::string masked = text;
  if (!key.empty()) {
    masked = absl::StrReplaceAll(masked, {{absl::string_view(key.data(), key.size()), kMasked}});
  }
  std::vector<std::string> words = absl::StrSplit(masked, ' ');
  bool bearer = false;
  for (std::string& word : words) {
    // Around a key stand quotation marks, colons and full stops.
    const auto in_key = [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '*';
    };
    const auto begin = std::find_if(word.begin(), word.end(), in_key);
    const absl::string_view bare = absl::string_view(word).substr(begin - word.begin());
    if (bare.size() > 3 && (bearer || LooksLikeKey(bare) || absl::StrContains(word, "=sk-"))) {
      bearer = false;
      word = std::string(kMasked);
      continue;
    }
    bearer = absl::EqualsIgnoreCase(bare, "bearer");
  }
  return absl::StrJoin(words, " ");
}

// UTF-8 without control characters, on one line, cut between two code points.
std::string OneLine(const std::string& text, size_t bytes) {
  std::string whole;
  TextJoiner joiner;
  joiner.Push(text, whole);
  joiner.Finish(whole);
  for (char& c : whole) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  // The controls and separators beyond ASCII.
  for (const char* const separator : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    whole = absl::StrReplaceAll(whole, {{separator, " "}});
  }
  whole = std::string(TrimSpace(whole));
  whole.resize(Utf8Floor(whole, bytes));
  return whole;
}

}  // namespace

Refusal ReadRefusal(int status, std::string_view body) {
  json::monotonic_resource memory;
  Refusal refusal;
  if (const std::optional<json::value> value = ParseLooseJson(body, &memory)) {
    refusal = ReadRoot(*value);
  } else {
    refusal.message = std::string(body);
  }
  refusal.status = status;
  return refusal;
}

std::optional<Refusal> FindRefusal(const json::object& event) {
  const json::value* const error = At(event, "error");
  if (error != nullptr && !SaysNothing(*error)) {
    Refusal refusal = ReadValue(*error);
    if (refusal.status == 0) refusal.status = StatusIn(TextAt(event, "status"));
    return refusal;
  }
  if (Says(event, "object", "error") || Says(event, "type", "error")) return ReadObject(event);
  return std::nullopt;
}

Kind KindOf(const Refusal& refusal) {
  const std::string words = AsciiLower(absl::StrCat(refusal.code, " ", refusal.type));
  const std::string all = absl::StrCat(words, " ", AsciiLower(refusal.message));
  if (HasAny(words, {"insufficient_quota", "billing", "insufficient_balance", "quota_exceeded"}) ||
      HasAny(all, {"exceeded your current quota", "insufficient balance",
                   "credit balance is too low"})) {
    return Kind::kSpent;
  }
  const bool may_be_too_large = refusal.status == 0 || refusal.status == kBadRequest ||
                                refusal.status == kTooLarge || refusal.status == 422;
  if (refusal.status == kTooLarge ||
      (may_be_too_large &&
       HasAny(all, {"context_length", "context length", "context window", "maximum context",
                    "context size", "prompt is too long", "string_above_max_length"}))) {
    return Kind::kTooLarge;
  }
  if (refusal.status != 0) return KindOfStatus(refusal.status);
  if (HasAny(words, {"rate_limit", "too_many_requests"})) return Kind::kBusy;
  if (HasAny(words, {"authentication", "invalid_api_key", "permission"})) {
    return Kind::kUnauthorized;
  }
  if (HasAny(words, {"invalid_request", "not_found", "unsupported"})) return Kind::kRejected;
  return Kind::kTransient;
}

Refusal Printable(Refusal refusal, std::string_view key) {
  constexpr size_t kWordBytes = 64;
  const auto word = [&](std::string& text) { text = OneLine(Masked(text, key), kWordBytes); };
  word(refusal.code);
  word(refusal.type);
  word(refusal.param);
  refusal.message =
      OneLine(Masked(OneLine(refusal.message, refusal.message.size()), key), kRefusalBytes);
  return refusal;
}

}  // namespace dramatis::inference
