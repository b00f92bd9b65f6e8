#include "services/memory/recall.h"

#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "services/memory/search_query.h"
#include "services/memory/storable_text.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::memory {
namespace {

using ::dramatis::prompt::v1::PART_KIND_MEMORY;
using ::dramatis::prompt::v1::PromptPart;

// More would crowd out what matches best, whatever the budget.
constexpr int kMostMatches = 50;
// What is new may matter although no word of it was said.
constexpr int kMostRecent = 5;

std::string AsSentence(std::string_view text) {
  std::string sentence(TrimSpace(text));
  constexpr std::string_view kEnds = ".!?";
  if (!sentence.empty() && kEnds.find(sentence.back()) == std::string_view::npos) sentence += '.';
  return sentence;
}

// Adds parts while they fit.
class Budget {
 public:
  Budget(int bytes, v1::RecallResponse& response) : left_(bytes), response_(response) {}

  void Add(const std::string& source, const std::string& text) {
    if (text.empty() || text.size() > left_) return;
    left_ -= text.size();
    PromptPart& part = *response_.add_parts();
    part.set_kind(PART_KIND_MEMORY);
    part.set_source(source);
    part.set_text(text);
  }

 private:
  size_t left_;
  v1::RecallResponse& response_;
};

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

v1::RecallResponse ChooseParts(const Recollection& recollection, int budget_bytes) {
  v1::RecallResponse response;
  Budget budget(budget_bytes, response);
  if (recollection.profile.has_value()) {
    budget.Add(absl::StrCat("profile/", recollection.profile->user_id),
               DescribeProfile(recollection.profile->definition));
  }
  std::set<std::string> offered;
  const auto offer = [&](const MemoryRow& memory) {
    if (!offered.insert(memory.memory_id).second) return;
    budget.Add(absl::StrCat("memory/", memory.memory_id), memory.content);
  };
  for (const ScoredMemory& match : recollection.matches)
    offer(match.memory);
  for (const MemoryRow& memory : recollection.recent)
    offer(memory);
  return response;
}

absl::StatusOr<v1::RecallResponse> Recall::ForTurn(const CallContext&,
                                                   const v1::RecallRequest& request) {
  // The query is only taken apart, so it may hold any character.
  v1::RecallRequest ids;
  ids.set_user_id(request.user_id());
  ids.set_persona_id(request.persona_id());
  DRAMATIS_RETURN_IF_ERROR(CheckStorable(ids));
  MemorySearch search;
  search.user_id = request.user_id();
  search.persona_id = request.persona_id();
  search.words = QueryWords(request.query());
  search.limit = kMostMatches;
  DRAMATIS_ASSIGN_OR_RETURN(const Recollection recollection, store_.Recall(search, kMostRecent));
  return ChooseParts(recollection, request.budget_bytes());
}

}  // namespace dramatis::memory
