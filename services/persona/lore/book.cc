#include "services/persona/lore/book.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/persona/lore/rendered_lore.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

namespace json = boost::json;

constexpr int kMostEntries = 1000;
constexpr int kMostKeys = 100;
constexpr size_t kLongestKey = 1000;
constexpr size_t kLongestContent = 32'000;
constexpr size_t kLongestEntryName = 500;
constexpr size_t kLongestNote = 4000;
constexpr int kMostMessages = 1'000'000;
constexpr int kMostScanned = 1000;
constexpr int kAlways = 100;
// SillyTavern's numbers of places: before and after the character, the author's note, among the
// messages, the examples.
constexpr int kPlaceAfter = 1;
constexpr int kPlaceNoteTop = 2;
constexpr int kPlaceNoteBottom = 3;
constexpr int kPlaceAtDepth = 4;
constexpr int kPlaceAfterExamples = 6;
constexpr int kRoleAssistant = 2;

const json::object* ObjectIn(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_object() ? &value->as_object() : nullptr;
}

std::string WordsIn(const json::value* value, size_t most) {
  if (value == nullptr || !value->is_string()) return "";
  std::string text(value->as_string().data(), value->as_string().size());
  std::erase(text, '\0');
  return std::string(FirstCodePoints(text, most));
}

std::string WordsIn(const json::object& object, const char* name, size_t most) {
  return WordsIn(object.if_contains(name), most);
}

bool IsTrue(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

// A whole number, brought between the two; nullopt where there is none.
std::optional<int> NumberIn(const json::object& object, const char* name, int least, int most) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->to_number<double>();
  return static_cast<int>(
      std::clamp(std::round(number), static_cast<double>(least), static_cast<double>(most)));
}

template <class List>
void ReadKeys(const json::object& entry, const char* name, List* keys) {
  const json::value* const value = entry.if_contains(name);
  if (value == nullptr || !value->is_array()) return;
  for (const json::value& item : value->as_array()) {
    std::string key(TrimSpace(WordsIn(&item, kLongestKey)));
    if (!key.empty() && keys->size() < kMostKeys) *keys->Add() = std::move(key);
  }
}

v1::LoreLogic LogicOf(const json::object& extensions) {
  // SillyTavern's numbers.
  constexpr v1::LoreLogic kLogics[] = {v1::LORE_LOGIC_UNSPECIFIED, v1::LORE_LOGIC_NOT_ALL,
                                       v1::LORE_LOGIC_NOT_ANY, v1::LORE_LOGIC_ALL};
  const int last = static_cast<int>(std::size(kLogics)) - 1;
  return kLogics[NumberIn(extensions, "selectiveLogic", 0, last).value_or(0)];
}

void ReadPlace(const json::object& entry, const json::object& extensions, v1::LoreEntry& lore) {
  const bool after = WordsIn(entry, "position", kLongestEntryName) == "after_char";
  const int place =
      NumberIn(extensions, "position", 0, kPlaceAfterExamples).value_or(after ? kPlaceAfter : 0);
  switch (place) {
    case kPlaceAfter:
    case kPlaceNoteTop:
    case kPlaceNoteBottom:
    case kPlaceAfterExamples:
      lore.set_position(v1::LORE_POSITION_AFTER_CHAR);
      break;
    case kPlaceAtDepth:
      lore.set_position(v1::LORE_POSITION_AT_DEPTH);
      if (const auto depth = NumberIn(extensions, "depth", 0, kMostScanned)) lore.set_depth(*depth);
      if (NumberIn(extensions, "role", 0, kRoleAssistant) == kRoleAssistant) {
        lore.set_role(v1::LORE_ROLE_ASSISTANT);
      }
      break;
    default:
      break;
  }
}

void ReadTimes(const json::object& extensions, v1::LoreEntry& lore) {
  const auto number = [&](const char* name) {
    return NumberIn(extensions, name, 0, kMostMessages).value_or(0);
  };
  lore.set_sticky(number("sticky"));
  lore.set_cooldown(number("cooldown"));
  lore.set_delay(number("delay"));
  if (const auto depth = NumberIn(extensions, "scan_depth", 0, kMostScanned)) {
    lore.set_scan_depth(*depth);
  }
  const json::value* const uses = extensions.if_contains("useProbability");
  const bool drawn = uses == nullptr || !uses->is_bool() || uses->as_bool();
  const auto probability = NumberIn(extensions, "probability", 0, kAlways);
  if (drawn && probability.has_value() && *probability < kAlways) {
    lore.set_probability(*probability);
  }
}

v1::LoreEntry ToEntry(const json::object& entry, int number) {
  static const json::object* const none = new json::object;
  const json::object* const found = ObjectIn(entry, "extensions");
  const json::object& extensions = found == nullptr ? *none : *found;
  v1::LoreEntry lore;
  lore.set_entry_id(absl::StrCat(number));
  ReadKeys(entry, "keys", lore.mutable_keys());
  if (IsTrue(entry, "selective")) {
    ReadKeys(entry, "secondary_keys", lore.mutable_secondary_keys());
    if (!lore.secondary_keys().empty()) lore.set_secondary_logic(LogicOf(extensions));
  }
  lore.set_content(WordsIn(entry, "content", kLongestContent));
  lore.set_constant(IsTrue(entry, "constant"));
  lore.set_use_regex(IsTrue(entry, "use_regex"));
  lore.set_case_sensitive(IsTrue(entry, "case_sensitive") || IsTrue(extensions, "case_sensitive"));
  lore.set_whole_words(IsTrue(extensions, "match_whole_words"));
  const json::value* const enabled = entry.if_contains("enabled");
  if (enabled != nullptr && enabled->is_bool() && !enabled->as_bool()) lore.set_enabled(false);
  ReadPlace(entry, extensions, lore);
  lore.set_insertion_order(
      NumberIn(entry, "insertion_order", -kMostMessages, kMostMessages).value_or(0));
  lore.set_priority(NumberIn(entry, "priority", -kMostMessages, kMostMessages).value_or(0));
  ReadTimes(extensions, lore);
  lore.set_prevent_recursion(IsTrue(extensions, "prevent_recursion"));
  lore.set_exclude_recursion(IsTrue(extensions, "exclude_recursion"));
  lore.set_delay_until_recursion(
      IsTrue(extensions, "delay_until_recursion") ||
      NumberIn(extensions, "delay_until_recursion", 0, kMostMessages).value_or(0) > 0);
  lore.set_name(WordsIn(entry, "name", kLongestEntryName));
  lore.set_comment(WordsIn(entry, "comment", kLongestNote));
  return lore;
}

json::array ToArray(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return array;
}

// Sets a member where it says something or is there already.
template <class Value>
void SetIf(bool says, const char* name, const Value& value, json::object& object) {
  if (says || object.contains(name)) object[name] = value;
}

int PlaceNumber(v1::LorePosition position) {
  switch (position) {
    case v1::LORE_POSITION_AFTER_CHAR:
      return kPlaceAfter;
    case v1::LORE_POSITION_AT_DEPTH:
      return kPlaceAtDepth;
    default:
      return 0;
  }
}

int LogicNumber(v1::LoreLogic logic) {
  switch (logic) {
    case v1::LORE_LOGIC_NOT_ALL:
      return 1;
    case v1::LORE_LOGIC_NOT_ANY:
      return 2;
    case v1::LORE_LOGIC_ALL:
      return 3;
    default:
      return 0;
  }
}

void SetExtensions(const v1::LoreEntry& lore, json::object& extensions) {
  const bool at_depth = lore.position() == v1::LORE_POSITION_AT_DEPTH;
  SetIf(at_depth, "position", PlaceNumber(lore.position()), extensions);
  if (lore.has_depth()) {
    extensions["depth"] = lore.depth();
  } else if (at_depth) {
    extensions.erase("depth");
  }
  SetIf(lore.role() == v1::LORE_ROLE_ASSISTANT, "role",
        lore.role() == v1::LORE_ROLE_ASSISTANT ? kRoleAssistant : 0, extensions);
  const int logic = LogicNumber(lore.secondary_logic());
  SetIf(logic > 0, "selectiveLogic", logic, extensions);
  if (lore.has_scan_depth()) {
    extensions["scan_depth"] = lore.scan_depth();
  } else {
    extensions.erase("scan_depth");
  }
  SetIf(lore.sticky() > 0, "sticky", lore.sticky(), extensions);
  SetIf(lore.cooldown() > 0, "cooldown", lore.cooldown(), extensions);
  SetIf(lore.delay() > 0, "delay", lore.delay(), extensions);
  SetIf(lore.has_probability(), "probability",
        lore.has_probability() ? lore.probability() : kAlways, extensions);
  if (lore.has_probability()) SetIf(false, "useProbability", true, extensions);
  SetIf(lore.whole_words(), "match_whole_words", lore.whole_words(), extensions);
  SetIf(false, "case_sensitive", lore.case_sensitive(), extensions);
  SetIf(lore.prevent_recursion(), "prevent_recursion", lore.prevent_recursion(), extensions);
  SetIf(lore.exclude_recursion(), "exclude_recursion", lore.exclude_recursion(), extensions);
  SetIf(lore.delay_until_recursion(), "delay_until_recursion", lore.delay_until_recursion(),
        extensions);
}

// What a card has no member for is said by decorators.
std::string ContentOf(const v1::LoreEntry& lore) {
  if (lore.exclude_keys().empty()) return lore.content();
  return absl::StrCat("@@exclude_keys ", absl::StrJoin(lore.exclude_keys(), ","), "\n",
                      lore.content());
}

void SetEntry(const v1::LoreEntry& lore, json::object& entry) {
  entry["keys"] = ToArray(lore.keys());
  entry["content"] = ContentOf(lore);
  if (ObjectIn(entry, "extensions") == nullptr) entry["extensions"] = json::object{};
  entry["enabled"] = !lore.has_enabled() || lore.enabled();
  entry["insertion_order"] = lore.insertion_order();
  entry["use_regex"] = lore.use_regex();
  SetIf(lore.case_sensitive(), "case_sensitive", lore.case_sensitive(), entry);
  SetIf(lore.constant(), "constant", lore.constant(), entry);
  SetIf(!lore.name().empty(), "name", lore.name(), entry);
  SetIf(lore.priority() != 0, "priority", lore.priority(), entry);
  SetIf(!lore.comment().empty(), "comment", lore.comment(), entry);
  const bool selective = !lore.secondary_keys().empty();
  SetIf(selective, "selective", selective, entry);
  if (selective) entry["secondary_keys"] = ToArray(lore.secondary_keys());
  const bool after = lore.position() == v1::LORE_POSITION_AFTER_CHAR;
  SetIf(after, "position", after ? "after_char" : "before_char", entry);
  SetExtensions(lore, entry.at("extensions").as_object());
}

bool Same(const google::protobuf::MessageLite& one, const google::protobuf::MessageLite& other) {
  return one.SerializeAsString() == other.SerializeAsString();
}

}  // namespace

v1::Lore ToLore(const json::object& data, std::vector<std::string>& warnings) {
  v1::Lore lore;
  const json::object* const book = ObjectIn(data, "character_book");
  if (book == nullptr) return lore;
  lore.set_name(WordsIn(*book, "name", kLongestEntryName));
  lore.set_description(WordsIn(*book, "description", kLongestNote));
  if (const auto depth = NumberIn(*book, "scan_depth", 0, kMostScanned))
    lore.set_scan_depth(*depth);
  if (const auto budget = NumberIn(*book, "token_budget", 0, kMostMessages)) {
    lore.set_token_budget(*budget);
  }
  lore.set_recursive_scanning(IsTrue(*book, "recursive_scanning"));
  const json::value* const entries = book->if_contains("entries");
  if (entries == nullptr || !entries->is_array()) return lore;
  int number = 0;
  int bad_patterns = 0;
  for (const json::value& entry : entries->as_array()) {
    if (++number > kMostEntries) break;
    if (!entry.is_object()) continue;
    *lore.add_entries() = ToEntry(entry.as_object(), number);
    bad_patterns += static_cast<int>(BadPatterns(*lore.entries().rbegin()).size());
  }
  if (entries->as_array().size() > kMostEntries) {
    warnings.push_back(
        absl::StrCat("Of the character's book the first ", kMostEntries, " entries are used."));
  }
  if (bad_patterns > 0) {
    warnings.push_back(absl::StrCat("Patterns in the character's book that are not RE2's (",
                                    bad_patterns, ") match nothing."));
  }
  return lore;
}

void SetLore(const v1::Lore& now, json::object& data) {
  std::vector<std::string> warnings;
  const v1::Lore then = ToLore(data, warnings);
  v1::Lore shown = now;
  shown.clear_persona_id();
  shown.clear_etag();
  if (Same(then, shown)) return;
  if (ObjectIn(data, "character_book") == nullptr) {
    data["character_book"] = json::object{{"extensions", json::object{}}};
  }
  json::object& book = data.at("character_book").as_object();
  SetIf(!shown.name().empty(), "name", shown.name(), book);
  SetIf(!shown.description().empty(), "description", shown.description(), book);
  const auto set_number = [&](bool has, const char* name, int value) {
    if (has) {
      book[name] = value;
    } else {
      book.erase(name);
    }
  };
  set_number(shown.has_scan_depth(), "scan_depth", shown.scan_depth());
  set_number(shown.has_token_budget(), "token_budget", shown.token_budget());
  SetIf(shown.recursive_scanning(), "recursive_scanning", shown.recursive_scanning(), book);
  std::map<std::string, std::pair<const v1::LoreEntry*, json::object>> before;
  for (const v1::LoreEntry& entry : then.entries()) {
    const size_t place = std::stoul(entry.entry_id()) - 1;
    before[entry.entry_id()] = {&entry, book.at("entries").as_array()[place].as_object()};
  }
  json::array entries;
  for (const v1::LoreEntry& entry : shown.entries()) {
    const auto found = before.find(entry.entry_id());
    json::object written = found == before.end() ? json::object{} : found->second.second;
    if (found == before.end() || !Same(*found->second.first, entry)) SetEntry(entry, written);
    entries.push_back(std::move(written));
  }
  book["entries"] = std::move(entries);
}

}  // namespace dramatis::persona
