#include "services/inference/packing.h"

#include <algorithm>
#include <array>
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

PackedItem Item(std::string kind, std::string source, const Candidate& candidate) {
  PackedItem item;
  item.set_kind(std::move(kind));
  item.set_source(std::move(source));
  item.set_tokens(candidate.tokens);
  item.set_kept(candidate.kept);
  if (candidate.dropped != nullptr) item.set_reason(candidate.dropped);
  return item;
}

class Hash {
 public:
  Hash() { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Hash() { EVP_MD_CTX_free(context_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  // With its length, so that two fields never read like two others.
  void Add(const std::string& field) {
    const std::string length = absl::StrCat(field.size(), ":");
    EVP_DigestUpdate(context_, length.data(), length.size());
    EVP_DigestUpdate(context_, field.data(), field.size());
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
    part_candidates[i].tokens = EstimateTokens(ordered[i]->text()) + kSeparatorTokens;
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
  for (size_t i = 0; i < ordered.size(); ++i) {
    if (ordered[i]->kind() == PartKind::PART_KIND_SUMMARY) room.KeepIfFits(part_candidates[i]);
  }
  bool gap = false;
  for (int i = messages.size() - 2; i >= 0; --i) {
    // Never past a gap: history that leaves out its middle misleads.
    gap = gap || !room.KeepIfFits(message_candidates[i]);
    if (gap) message_candidates[i].dropped = kOverBudget;
  }

  PackedPrompt packed;
  for (size_t i = 0; i < ordered.size(); ++i) {
    *packed.manifest.add_items() =
        Item(KindWord(ordered[i]->kind()), ordered[i]->source(), part_candidates[i]);
    if (part_candidates[i].kept) packed.parts.push_back(*ordered[i]);
  }
  for (int i = 0; i < messages.size(); ++i) {
    *packed.manifest.add_items() =
        Item("message", absl::StrCat("message/", messages[i].message_id()), message_candidates[i]);
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
      absl::StrAppend(&text, text.empty() ? "" : "\n\n", part.text());
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
