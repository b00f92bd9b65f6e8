#include "services/inference/prompt/packing.h"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/strings/str_cat.h"
#include "services/inference/prompt/lore.h"
#include "services/inference/prompt/tokens.h"
#include "shared/digest/sha256.h"
#include "shared/status/errors.h"
#include "shared/text/paragraphs.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

using prompt::v1::PackedItem;
using prompt::v1::PartKind;
using prompt::v1::PromptMessage;
using prompt::v1::PromptPart;

constexpr int kReservePercent = 5;
constexpr int kMemoryPercent = 15;
constexpr int kPersonaPercent = 25;
constexpr int kSeparatorTokens = 1;
constexpr const char* kOverBudget = "over_budget";
constexpr const char* kOverShare = "over_share";
constexpr const char* kSummarized = "summarized";
constexpr const char* kNotNeeded = "not_needed";
constexpr const char* kMemoryHeading = "What you remember about the person you talk with:";
constexpr const char* kOpening = "You opened with: ";

// `biography` for PART_KIND_BIOGRAPHY.
std::string KindWord(PartKind kind) {
  constexpr size_t kPrefix = sizeof("PART_KIND_") - 1;
  const std::string& name = prompt::v1::PartKind_Name(kind);
  return name.size() > kPrefix ? AsciiLower(name.substr(kPrefix)) : "part";
}

// One thing that may be kept.
struct Candidate {
  int tokens = 0;
  const char* dropped = nullptr;  // why; null while it is kept or not decided
  bool kept = false;
};

// A part as it is printed, but for the list's heading.
std::string PrintedText(const PromptPart& part) {
  if (part.kind() != PartKind::PART_KIND_SUMMARY) return part.text();
  return absl::StrCat("In short, what was said in the messages ", part.from_sequence(), " to ",
                      part.to_sequence(), " of this conversation, which are left out below:\n",
                      part.text());
}

bool IsPersonaPart(PartKind kind) {
  return kind != PartKind::PART_KIND_MEMORY && kind != PartKind::PART_KIND_SUMMARY && !IsLore(kind);
}

// What its owner has written at any length, and no rule of ours.
bool MayBeCut(PartKind kind) {
  return kind == PartKind::PART_KIND_BIOGRAPHY || kind == PartKind::PART_KIND_SYSTEM_PROMPT;
}

// The persona's own, as against its conversation's.
bool IsPersonaText(PartKind kind) {
  return IsPersonaPart(kind) && kind != PartKind::PART_KIND_FRAME;
}

// The longest beginning of at most so many tokens that ends with a paragraph.
std::string_view CutToTokens(const std::string& text, int64_t tokens, const TokenMeter& meter) {
  size_t fits = 0;
  size_t too_long = text.size() + 1;
  while (too_long - fits > 1) {
    const size_t middle = fits + (too_long - fits) / 2;
    const bool good = meter.Count(std::string_view(text).substr(0, middle)) <= tokens;
    (good ? fits : too_long) = middle;
  }
  return CutAtParagraph(text, fits);
}

// The parts in prompt order, those cut that are too long for the window.
class OfferedParts {
 public:
  OfferedParts(const Parts& parts, const PackingLimits& limits);

  const std::vector<const PromptPart*>& parts() const { return parts_; }
  // Whether only its beginning is offered.
  bool IsCut(const PromptPart* part) const {
    return std::any_of(cut_.begin(), cut_.end(),
                       [&](const PromptPart& other) { return &other == part; });
  }

 private:
  std::vector<const PromptPart*> parts_;
  std::list<PromptPart> cut_;
};

// Room in the prompt, given out in the order of the rule.
class Room {
 public:
  explicit Room(int64_t tokens) : left_(tokens) {}
  int64_t left() const { return left_; }
  void Release(Candidate& candidate) {
    left_ += candidate.tokens;
    candidate.kept = false;
  }
  void Keep(Candidate& candidate) {
    left_ -= candidate.tokens;
    candidate.kept = true;
  }
  bool KeepIfFits(Candidate& candidate) {
    if (candidate.tokens > left_) {
      candidate.dropped = kOverBudget;
      return false;
    }
    Keep(candidate);
    return true;
  }

 private:
  int64_t left_;
};

std::vector<const PromptPart*> InPromptOrder(const Parts& parts) {
  std::vector<std::pair<int, int>> order;  // place, then as given
  order.reserve(static_cast<size_t>(parts.size()));
  for (int i = 0; i < parts.size(); ++i)
    order.emplace_back(PlaceOf(parts[i].kind()), i);
  std::sort(order.begin(), order.end());
  std::vector<const PromptPart*> ordered;
  ordered.reserve(order.size());
  for (const auto& [place, i] : order)
    ordered.push_back(&parts[i]);
  return ordered;
}

OfferedParts::OfferedParts(const Parts& parts, const PackingLimits& limits)
    : parts_(InPromptOrder(parts)) {
  int64_t left = int64_t{limits.window_tokens} * kPersonaPercent / 100;
  std::vector<std::pair<int64_t, size_t>> long_ones;  // tokens, place
  for (size_t i = 0; i < parts_.size(); ++i) {
    const PromptPart& part = *parts_[i];
    if (!IsPersonaText(part.kind())) continue;
    const int64_t tokens = limits.meter.Count(part.text()) + kSeparatorTokens;
    if (MayBeCut(part.kind())) {
      long_ones.emplace_back(tokens, i);
    } else {
      left -= tokens;
    }
  }
  // What is left is shared evenly; whatever one does not need is the next one's.
  std::sort(long_ones.begin(), long_ones.end());
  for (size_t n = 0; n < long_ones.size(); ++n) {
    const auto [tokens, i] = long_ones[n];
    const int64_t share = std::max<int64_t>(left, 0) / static_cast<int64_t>(long_ones.size() - n);
    left -= std::min(tokens, share);
    if (tokens <= share) continue;
    PromptPart& cut = cut_.emplace_back(*parts_[i]);
    cut.set_text(
        std::string(CutToTokens(parts_[i]->text(), share - kSeparatorTokens, limits.meter)));
    parts_[i] = &cut;
  }
}

absl::Status TooLarge(int64_t needed, int64_t budget) {
  return Error(
      absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_CONTEXT_TOO_LARGE,
      absl::StrCat("the persona's text and the newest message take ", needed,
                   " tokens, the model has room for ", std::max<int64_t>(budget, 0)),
      {{"tokens", absl::StrCat(needed)}, {"budget", absl::StrCat(std::max<int64_t>(budget, 0))}});
}

void KeepMemories(const std::vector<const PromptPart*>& parts,
                  int64_t budget,
                  const TokenMeter& meter,
                  Room& room,
                  std::vector<Candidate>& candidates) {
  int64_t share = budget * kMemoryPercent / 100;
  const int heading_tokens = meter.Count(kMemoryHeading) + kSeparatorTokens;
  bool heading = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i]->kind() != PartKind::PART_KIND_MEMORY) continue;
    Candidate& memory = candidates[i];
    // The first one kept carries the heading's tokens.
    if (!heading) memory.tokens += heading_tokens;
    if (memory.tokens > share) {
      memory.dropped = kOverShare;
    } else if (room.KeepIfFits(memory)) {
      share -= memory.tokens;
      heading = true;
      continue;
    }
    if (!heading) memory.tokens -= heading_tokens;
  }
}

void KeepLore(const std::vector<const PromptPart*>& parts,
              int64_t budget,
              const PackingLimits& limits,
              Room& room,
              std::vector<Candidate>& candidates) {
  int64_t share = budget * kMemoryPercent / 100;
  if (limits.lore_tokens.has_value()) share = std::min<int64_t>(share, *limits.lore_tokens);
  for (const size_t i : LoreByWorth(parts)) {
    Candidate& lore = candidates[i];
    if (parts[i]->kind() == PartKind::PART_KIND_LORE_AT_DEPTH) lore.tokens += kTokensPerMessage;
    if (lore.tokens > share) {
      lore.dropped = kOverShare;
    } else if (room.KeepIfFits(lore)) {
      share -= lore.tokens;
    }
  }
}

int FirstSequence(const PromptMessage& message) {
  return message.first_sequence() > 0 ? message.first_sequence() : message.sequence();
}

bool StandsFor(const PromptPart& summary, const PromptMessage& message) {
  return FirstSequence(message) >= summary.from_sequence() &&
         message.sequence() <= summary.to_sequence();
}

// The number of the first message of the history that fits `room` beside `summary`, which may be
// null. The newest message has its room already.
int PrintedFrom(const Messages& messages,
                const std::vector<Candidate>& candidates,
                const PromptPart* summary,
                int64_t room) {
  int oldest = messages.size() - 1;
  while (oldest > 0) {
    const int next = oldest - 1;
    const bool covered = summary != nullptr && StandsFor(*summary, messages[next]);
    room -= candidates[next].tokens;
    if (covered || room < 0) break;
    oldest = next;
  }
  return FirstSequence(messages[oldest]);
}

// Keeps one summary, or none, by the rules in the header; null for none.
const PromptPart* KeepSummary(const std::vector<const PromptPart*>& parts,
                              const Messages& messages,
                              const std::vector<Candidate>& message_candidates,
                              Room& room,
                              std::vector<Candidate>& candidates) {
  const int printed_from = PrintedFrom(messages, message_candidates, nullptr, room.left());
  const int newest = FirstSequence(*messages.rbegin());
  std::optional<size_t> best;
  int best_missing = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const PromptPart& part = *parts[i];
    if (part.kind() != PartKind::PART_KIND_SUMMARY) continue;
    const int64_t left = room.left() - candidates[i].tokens;
    if (part.from_sequence() >= printed_from || part.to_sequence() >= newest || left < 0) {
      candidates[i].dropped = left < 0 ? kOverBudget : kNotNeeded;
      continue;
    }
    candidates[i].dropped = kNotNeeded;
    const int missing = std::max(
        0, PrintedFrom(messages, message_candidates, &part, left) - 1 - part.to_sequence());
    const bool better =
        !best.has_value() || missing < best_missing ||
        (missing == best_missing && part.to_sequence() < parts[*best]->to_sequence());
    if (!better) continue;
    best = i;
    best_missing = missing;
  }
  if (!best.has_value()) return nullptr;
  candidates[*best].dropped = nullptr;
  room.Keep(candidates[*best]);
  return parts[*best];
}

void KeepHistory(const Messages& messages,
                 const PromptPart* summary,
                 Room& room,
                 std::vector<Candidate>& candidates) {
  bool gap = false;
  for (int i = messages.size() - 2; i >= 0; --i) {
    if (summary != nullptr && StandsFor(*summary, messages[i])) {
      candidates[i].dropped = kSummarized;
      gap = true;
      continue;
    }
    // Never past a gap: history that leaves out its middle misleads.
    gap = gap || !room.KeepIfFits(candidates[i]);
    if (gap) candidates[i].dropped = kOverBudget;
  }
}

// Strict templates refuse a message without text.
bool SaysSomething(const PromptMessage& message) {
  return !TrimSpace(message.text()).empty();
}

// What the persona said before the first kept line of somebody else is printed under a heading; as
// much of it is left out, the oldest first, as the heading needs room. What has no text goes before
// what has some.
void KeepOpening(const Messages& messages,
                 const TokenMeter& meter,
                 Room& room,
                 std::vector<Candidate>& candidates) {
  const int heading = meter.Count(absl::StrCat("\n\n", kOpening));
  const auto drop = [&](Candidate& candidate) {
    room.Release(candidate);
    candidate.dropped = kOverBudget;
  };
  int first = 0;  // the oldest that is kept
  for (int i = 0; i + 1 < messages.size(); ++i) {
    Candidate& candidate = candidates[i];
    if (!candidate.kept || !SaysSomething(messages[i])) continue;
    if (messages[i].role() != prompt::v1::ROLE_ASSISTANT) return;
    const auto fits = [&] { return heading <= room.left(); };  // besides the line itself
    for (; first < i && !fits(); ++first)
      if (candidates[first].kept) drop(candidates[first]);
    if (fits()) {
      room.Release(candidate);
      candidate.tokens += heading;
      return room.Keep(candidate);
    }
    drop(candidate);
    first = i + 1;
  }
}

// `text`: its own, before anything is printed around it.
PackedItem Item(std::string kind,
                std::string source,
                const std::string& text,
                const Candidate& candidate) {
  PackedItem item;
  item.set_kind(std::move(kind));
  item.set_source(std::move(source));
  item.set_tokens(candidate.tokens);
  item.set_kept(candidate.kept);
  if (candidate.dropped != nullptr) item.set_reason(candidate.dropped);
  if (candidate.kept) item.set_hash(Sha256Hex(text));
  return item;
}

}  // namespace

int PromptBudget(const PackingLimits& limits) {
  const int64_t reserve = (int64_t{limits.window_tokens} * kReservePercent + 99) / 100;
  return static_cast<int>(limits.window_tokens - limits.output_tokens - reserve);
}

absl::StatusOr<PackedPrompt> Pack(const Parts& parts,
                                  const Messages& messages,
                                  const PackingLimits& limits) {
  const OfferedParts offered(parts, limits);
  const std::vector<const PromptPart*>& ordered = offered.parts();
  std::vector<Candidate> part_candidates(ordered.size());
  std::vector<Candidate> message_candidates(messages.size());
  for (size_t i = 0; i < ordered.size(); ++i) {
    part_candidates[i].tokens = limits.meter.Count(PrintedText(*ordered[i])) + kSeparatorTokens;
  }
  for (int i = 0; i < messages.size(); ++i) {
    message_candidates[i].tokens = limits.meter.Count(messages[i].text()) + kTokensPerMessage;
  }

  const int budget = PromptBudget(limits);
  const int overhead = kTokensForReply + (ordered.empty() ? 0 : kTokensPerMessage);
  Room room(int64_t{budget} - overhead);
  for (size_t i = 0; i < ordered.size(); ++i) {
    if (IsPersonaPart(ordered[i]->kind())) room.Keep(part_candidates[i]);
  }
  room.Keep(message_candidates.back());
  if (room.left() < 0) return TooLarge(budget - room.left(), budget);
  KeepLore(ordered, budget, limits, room, part_candidates);
  KeepMemories(ordered, budget, limits.meter, room, part_candidates);
  const PromptPart* const summary =
      KeepSummary(ordered, messages, message_candidates, room, part_candidates);
  KeepHistory(messages, summary, room, message_candidates);
  KeepOpening(messages, limits.meter, room, message_candidates);

  PackedPrompt packed;
  std::vector<const PromptPart*> among;
  for (size_t i = 0; i < ordered.size(); ++i) {
    PackedItem& item = *packed.manifest.add_items();
    item = Item(KindWord(ordered[i]->kind()), ordered[i]->source(), ordered[i]->text(),
                part_candidates[i]);
    item.set_truncated(offered.IsCut(ordered[i]));
    item.set_why(ordered[i]->lore().why());
    if (!part_candidates[i].kept) continue;
    if (ordered[i]->kind() == PartKind::PART_KIND_LORE_AT_DEPTH) {
      among.push_back(ordered[i]);
    } else {
      packed.parts.push_back(*ordered[i]);
    }
  }
  for (int i = 0; i < messages.size(); ++i) {
    *packed.manifest.add_items() =
        Item("message", absl::StrCat("message/", messages[i].message_id()), messages[i].text(),
             message_candidates[i]);
    if (message_candidates[i].kept) packed.messages.push_back(messages[i]);
  }
  PutAmong(among, packed.messages);
  packed.manifest.set_window_tokens(limits.window_tokens);
  packed.manifest.set_budget_tokens(budget);
  packed.manifest.set_prompt_tokens(static_cast<int>(budget - room.left()));
  return packed;
}

namespace {

// How many of the kept messages come before somebody else says something.
size_t OpeningMessages(const PackedPrompt& prompt) {
  size_t count = 0;
  while (count + 1 < prompt.messages.size() &&
         (prompt.messages[count].role() == prompt::v1::ROLE_ASSISTANT ||
          !SaysSomething(prompt.messages[count]))) {
    ++count;
  }
  return count;
}

}  // namespace

std::string SystemText(const PackedPrompt& prompt) {
  SystemTextInTwo parts = SystemTextParts(prompt);
  return std::move(parts.stable) + parts.changing;
}

SystemTextInTwo SystemTextParts(const PackedPrompt& prompt) {
  std::string text;
  size_t stable = 0;
  const auto separator = [&] { return text.empty() ? "" : "\n\n"; };
  bool in_memories = false;
  bool changes = false;
  for (const PromptPart& part : prompt.parts) {
    const bool memory = part.kind() == PartKind::PART_KIND_MEMORY;
    changes =
        changes || memory || part.kind() == PartKind::PART_KIND_SUMMARY || IsLore(part.kind());
    if (memory && !in_memories) absl::StrAppend(&text, separator(), kMemoryHeading);
    in_memories = memory;
    if (memory) {
      absl::StrAppend(&text, "\n- ", part.text());
    } else if (!part.text().empty()) {
      absl::StrAppend(&text, separator(), PrintedText(part));
    }
    if (!changes) stable = text.size();
  }
  bool opened = false;
  const size_t opening = OpeningMessages(prompt);
  for (size_t i = 0; i < opening; ++i) {
    if (!SaysSomething(prompt.messages[i])) continue;
    absl::StrAppend(&text, separator(), opened ? "" : kOpening, prompt.messages[i].text());
    opened = true;
  }
  return {.stable = text.substr(0, stable), .changing = text.substr(stable)};
}

std::vector<ChatTurn> ChatTurns(const PackedPrompt& prompt) {
  std::vector<ChatTurn> turns;
  for (size_t i = OpeningMessages(prompt); i < prompt.messages.size(); ++i) {
    const PromptMessage& message = prompt.messages[i];
    const bool newest = i + 1 == prompt.messages.size();
    if (!newest && !SaysSomething(message)) continue;
    if (!turns.empty() && turns.back().role == message.role()) {
      absl::StrAppend(&turns.back().text, "\n\n", message.text());
    } else {
      turns.push_back({message.role(), message.text()});
    }
  }
  return turns;
}

std::string RequestHash(const std::string& model,
                        const prompt::v1::ModelParameters& parameters,
                        const PackedPrompt& prompt) {
  Sha256 hash;
  std::string block;
  // With its length, so that two fields never read like two others.
  const auto add = [&](const std::string& field) {
    block.clear();
    absl::StrAppend(&block, field.size(), ":", field);
    hash.Add(block);
  };
  add(model);
  add(parameters.has_temperature() ? absl::StrCat(parameters.temperature()) : "");
  add(parameters.has_top_p() ? absl::StrCat(parameters.top_p()) : "");
  add(absl::StrCat(parameters.max_output_tokens()));
  for (const std::string& stop : parameters.stop())
    add(stop);
  add(SystemText(prompt));
  for (const ChatTurn& turn : ChatTurns(prompt)) {
    add(prompt::v1::Role_Name(turn.role));
    add(turn.text);
  }
  return hash.Hex();
}

}  // namespace dramatis::inference
