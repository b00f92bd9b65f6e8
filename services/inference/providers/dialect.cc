#include "services/inference/providers/dialect.h"

#include <algorithm>
#include <initializer_list>

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Whether `text` names the field. A name that is also an everyday word (`stop`, `stream`) has to be
// written as a name is: in quotation marks, or before a colon.
bool Names(const std::string& text, const std::string& name) {
  const bool word = name == "stop" || name == "stream";
  constexpr std::string_view kMarks = "'\"`";
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const char before = at == 0 ? ' ' : text[at - 1];
    const size_t end = at + name.size();
    const char after = end == text.size() ? ' ' : text[end];
    if (IsNameByte(before) || IsNameByte(after)) continue;
    const bool quoted = kMarks.find(before) != std::string_view::npos &&
                        kMarks.find(after) != std::string_view::npos;
    if (!word || quoted || after == ':') return true;
  }
  return false;
}

// `stream_options.include_usage` is about `stream_options`.
bool IsAbout(const std::string& param, const std::string& name) {
  if (!absl::StartsWith(param, name)) return false;
  return param.size() == name.size() || !IsNameByte(param[name.size()]);
}

bool RefusesTheField(const std::string& words) {
  const std::initializer_list<absl::string_view> refusals = {
      "unsupported",   "not support", "n't support", "unrecognized", "unknown",   "unexpected",
      "not permitted", "not allowed", "extra",       "deprecated",   "no longer", "removed"};
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](absl::string_view word) { return absl::StrContains(words, word); });
}

}  // namespace

std::string ChoiceSchema(const google::protobuf::RepeatedPtrField<std::string>& choices) {
  boost::json::array names;
  for (const std::string& choice : choices)
    names.emplace_back(boost::json::string_view(choice.data(), choice.size()));
  return absl::StrCat(R"({"type":"object","properties":{"choice":{"type":"string","enum":)",
                      boost::json::serialize(names),
                      R"(}},"required":["choice"],"additionalProperties":false})");
}

std::string WithFields(std::string object, const std::vector<OptionalField>& fields) {
  object.pop_back();  // its brace
  for (const OptionalField& field : fields)
    absl::StrAppend(&object, ",\"", field.name, "\":", field.json);
  return std::move(object) + "}";
}

bool Takes(const Dialect& dialect, const OptionalField& field) {
  return !dialect.contains(field.name) &&
         !dialect.contains(absl::StrCat(field.name, "=", field.json));
}

std::optional<std::string> LessonOf(const Refusal& refusal,
                                    const std::vector<OptionalField>& sent) {
  constexpr int kBadRequest = 400;
  constexpr int kUnprocessable = 422;
  // 0: an error within a stream.
  const bool about_request =
      refusal.status == 0 || refusal.status == kBadRequest || refusal.status == kUnprocessable;
  if (!about_request) return std::nullopt;
  auto found = std::find_if(sent.begin(), sent.end(), [&](const OptionalField& field) {
    return IsAbout(refusal.param, field.name);
  });
  if (found == sent.end()) {
    found = std::find_if(sent.begin(), sent.end(), [&](const OptionalField& field) {
      return Names(refusal.message, field.name);
    });
  }
  if (found == sent.end()) return std::nullopt;
  const std::string words =
      AsciiLower(absl::StrCat(refusal.code, " ", refusal.type, " ", refusal.message));
  if (RefusesTheField(words)) return found->name;
  return absl::StrCat(found->name, "=", found->json);
}

Dialect Dialects::Of(const std::string& model) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = dialects_.find(model);
  return found == dialects_.end() ? Dialect() : found->second;
}

bool Dialects::Learn(const std::string& model, const Dialect& lessons) {
  if (lessons.empty()) return false;
  const absl::MutexLock lock(&mutex_);
  // Whatever is forgotten is learned again, by one more request.
  if (dialects_.size() >= kMostModels && !dialects_.contains(model)) {
    dialects_.erase(dialects_.begin());
  }
  Dialect& known = dialects_[model];
  bool fresh = false;
  for (const std::string& lesson : lessons)
    fresh = known.insert(lesson).second || fresh;
  while (known.size() > kMostLessons)
    known.erase(known.begin());
  return fresh;
}

}  // namespace dramatis::inference
