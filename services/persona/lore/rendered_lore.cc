#include "services/persona/lore/rendered_lore.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/text/lore_pattern.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

constexpr int kForever = 1'000'000;
constexpr int kMostDepth = 1000;
constexpr int kMostPercent = 100;
constexpr size_t kMostExtraKeys = 100;

std::optional<int> Number(std::string_view text, int most) {
  int number = 0;
  if (!absl::SimpleAtoi(std::string(text), &number)) return std::nullopt;
  return std::clamp(number, 0, most);
}

void AddKeys(std::string_view text, google::protobuf::RepeatedPtrField<std::string>& keys) {
  const std::string list(text);
  for (const auto key : absl::StrSplit(list, ',')) {
    const std::string trimmed(TrimSpace(std::string(key)));
    if (!trimmed.empty() && std::cmp_less(keys.size(), kMostExtraKeys)) *keys.Add() = trimmed;
  }
}

bool ReadPosition(std::string_view value, v1::LoreEntry& entry) {
  if (value == "before_desc") {
    entry.set_position(v1::LORE_POSITION_BEFORE_CHAR);
  } else if (value == "after_desc" || value == "personality" || value == "scenario") {
    entry.set_position(v1::LORE_POSITION_AFTER_CHAR);
  } else {
    return false;
  }
  return true;
}

bool ReadRole(std::string_view value, v1::LoreEntry& entry) {
  if (value != "assistant" && value != "user" && value != "system") return false;
  entry.set_role(value == "assistant" ? v1::LORE_ROLE_ASSISTANT : v1::LORE_ROLE_USER);
  return true;
}

// Decorators with a number.
bool ReadNumber(std::string_view name, std::string_view value, v1::LoreEntry& entry) {
  const std::optional<int> number = Number(value, kForever);
  if (!number.has_value()) return false;
  if (name == "depth") {
    entry.set_position(v1::LORE_POSITION_AT_DEPTH);
    entry.set_depth(std::min(*number, kMostDepth));
  } else if (name == "scan_depth") {
    entry.set_scan_depth(std::min(*number, kMostDepth));
  } else if (name == "activate_only_after") {
    entry.set_delay(std::max(entry.delay(), *number));
  } else if (name == "probability") {
    entry.set_probability(std::min(*number, kMostPercent));
  } else {
    return false;
  }
  return true;
}

// Whether the decorator is one of those that are read.
bool Read(std::string_view name, std::string_view value, v1::LoreEntry& entry) {
  if (name == "activate" || name == "constant") {
    entry.set_constant(true);
  } else if (name == "dont_activate") {
    entry.set_enabled(false);
  } else if (name == "keep_activate_after_match") {
    entry.set_sticky(kForever);
  } else if (name == "dont_activate_after_match") {
    entry.set_cooldown(kForever);
  } else if (name == "additional_keys") {
    AddKeys(value, *entry.mutable_keys());
  } else if (name == "exclude_keys") {
    AddKeys(value, *entry.mutable_exclude_keys());
  } else if (name == "position") {
    return ReadPosition(value, entry);
  } else if (name == "role") {
    return ReadRole(value, entry);
  } else {
    return ReadNumber(name, value, entry);
  }
  return true;
}

v1::LoreEntry WithoutDecorators(v1::LoreEntry entry) {
  std::string_view rest = entry.content();
  std::vector<std::pair<std::string, std::string>> decorators;
  bool fallback = false;  // the decorator above is not read here
  while (rest.starts_with("@@")) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(2, end - 2);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool second = line.starts_with('@');
    if (second && !fallback) continue;
    while (line.starts_with('@'))
      line.remove_prefix(1);
    line = TrimSpace(line);
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view value = TrimSpace(line.substr(space));
    v1::LoreEntry changed = entry;
    fallback = !Read(line.substr(0, space), value, changed);
    if (fallback) continue;
    changed.set_content(entry.content());
    // `rest` looks into the text that stays the entry's.
    const size_t left = rest.size();
    entry = std::move(changed);
    rest = std::string_view(entry.content()).substr(entry.content().size() - left);
  }
  entry.set_content(std::string(rest));
  return entry;
}

}  // namespace

v1::Lore RenderedLore(const v1::Lore& lore) {
  v1::Lore rendered = lore;
  rendered.clear_entries();
  rendered.clear_name();
  rendered.clear_description();
  for (const v1::LoreEntry& entry : lore.entries()) {
    if (entry.has_enabled() && !entry.enabled()) continue;
    v1::LoreEntry told = WithoutDecorators(entry);
    if (told.has_enabled() && !told.enabled()) continue;
    if (TrimSpace(told.content()).empty()) continue;
    told.clear_comment();
    *rendered.add_entries() = std::move(told);
  }
  return rendered;
}

std::vector<std::string> BadPatterns(const v1::LoreEntry& entry) {
  std::vector<std::string> bad;
  const auto check = [&](const char* field, const auto& keys) {
    for (int i = 0; i < keys.size(); ++i) {
      if (!IsLorePattern(keys[i], entry.use_regex())) continue;
      if (!LorePattern(keys[i], entry.case_sensitive()).ok()) {
        bad.push_back(absl::StrCat(field, "[", i, "]"));
      }
    }
  };
  check("keys", entry.keys());
  check("secondary_keys", entry.secondary_keys());
  check("exclude_keys", entry.exclude_keys());
  return bad;
}

}  // namespace dramatis::persona
