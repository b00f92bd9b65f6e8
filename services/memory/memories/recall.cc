#include "services/memory/memories/recall.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/memory/journal/journal_text.h"
#include "services/memory/profile/profiles.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

using ::dramatis::prompt::v1::PART_KIND_MEMORY;
using ::dramatis::prompt::v1::PromptPart;

// More would crowd out what matches best, whatever the budget.
constexpr int kMostMatches = 50;
// What is new may matter although no word of it was said.
constexpr int kMostRecent = 5;
// Of the journal: a few days, a few sentences of each.
constexpr int kMostEntries = 3;
constexpr size_t kMostExcerptBytes = 600;
// More than a title or mood may have.
constexpr size_t kMostHeadBytes = 1000;
// Goals, and the journal, have one share of the budget at most.
constexpr size_t kShares = 4;
// The goals that matter more than any memory.
constexpr size_t kFirstGoals = 10;

std::string AsSentence(std::string_view text) {
  std::string sentence(TrimSpace(text));
  constexpr std::string_view kEnds = ".!?";
  if (!sentence.empty() && kEnds.find(sentence.back()) == std::string_view::npos) sentence += '.';
  return sentence;
}

// Bytes that are given out, first come, first served.
class Budget {
 public:
  explicit Budget(size_t bytes) : left_(bytes) {}

  // As many of the parts as fit, in at most `share` bytes.
  std::vector<PromptPart> Take(std::vector<PromptPart> offered, size_t share) {
    std::vector<PromptPart> taken;
    share = std::min(share, left_);
    for (PromptPart& part : offered) {
      const size_t size = part.text().size();
      if (size == 0 || size > share) continue;
      share -= size;
      left_ -= size;
      taken.push_back(std::move(part));
    }
    return taken;
  }
  std::vector<PromptPart> Take(std::vector<PromptPart> offered) {
    return Take(std::move(offered), left_);
  }

 private:
  size_t left_;
};

PromptPart Part(const char* noun, const std::string& id, std::string text) {
  PromptPart part;
  part.set_kind(PART_KIND_MEMORY);
  part.set_source(absl::StrCat(noun, "/", id));
  part.set_text(std::move(text));
  return part;
}

std::vector<PromptPart> EntryParts(const Recollection& recollection) {
  const absl::TimeZone zone = TimeZoneOf(recollection.profile);
  std::vector<PromptPart> parts;
  for (const JournalRow& entry : recollection.entries) {
    if (!entry.definition.share_with_personas()) continue;
    parts.push_back(Part("journal", entry.entry_id, DescribeEntry(entry, zone)));
  }
  return parts;
}

}  // namespace

std::string DescribeProfile(const v1::Profile& profile) {
  std::string text;
  const auto tell = [&text](std::string_view lead, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(lead).append(AsSentence(value));
  };
  tell("The user's name is ", profile.display_name());
  tell("About them: ", profile.bio());
  if (profile.timezone() != "UTC") tell("Their time zone is ", profile.timezone());
  if (profile.locale() != "en") tell("Their locale is ", profile.locale());
  if (profile.units() == v1::UNITS_IMPERIAL) tell("They use ", "imperial units");
  return text;
}

std::string DescribeEntry(const JournalRow& entry, const absl::TimeZone& zone) {
  const v1::JournalEntry& definition = entry.definition;
  std::string text = absl::StrCat("The user's journal of ",
                                  absl::FormatCivilTime(absl::ToCivilDay(entry.create_time, zone)));
  if (!definition.mood().empty()) {
    absl::StrAppend(&text, ", mood ", Excerpt(definition.mood(), kMostHeadBytes));
  }
  absl::StrAppend(&text, ": ", AsSentence(Excerpt(definition.title(), kMostHeadBytes)), " ",
                  Excerpt(definition.content(), kMostExcerptBytes));
  return text;
}

v1::RecallResponse ChooseParts(const Recollection& recollection,
                               const std::vector<GoalBrief>& goals,
                               int budget_bytes) {
  const size_t share = static_cast<size_t>(budget_bytes) / kShares;
  Budget budget(budget_bytes);
  std::vector<PromptPart> profile;
  if (recollection.profile.has_value()) {
    profile.push_back(Part("profile", recollection.profile->user_id,
                           DescribeProfile(recollection.profile->definition)));
  }
  profile = budget.Take(std::move(profile));

  std::vector<PromptPart> goal_parts;
  goal_parts.reserve(goals.size());
  for (const GoalBrief& goal : goals)
    goal_parts.push_back(Part("goal", goal.goal_id, goal.text));
  goal_parts = budget.Take(std::move(goal_parts), share);
  const std::vector<PromptPart> entries = budget.Take(EntryParts(recollection), share);

  std::vector<PromptPart> matches;
  std::set<std::string> matched;
  for (const ScoredMemory& match : recollection.matches) {
    matched.insert(match.memory.memory_id);
    matches.push_back(Part("memory", match.memory.memory_id, match.memory.content));
  }
  matches = budget.Take(std::move(matches));
  std::vector<PromptPart> recent;
  for (const MemoryRow& memory : recollection.recent) {
    if (matched.contains(memory.memory_id)) continue;
    recent.push_back(Part("memory", memory.memory_id, memory.content));
  }
  recent = budget.Take(std::move(recent));

  v1::RecallResponse response;
  if (recollection.profile.has_value()) {
    response.set_display_name(recollection.profile->definition.display_name());
  }
  const auto add = [&response](auto first, auto last) {
    for (; first != last; ++first)
      *response.add_parts() = *first;
  };
  const auto others =
      goal_parts.begin() + static_cast<std::ptrdiff_t>(std::min(goal_parts.size(), kFirstGoals));
  add(profile.begin(), profile.end());
  add(goal_parts.begin(), others);
  add(matches.begin(), matches.end());
  add(entries.begin(), entries.end());
  add(others, goal_parts.end());
  add(recent.begin(), recent.end());
  return response;
}

absl::StatusOr<v1::RecallResponse> Recall::ForTurn(const CallContext& call,
                                                   const v1::RecallRequest& request) {
  MemorySearch search;
  search.user_id = request.user_id();
  search.persona_id = request.persona_id();
  search.words = QueryWords(request.query());
  search.limit = kMostMatches;
  DRAMATIS_ASSIGN_OR_RETURN(Recollection recollection,
                            store_.Recall(search, kMostRecent, kMostEntries));
  // Of a user without memories there is nothing to be found either.
  if (fuse_ != nullptr && !recollection.recent.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(recollection.matches, fuse_(call, search, request.query(),
                                                          std::move(recollection.matches)));
  }
  std::vector<GoalBrief> goals;
  if (recollection.has_goals) {
    DRAMATIS_ASSIGN_OR_RETURN(goals, goals_(request.user_id()));
  }
  return ChooseParts(recollection, goals, request.budget_bytes());
}

}  // namespace dramatis::memory
