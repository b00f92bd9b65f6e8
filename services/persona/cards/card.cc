#include "services/persona/cards/card.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/persona/cards/png.h"
#include "services/persona/lore/book.h"
#include "shared/status/errors.h"
#include "shared/text/imported_json.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

namespace json = boost::json;

constexpr size_t kDepth = 64;
constexpr size_t kLongestName = 100;
constexpr size_t kShortestName = 2;
constexpr size_t kLongestBiography = 200'000;
constexpr size_t kLongestGreeting = 8'000;
constexpr int kMostGreetings = 20;
constexpr int kMostTags = 100;
constexpr size_t kLongestTag = 100;
constexpr size_t kLongestCreator = 200;
constexpr size_t kLongestCreatorNotes = 20'000;
constexpr size_t kLongestSystemPrompt = 8'000;
constexpr char kSpecPrefix[] = "chara_card_v";
constexpr char kSpecV2[] = "chara_card_v2";
constexpr char kSpecV3[] = "chara_card_v3";
constexpr const char* kV1Texts[] = {"name",     "description", "personality",
                                    "scenario", "first_mes",   "mes_example"};

absl::Status NotACard(const std::string& why) {
  return FieldErrors({{"card", why}});
}

// The text of a member; empty where it is none. U+0000, which nothing can store, is left out.
std::string TextOf(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return "";
  std::string text(value->as_string().data(), value->as_string().size());
  std::erase(text, '\0');
  return text;
}

std::string SpecText(const json::object& card) {
  return TextOf(card, "spec");
}

// The members of the character itself.
const json::object& DataOf(const json::object& card) {
  const json::value* const data = card.if_contains("data");
  const bool wrapped =
      data != nullptr && data->is_object() && absl::StartsWith(SpecText(card), kSpecPrefix);
  return wrapped ? data->as_object() : card;
}

void AppendSection(const char* heading, const std::string& text, std::string& out) {
  if (IsBlank(text)) return;
  if (!out.empty()) out += "\n\n";
  absl::StrAppend(&out, heading, std::string(TrimSpace(text)));
}

// As much of the text as fits, and a warning where that is not all.
std::string Fit(std::string text,
                size_t most,
                const char* what,
                std::vector<std::string>& warnings) {
  if (CodePoints(text) <= most) return text;
  warnings.push_back(absl::StrCat("`", what, "` is used up to its first ", most, " characters."));
  return std::string(FirstCodePoints(text, most));
}

std::string NameIn(const json::object& data, std::vector<std::string>& warnings) {
  const std::string given = TextOf(data, "name");
  std::string name(TrimSpace(WithoutInvisible(given)));
  name = std::string(TrimSpace(FirstCodePoints(name, kLongestName)));
  if (CodePoints(name) < kShortestName || NameProblem(name).has_value()) name = "Character";
  if (name != given)
    warnings.push_back(absl::StrCat("The name is written as \"", name, "\" here."));
  return name;
}

std::string BiographyIn(const json::object& data) {
  std::string text;
  AppendSection("", TextOf(data, "description"), text);
  AppendSection("Personality: ", TextOf(data, "personality"), text);
  AppendSection("Scenario: ", TextOf(data, "scenario"), text);
  AppendSection("How I speak:\n", TextOf(data, "mes_example"), text);
  return text;
}

// The author's instructions. `{{original}}` stands for those of the program: ours are never
// replaced.
std::string InstructionsIn(const json::object& data) {
  std::string text;
  for (const char* name : {"system_prompt", "post_history_instructions"}) {
    AppendSection("", absl::StrReplaceAll(TextOf(data, name), {{"{{original}}", ""}}), text);
  }
  return text;
}

size_t CountOf(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->as_array().size() : 0;
}

using Texts = google::protobuf::RepeatedPtrField<std::string>;

// The texts of a list, as many and as much of each as there is room for; blank ones and what is no
// text left out.
void ReadTexts(const json::object& data,
               const char* name,
               int most,
               size_t longest,
               std::vector<std::string>& warnings,
               Texts& texts) {
  if (CountOf(data, name) == 0) return;
  bool cut = false;
  for (const json::value& item : data.at(name).as_array()) {
    if (!item.is_string()) continue;
    std::string text(item.as_string().data(), item.as_string().size());
    std::erase(text, '\0');
    if (IsBlank(text)) continue;
    cut = cut || CodePoints(text) > longest || texts.size() == most;
    if (texts.size() < most) *texts.Add() = std::string(FirstCodePoints(text, longest));
  }
  if (cut) {
    warnings.push_back(absl::StrCat("Of `", name, "` the first ", most,
                                    " are used, and of each the first ", longest, " characters."));
  }
}

// Tags as they can be kept: trimmed, each once.
void ReadTags(const json::object& data, std::vector<std::string>& warnings, Texts& tags) {
  Texts given;
  ReadTexts(data, "tags", kMostTags, kLongestTag, warnings, given);
  for (const std::string& tag : given) {
    std::string trimmed(TrimSpace(tag));
    if (std::find(tags.begin(), tags.end(), trimmed) == tags.end()) *tags.Add() = trimmed;
  }
}

// A name in one line; empty where it is none.
std::string NicknameIn(const json::object& data) {
  const std::string given = TextOf(data, "nickname");
  std::string name(TrimSpace(WithoutInvisible(given)));
  name = std::string(TrimSpace(FirstCodePoints(name, kLongestName)));
  return NameProblem(name).has_value() ? "" : name;
}

void WarnOfUnused(const json::object& data, std::vector<std::string>& warnings) {
  const size_t assets = CountOf(data, "assets");
  if (assets > 0) {
    warnings.push_back(absl::StrCat("Assets (", assets, "): kept with the card, not used here."));
  }
}

json::object& MutableData(json::object& card) {
  return const_cast<json::object&>(DataOf(card));  // NOLINT(*-const-cast): it is ours to change
}

// Sets a text of the character, also where older programs look for it.
void SetText(json::object& card, const char* name, const std::string& text) {
  json::object& data = MutableData(card);
  data[name] = text;
  if (&data == &card) return;
  json::value* const mirrored = card.if_contains(name);
  if (mirrored != nullptr && mirrored->is_string()) *mirrored = text;
}

json::array ToJson(const Texts& texts) {
  json::array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return array;
}

bool Differ(const Texts& one, const Texts& other) {
  return !std::equal(one.begin(), one.end(), other.begin(), other.end());
}

void Default(json::object& data, const char* name, json::value value) {
  if (!data.contains(name)) data[name] = std::move(value);
}

}  // namespace

absl::StatusOr<json::object> ParseCard(std::string_view text) {
  if (text.size() > kMostCardBytes) return NotACard("has a document of more than 2 MiB");
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  std::optional<json::object> read = ReadImportedObject(text, kDepth);
  if (!read.has_value()) return NotACard("has a document that is no JSON object");
  json::object card = *std::move(read);
  const json::object& data = DataOf(card);
  const bool older = &data == &card;
  const bool named = data.contains("name") && data.at("name").is_string();
  const bool speaks = std::any_of(
      std::begin(kV1Texts) + 1, std::end(kV1Texts),
      [&](const char* name) { return data.contains(name) && data.at(name).is_string(); });
  if (!named || (older && !speaks)) return NotACard("has a document that is no character card");
  return card;
}

CardPersona ToPersona(const json::object& card) {
  const json::object& data = DataOf(card);
  CardPersona made;
  std::vector<std::string>& warnings = made.warnings;
  v1::Persona& definition = made.definition;
  definition.set_type(v1::PERSONA_TYPE_AI_AGENT);
  definition.set_name(NameIn(data, warnings));
  definition.set_biography(Fit(BiographyIn(data), kLongestBiography, "description", warnings));
  definition.set_greeting(Fit(TextOf(data, "first_mes"), kLongestGreeting, "first_mes", warnings));
  ReadTexts(data, "alternate_greetings", kMostGreetings, kLongestGreeting, warnings,
            *definition.mutable_alternate_greetings());
  ReadTexts(data, "group_only_greetings", kMostGreetings, kLongestGreeting, warnings,
            *definition.mutable_group_only_greetings());
  definition.set_nickname(NicknameIn(data));
  ReadTags(data, warnings, *definition.mutable_tags());
  definition.set_creator(Fit(TextOf(data, "creator"), kLongestCreator, "creator", warnings));
  definition.set_creator_notes(
      Fit(TextOf(data, "creator_notes"), kLongestCreatorNotes, "creator_notes", warnings));
  const std::string instructions =
      Fit(InstructionsIn(data), kLongestSystemPrompt, "system_prompt", warnings);
  if (!instructions.empty()) definition.set_system_prompt(instructions);
  definition.add_allowed_interactions(v1::INTERACTION_CASUAL_CHAT);
  definition.add_allowed_interactions(v1::INTERACTION_ROLEPLAY);
  made.lore = ToLore(data, warnings);
  WarnOfUnused(data, warnings);
  return made;
}

json::object NewCard(const v1::Persona& definition, const v1::Lore& lore) {
  json::object card{{"spec", kSpecV3}, {"spec_version", "3.0"}, {"data", json::object{}}};
  json::object& data = card.at("data").as_object();
  data["name"] = definition.name();
  data["description"] = definition.biography();
  data["personality"] = "";
  data["scenario"] = "";
  data["first_mes"] = definition.greeting();
  data["mes_example"] = "";
  data["creator_notes"] =
      definition.creator_notes().empty() ? definition.description() : definition.creator_notes();
  data["system_prompt"] = definition.system_prompt();
  data["alternate_greetings"] = ToJson(definition.alternate_greetings());
  data["group_only_greetings"] = ToJson(definition.group_only_greetings());
  data["tags"] = ToJson(definition.tags());
  data["creator"] = definition.creator();
  if (!definition.nickname().empty()) data["nickname"] = definition.nickname();
  SetLore(lore, data);
  return InSpec(std::move(card), v1::CARD_SPEC_V3);
}

json::object WithChanges(json::object card, const v1::Persona& now, const v1::Lore& lore) {
  const v1::Persona then = ToPersona(card).definition;
  const auto set_list = [&](const char* name, const Texts& before, const Texts& texts) {
    if (Differ(before, texts)) MutableData(card)[name] = ToJson(texts);
  };
  set_list("alternate_greetings", then.alternate_greetings(), now.alternate_greetings());
  set_list("group_only_greetings", then.group_only_greetings(), now.group_only_greetings());
  set_list("tags", then.tags(), now.tags());
  if (now.nickname() != then.nickname()) SetText(card, "nickname", now.nickname());
  if (now.creator() != then.creator()) SetText(card, "creator", now.creator());
  if (now.creator_notes() != then.creator_notes()) {
    SetText(card, "creator_notes", now.creator_notes());
  }
  SetLore(lore, MutableData(card));
  if (now.name() != then.name()) SetText(card, "name", now.name());
  if (now.greeting() != then.greeting()) SetText(card, "first_mes", now.greeting());
  if (now.system_prompt() != then.system_prompt()) {
    SetText(card, "system_prompt", now.system_prompt());
    if (DataOf(card).contains("post_history_instructions")) {
      SetText(card, "post_history_instructions", "");
    }
  }
  if (now.biography() != then.biography()) {
    SetText(card, "description", now.biography());
    for (const char* part : {"personality", "scenario", "mes_example"})
      SetText(card, part, "");
  }
  return card;
}

v1::CardSpec SpecOf(const json::object& card) {
  if (&DataOf(card) == &card) return v1::CARD_SPEC_UNSPECIFIED;
  return SpecText(card) == kSpecV2 ? v1::CARD_SPEC_V2 : v1::CARD_SPEC_V3;
}

json::object InSpec(json::object card, v1::CardSpec spec) {
  const v1::CardSpec own = SpecOf(card);
  const bool complete = own != v1::CARD_SPEC_V3 || DataOf(card).contains("group_only_greetings");
  if (spec == v1::CARD_SPEC_UNSPECIFIED || (spec == own && complete)) return card;
  if (own == v1::CARD_SPEC_UNSPECIFIED) {
    json::object data = std::move(card);
    card = json::object{{"spec", ""}, {"spec_version", ""}, {"data", std::move(data)}};
  }
  const bool third = spec == v1::CARD_SPEC_V3;
  card["spec"] = third ? kSpecV3 : kSpecV2;
  card["spec_version"] = third ? "3.0" : "2.0";
  json::object& data = card.at("data").as_object();
  for (const char* text : kV1Texts)
    Default(data, text, "");
  for (const char* text : {"creator_notes", "system_prompt", "post_history_instructions", "creator",
                           "character_version"}) {
    Default(data, text, "");
  }
  Default(data, "alternate_greetings", json::array{});
  Default(data, "tags", json::array{});
  Default(data, "extensions", json::object{});
  if (!third) return card;
  Default(data, "group_only_greetings", json::array{});
  json::value* const book = data.if_contains("character_book");
  if (book == nullptr || !book->is_object()) return card;
  json::value* const entries = book->as_object().if_contains("entries");
  if (entries == nullptr || !entries->is_array()) return card;
  for (json::value& entry : entries->as_array()) {
    if (entry.is_object()) Default(entry.as_object(), "use_regex", false);
  }
  return card;
}

}  // namespace dramatis::persona
