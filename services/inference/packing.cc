#include "services/inference/packing.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <openssl/evp.h>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/inference/tokens.h"
#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

using prompt::v1::PackedItem;
using prompt::v1::PartKind;
using prompt::v1::PromptMessage;
using prompt::v1::PromptPart;

constexpr int kReservePercent = 5;
constexpr int kMemoryPercent = 15;
constexpr int kSeparatorTokens = 1;
constexpr const char* kOverBudget = "over_budget";
constexpr const char* kOverShare = "over_share";
constexpr const char* kSummarized = "summarized";
constexpr const char* kNotNeeded = "not_needed";
constexpr const char* kMemoryHeading = "What you remember about the person you talk with:";

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
  return kind != PartKind::PART_KIND_MEMORY && kind != PartKind::PART_KIND_SUMMARY;
}

// Room in the prompt, given out in the order of the rule.
class Room {
 public:
  explicit Room(int64_t tokens) : left_(tokens) {}
  int64_t left() const { return left_; }
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
  std::vector<std::pair<int, int>> order;  // kind, then as given
  for (int i = 0; i < parts.size(); ++i)
    order.emplace_back(parts[i].kind(), i);
  std::sort(order.begin(), order.end());
  std::vector<const PromptPart*> ordered;
  for (const auto& [kind, i] : order)
    ordered.push_back(&parts[i]);
  return ordered;
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
                  Room& room,
                  std::vector<Candidate>& candidates) {
  int64_t share = budget * kMemoryPercent / 100;
  bool heading = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i]->kind() != PartKind::PART_KIND_MEMORY) continue;
    Candidate& memory = candidates[i];
    // The first one kept carries the heading's tokens.
    if (!heading) memory.tokens += EstimateTokens(kMemoryHeading) + kSeparatorTokens;
    if (memory.tokens > share) {
      memory.dropped = kOverShare;
    } else if (room.KeepIfFits(memory)) {
      share -= memory.tokens;
      heading = true;
      continue;
    }
    if (!heading) memory.tokens -= EstimateTokens(kMemoryHeading) + kSeparatorTokens;
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

class Hash {
 public:
  Hash() { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Hash() { EVP_MD_CTX_free(context_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  // With its length, so that two fields never read like two others.
  void Add(const std::string& field) {
    AddPlain(absl::StrCat(field.size(), ":"));
    AddPlain(field);
  }
  void AddPlain(const std::string& bytes) {
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
  }
  std::string Hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_, digest.data(), &size);
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
  }

 private:
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
};

std::string Sha256Hex(const std::string& text) {
  Hash hash;
  hash.AddPlain(text);
  return hash.Hex();
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
  const std::vector<const PromptPart*> ordered = InPromptOrder(parts);
  std::vector<Candidate> part_candidates(ordered.size());
  std::vector<Candidate> message_candidates(messages.size());
  for (size_t i = 0; i < ordered.size(); ++i) {
    part_candidates[i].tokens = EstimateTokens(PrintedText(*ordered[i])) + kSeparatorTokens;
  }
  for (int i = 0; i < messages.size(); ++i) {
    message_candidates[i].tokens = EstimateTokens(messages[i].text()) + kTokensPerMessage;
  }

  const int budget = PromptBudget(limits);
  const int overhead = kTokensForReply + (ordered.empty() ? 0 : kTokensPerMessage);
  Room room(int64_t{budget} - overhead);
  for (size_t i = 0; i < ordered.size(); ++i) {
    if (IsPersonaPart(ordered[i]->kind())) room.Keep(part_candidates[i]);
  }
  room.Keep(message_candidates.back());
  if (room.left() < 0) return TooLarge(budget - room.left(), budget);
  KeepMemories(ordered, budget, room, part_candidates);
  const PromptPart* const summary =
      KeepSummary(ordered, messages, message_candidates, room, part_candidates);
  KeepHistory(messages, summary, room, message_candidates);

  PackedPrompt packed;
  for (size_t i = 0; i < ordered.size(); ++i) {
    *packed.manifest.add_items() = Item(KindWord(ordered[i]->kind()), ordered[i]->source(),
                                        ordered[i]->text(), part_candidates[i]);
    if (part_candidates[i].kept) packed.parts.push_back(*ordered[i]);
  }
  for (int i = 0; i < messages.size(); ++i) {
    *packed.manifest.add_items() =
        Item("message", absl::StrCat("message/", messages[i].message_id()), messages[i].text(),
             message_candidates[i]);
    if (message_candidates[i].kept) packed.messages.push_back(messages[i]);
  }
  packed.manifest.set_window_tokens(limits.window_tokens);
  packed.manifest.set_budget_tokens(budget);
  packed.manifest.set_prompt_tokens(static_cast<int>(budget - room.left()));
  return packed;
}

std::string SystemText(const PackedPrompt& prompt) {
  std::string text;
  bool in_memories = false;
  for (const PromptPart& part : prompt.parts) {
    const bool memory = part.kind() == PartKind::PART_KIND_MEMORY;
    if (memory && !in_memories) {
      absl::StrAppend(&text, text.empty() ? "" : "\n\n", kMemoryHeading);
    }
    in_memories = memory;
    if (memory) {
      absl::StrAppend(&text, "\n- ", part.text());
    } else {
      absl::StrAppend(&text, text.empty() ? "" : "\n\n", PrintedText(part));
    }
  }
  return text;
}

std::vector<ChatTurn> ChatTurns(const PackedPrompt& prompt) {
  std::vector<ChatTurn> turns;
  for (const PromptMessage& message : prompt.messages) {
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
  Hash hash;
  hash.Add(model);
  hash.Add(parameters.has_temperature() ? absl::StrCat(parameters.temperature()) : "");
  hash.Add(parameters.has_top_p() ? absl::StrCat(parameters.top_p()) : "");
  hash.Add(absl::StrCat(parameters.max_output_tokens()));
  for (const std::string& stop : parameters.stop())
    hash.Add(stop);
  hash.Add(SystemText(prompt));
  for (const ChatTurn& turn : ChatTurns(prompt)) {
    hash.Add(prompt::v1::Role_Name(turn.role));
    hash.Add(turn.text);
  }
  return hash.Hex();
}

}  // namespace dramatis::inference
