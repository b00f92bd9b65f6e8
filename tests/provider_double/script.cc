#include "tests/provider_double/script.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "shared/status/macros.h"

namespace dramatis::provider_double {
namespace {

using std::chrono::milliseconds;

absl::StatusOr<Piece> ParsePiece(const boost::json::value& json) {
  if (json.is_string()) return Piece{.text = std::string(json.as_string())};
  if (json.is_object() && json.as_object().size() == 1) {
    const auto& [key, value] = *json.as_object().begin();
    if (key == "raw" && value.is_string()) {
      return Piece{.kind = Piece::Kind::kRaw, .text = std::string(value.as_string())};
    }
    if (key == "base64" && value.is_string()) {
      const boost::json::string& text = value.as_string();
      std::string bytes;
      if (absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes)) {
        return Piece{.kind = Piece::Kind::kRaw, .text = std::move(bytes)};
      }
    }
    if (key == "delay_ms" && value.is_int64()) {
      return Piece{.kind = Piece::Kind::kDelay, .delay = milliseconds(value.as_int64())};
    }
    if (key == "hang") return Piece{.kind = Piece::Kind::kHang};
    if (key == "cut") return Piece{.kind = Piece::Kind::kCut};
    if (key == "hold") return Piece{.kind = Piece::Kind::kHold};
  }
  return absl::InvalidArgumentError(
      "tokens: a text, {raw}, {base64}, {delay_ms}, {hang}, {cut} or {hold}");
}

absl::Status ParseTokens(const boost::json::array& tokens, Step& step) {
  for (const boost::json::value& token : tokens) {
    absl::StatusOr<Piece> piece = ParsePiece(token);
    if (!piece.ok()) return piece.status();
    step.pieces.push_back(*std::move(piece));
  }
  return absl::OkStatus();
}

void SetError(const boost::json::value& value, Step& step) {
  if (value.is_object()) {
    step.error_object = value.as_object();
  } else {
    step.error = std::string(value.as_string());
  }
}

// Sets one member. Throws boost::system::system_error where the type is wrong.
absl::Status SetMember(const std::string& name, const boost::json::value& value, Step& step) {
  const auto number = [&] { return value.to_number<int64_t>(); };
  if (name == "tokens") return ParseTokens(value.as_array(), step);
  if (name == "count") {
    for (int64_t i = 0; i < number(); ++i)
      step.pieces.push_back({.text = absl::StrCat("t", i, " ")});
  } else if (name == "echo") {
    step.echo = value.as_bool();
  } else if (name == "first_delay_ms") {
    step.first_delay = milliseconds(number());
  } else if (name == "token_delay_ms") {
    step.token_delay = milliseconds(number());
  } else if (name == "cut_after_bytes") {
    step.cut_after = static_cast<size_t>(number());
  } else if (name == "split_bytes") {
    step.split = static_cast<size_t>(number());
  } else if (name == "usage") {
    step.usage = value.as_bool();
  } else if (name == "done") {
    step.done = value.as_bool();
  } else if (name == "tail") {
    step.tail = value.as_bool();
  } else if (name == "whole") {
    step.whole = value.as_bool();
  } else if (name == "strict") {
    step.strict = value.as_bool();
  } else if (name == "refuses") {
    for (const boost::json::value& field : value.as_array())
      step.refuses.emplace_back(field.as_string());
  } else if (name == "finish_reason") {
    step.finish_reason = std::string(value.as_string());
  } else if (name == "status") {
    step.status = static_cast<int>(number());
  } else if (name == "error") {
    SetError(value, step);
  } else if (name == "retry_after") {
    step.retry_after = std::string(value.as_string());
  } else if (name == "hang") {
    step.hang = value.as_bool();
  } else if (name == "repeat") {
    step.repeat = static_cast<int>(number());
  } else {
    return absl::InvalidArgumentError(absl::StrCat(name, ": unknown"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Step> ParseStep(const boost::json::value& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("a step is an object");
  Step step;
  for (const auto& [key, value] : json.as_object()) {
    const std::string name(key);
    try {
      const absl::Status set = SetMember(name, value, step);
      if (!set.ok()) return set;
    } catch (const std::exception&) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": wrong type"));
    }
  }
  return step;
}

Script::Script() {
  Step greeting;
  for (const char* token : {"Hello", " from", " the", " provider", " double", "."}) {
    greeting.pieces.push_back({.text = token});
  }
  initial_ = std::make_shared<const Step>(std::move(greeting));
  default_ = initial_;
}

absl::Status Script::Load(const std::string& json) {
  boost::system::error_code error;
  const boost::json::value root = boost::json::parse(json, error);
  if (error || !root.is_object()) return absl::InvalidArgumentError("the script is a JSON object");
  std::shared_ptr<const Step> fallback = default_;
  std::deque<std::shared_ptr<const Step>> steps;
  std::map<std::string, std::shared_ptr<const Step>> when;
  for (const auto& [key, value] : root.as_object()) {
    if (key == "default") {
      DRAMATIS_ASSIGN_OR_RETURN(Step step, ParseStep(value));
      fallback = std::make_shared<const Step>(std::move(step));
    } else if (key == "steps" && value.is_array()) {
      for (const boost::json::value& item : value.as_array()) {
        DRAMATIS_ASSIGN_OR_RETURN(Step step, ParseStep(item));
        const auto shared = std::make_shared<const Step>(std::move(step));
        for (int i = 0; i < shared->repeat; ++i)
          steps.push_back(shared);
      }
    } else if (key == "when" && value.is_object()) {
      for (const auto& [text, item] : value.as_object()) {
        DRAMATIS_ASSIGN_OR_RETURN(Step step, ParseStep(item));
        when[std::string(text)] = std::make_shared<const Step>(std::move(step));
      }
    } else {
      return absl::InvalidArgumentError("the script has `default`, `steps` and `when`");
    }
  }
  default_ = std::move(fallback);
  steps_ = std::move(steps);
  when_ = std::move(when);
  return absl::OkStatus();
}

std::shared_ptr<const Step> Script::Next(const std::string& body) {
  for (const auto& [text, step] : when_) {
    if (body.find(text) != std::string::npos) return step;
  }
  if (steps_.empty()) return default_;
  std::shared_ptr<const Step> step = steps_.front();
  steps_.pop_front();
  return step;
}

void Script::Reset() {
  default_ = initial_;
  steps_.clear();
  when_.clear();
}

}  // namespace dramatis::provider_double
