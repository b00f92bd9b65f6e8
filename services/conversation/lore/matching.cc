#include "services/conversation/lore/matching.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/digest/sha256.h"
#include "shared/text/lore_pattern.h"
#include "shared/text/text.h"
#include "shared/text/words.h"

namespace dramatis::conversation {
namespace {

namespace persona = dramatis::persona::v1;
namespace prompt = dramatis::prompt::v1;

constexpr int kDefaultScanDepth = 4;
constexpr int kDefaultDepth = 4;
constexpr int kAlways = 100;
constexpr int kMostPasses = 10;
// Of the messages that are looked through: their end.
constexpr size_t kMostScannedBytes = size_t{64} * 1024;
constexpr char kSticky[] = "sticky";
constexpr char kConstant[] = "constant";

// A text to look for keys in.
struct Scanned {
  std::string raw;
  std::string folded;
};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool Contains(std::string_view text, std::string_view key, bool whole_words) {
  for (size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (!whole_words) return true;
    const size_t end = at + key.size();
    const bool begins = at == 0 || !IsWordByte(text[at - 1]) || !IsWordByte(key.front());
    const bool ends = end == text.size() || !IsWordByte(text[end]) || !IsWordByte(key.back());
    if (begins && ends) return true;
  }
  return false;
}

bool IsThere(const std::string& key, const persona::LoreEntry& entry, const Scanned& text) {
  if (IsLorePattern(key, entry.use_regex())) {
    return LorePattern(key, entry.case_sensitive()).Matches(text.raw);
  }
  const std::string sought(TrimSpace(entry.case_sensitive() ? key : FoldCharacters(key)));
  return !sought.empty() &&
         Contains(entry.case_sensitive() ? text.raw : text.folded, sought, entry.whole_words());
}

bool SecondaryKeysAllow(const persona::LoreEntry& entry, const Scanned& text) {
  if (entry.secondary_keys().empty()) return true;
  const auto there = [&](const std::string& key) { return IsThere(key, entry, text); };
  const auto& keys = entry.secondary_keys();
  switch (entry.secondary_logic()) {
    case persona::LORE_LOGIC_ALL:
      return std::all_of(keys.begin(), keys.end(), there);
    case persona::LORE_LOGIC_NOT_ANY:
      return std::none_of(keys.begin(), keys.end(), there);
    case persona::LORE_LOGIC_NOT_ALL:
      return !std::all_of(keys.begin(), keys.end(), there);
    default:
      return std::any_of(keys.begin(), keys.end(), there);
  }
}

// The key that makes the entry fire; null where none does.
const std::string* FiringKey(const persona::LoreEntry& entry, const Scanned& text) {
  const auto there = [&](const std::string& key) { return IsThere(key, entry, text); };
  const auto key = std::find_if(entry.keys().begin(), entry.keys().end(), there);
  if (key == entry.keys().end() || !SecondaryKeysAllow(entry, text)) return nullptr;
  return &*key;
}

prompt::PartKind KindOf(persona::LorePosition position) {
  switch (position) {
    case persona::LORE_POSITION_AFTER_CHAR:
      return prompt::PART_KIND_LORE_AFTER;
    case persona::LORE_POSITION_AT_DEPTH:
      return prompt::PART_KIND_LORE_AT_DEPTH;
    default:
      return prompt::PART_KIND_LORE_BEFORE;
  }
}

std::string SourceOf(const RenderedPersona& persona, const std::string& entry_id) {
  return absl::StrCat("lore/", persona.persona_id(), "/", entry_id, "@",
                      persona.prompt().version());
}

prompt::PromptPart PartOf(const RenderedPersona& persona,
                          const persona::LoreEntry& entry,
                          const std::string& why) {
  prompt::PromptPart part;
  part.set_kind(KindOf(entry.position()));
  part.set_text(std::string(TrimSpace(entry.content())));
  part.set_source(SourceOf(persona, entry.entry_id()));
  prompt::LoreFacts& facts = *part.mutable_lore();
  facts.set_entry_id(entry.entry_id());
  facts.set_why(why);
  facts.set_priority(entry.priority());
  if (entry.position() == persona::LORE_POSITION_AT_DEPTH) {
    facts.set_depth(entry.has_depth() ? entry.depth() : kDefaultDepth);
    facts.set_own(entry.role() == persona::LORE_ROLE_ASSISTANT);
  }
  return part;
}

// Lower orders stand first, of equals as in the book.
template <class Parts>
std::vector<prompt::PromptPart> InOrder(const RenderedPersona& persona, Parts parts) {
  const auto before = [&](const auto& a, const auto& b) {
    const int one = persona.lore().entries(a.first).insertion_order();
    const int other = persona.lore().entries(b.first).insertion_order();
    return one != other ? one < other : a.first < b.first;
  };
  std::sort(parts.begin(), parts.end(), before);
  std::vector<prompt::PromptPart> result;
  result.reserve(parts.size());
  for (auto& [place, part] : parts)
    result.push_back(std::move(part));
  return result;
}

class Matcher {
 public:
  explicit Matcher(const LoreScene& scene) : scene_(scene), book_(scene.persona.lore()) {
    for (const LoreFiring& firing : scene.firings) {
      // What this very message made fire, in another answer to it, does not count.
      if (firing.sequence < scene.newest_sequence) firings_[firing.entry_id] = &firing;
    }
  }

  std::vector<prompt::PromptPart> Run() {
    std::string found = Pass(/*recursed=*/nullptr);
    Scanned recursed;
    for (int pass = 1; book_.recursive_scanning() && !found.empty() && pass < kMostPasses; ++pass) {
      absl::StrAppend(&recursed.raw, "\n", found);
      recursed.folded = FoldCharacters(recursed.raw);
      found = Pass(&recursed);
    }
    return InOrder(scene_.persona, std::move(fired_));
  }

 private:
  // Looks through the messages, or the messages and contents that fired. Answers the contents of
  // what fired now that are to be looked through.
  std::string Pass(const Scanned* recursed) {
    std::string contents;
    const std::set<int> before = decided_;
    for (int i = 0; i < book_.entries_size(); ++i) {
      if (before.contains(i)) continue;
      const persona::LoreEntry& entry = book_.entries(i);
      const std::string why = Why(entry, recursed);
      if (why.empty()) continue;
      decided_.insert(i);
      if (why != kSticky && !IsDrawn(entry)) continue;
      Fire(i, why);
      if (!entry.prevent_recursion()) absl::StrAppend(&contents, "\n", entry.content());
    }
    return contents;
  }

  // What makes the entry fire; empty for nothing.
  std::string Why(const persona::LoreEntry& entry, const Scanned* recursed) {
    const int now = scene_.newest_sequence;
    if (now < entry.delay()) return "";
    const auto firing = firings_.find(entry.entry_id());
    if (firing != firings_.end()) {
      if (now < firing->second->sticky_until) return kSticky;
      if (now < firing->second->cooldown_until) return "";
    }
    if (recursed == nullptr && entry.delay_until_recursion()) return "";
    if (recursed != nullptr && entry.exclude_recursion()) return "";
    const Scanned& window = Window(entry.has_scan_depth() ? entry.scan_depth() : ScanDepth());
    if (recursed == nullptr) return WhyIn(entry, window, "key ");
    return WhyIn(entry, {window.raw + recursed->raw, window.folded + recursed->folded},
                 "recursion ");
  }

  static std::string WhyIn(const persona::LoreEntry& entry,
                           const Scanned& text,
                           const char* prefix) {
    for (const std::string& key : entry.exclude_keys())
      if (IsThere(key, entry, text)) return "";
    if (entry.constant()) return kConstant;
    const std::string* const key = FiringKey(entry, text);
    return key == nullptr ? "" : absl::StrCat(prefix, *key);
  }

  void Fire(int place, const std::string& why) {
    const persona::LoreEntry& entry = book_.entries(place);
    prompt::PromptPart part = PartOf(scene_.persona, entry, why);
    if (why != kSticky) {
      const int sticky_until = scene_.newest_sequence + entry.sticky();
      if (entry.sticky() > 0) part.mutable_lore()->set_sticky_until(sticky_until);
      if (entry.cooldown() > 0) {
        part.mutable_lore()->set_cooldown_until(sticky_until + entry.cooldown());
      }
    }
    fired_.emplace_back(place, std::move(part));
  }

  // By the conversation, its newest message and the entry, so that a prompt can be made again.
  bool IsDrawn(const persona::LoreEntry& entry) const {
    if (!entry.has_probability() || entry.probability() >= kAlways) return true;
    const std::string digest = Sha256Of(
        absl::StrCat(scene_.conversation_id, "\n", scene_.newest_sequence, "\n", entry.entry_id()));
    const uint32_t drawn = static_cast<uint8_t>(digest[0]) << 16 |
                           static_cast<uint8_t>(digest[1]) << 8 | static_cast<uint8_t>(digest[2]);
    return drawn % kAlways < static_cast<uint32_t>(entry.probability());
  }

  int ScanDepth() const { return book_.has_scan_depth() ? book_.scan_depth() : kDefaultScanDepth; }

  const Scanned& Window(int depth) {
    const auto [found, is_new] = windows_.try_emplace(depth);
    if (!is_new) return found->second;
    std::string& raw = found->second.raw;
    const size_t count = std::min<size_t>(depth, scene_.messages.size());
    for (size_t i = scene_.messages.size() - count; i < scene_.messages.size(); ++i)
      absl::StrAppend(&raw, scene_.messages[i], "\n");
    if (raw.size() > kMostScannedBytes) {
      size_t from = raw.size() - kMostScannedBytes;
      while (from < raw.size() && (static_cast<unsigned char>(raw[from]) & 0xC0) == 0x80)
        ++from;
      raw.erase(0, from);
    }
    found->second.folded = FoldCharacters(raw);
    return found->second;
  }

  const LoreScene& scene_;
  const persona::Lore& book_;
  std::map<std::string, const LoreFiring*> firings_;
  std::map<int, Scanned> windows_;
  std::set<int> decided_;  // places in the book of what fired, or was drawn and did not
  std::vector<std::pair<int, prompt::PromptPart>> fired_;
};

}  // namespace

std::vector<prompt::PromptPart> MatchLore(const LoreScene& scene) {
  if (scene.persona.lore().entries().empty()) return {};
  return Matcher(scene).Run();
}

std::vector<prompt::PromptPart> LoreAgain(const RenderedPersona& persona,
                                          const prompt::PromptManifest& manifest) {
  std::vector<std::pair<int, prompt::PromptPart>> parts;
  for (int place = 0; place < persona.lore().entries_size(); ++place) {
    const persona::LoreEntry& entry = persona.lore().entries(place);
    const std::string source = SourceOf(persona, entry.entry_id());
    for (const prompt::PackedItem& item : manifest.items()) {
      if (item.source() != source || !absl::StartsWith(item.kind(), "lore_")) continue;
      parts.emplace_back(place, PartOf(persona, entry, item.why()));
    }
  }
  return InOrder(persona, std::move(parts));
}

bool HasTimedLore(const RenderedPersona& persona) {
  const auto& entries = persona.lore().entries();
  return std::any_of(entries.begin(), entries.end(), [](const persona::LoreEntry& entry) {
    return entry.sticky() > 0 || entry.cooldown() > 0;
  });
}

std::vector<LoreFiring> NewFirings(
    const google::protobuf::RepeatedPtrField<prompt::PromptPart>& parts,
    const prompt::PromptManifest& manifest,
    int newest_sequence) {
  std::vector<LoreFiring> firings;
  for (const prompt::PromptPart& part : parts) {
    const prompt::LoreFacts& facts = part.lore();
    if (facts.sticky_until() == 0 && facts.cooldown_until() == 0) continue;
    const bool told = std::any_of(manifest.items().begin(), manifest.items().end(),
                                  [&](const prompt::PackedItem& item) {
                                    return item.kept() && item.source() == part.source();
                                  });
    if (!told) continue;
    firings.push_back({.entry_id = facts.entry_id(),
                       .sequence = newest_sequence,
                       .sticky_until = facts.sticky_until(),
                       .cooldown_until = facts.cooldown_until()});
  }
  return firings;
}

}  // namespace dramatis::conversation
