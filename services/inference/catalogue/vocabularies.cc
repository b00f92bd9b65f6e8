#include "services/inference/catalogue/vocabularies.h"

#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/inference/prompt/bpe.h"
#include "shared/config/watched_file.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

constexpr char kO200k[] = "o200k_base";
constexpr char kCl100k[] = "cl100k_base";

// How models' names begin, longer ones first where one begins like another.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kModels = {
    {{"gpt-4o", kO200k},
     {"gpt-4.1", kO200k},
     {"gpt-4.5", kO200k},
     {"gpt-5", kO200k},
     {"gpt-6", kO200k},
     {"gpt-oss", kO200k},
     {"chatgpt-4o", kO200k},
     {"o1", kO200k},
     {"o3", kO200k},
     {"o4-", kO200k},
     {"gpt-4", kCl100k},
     {"gpt-3.5", kCl100k}}};

}  // namespace

absl::Status Vocabularies::Read(const std::string& path) {
  constexpr std::string_view kSuffix = ".tiktoken";
  std::string name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  if (name != kO200k && name != kCl100k) {
    return absl::InvalidArgumentError(
        "must name files o200k_base.tiktoken or cl100k_base.tiktoken");
  }
  constexpr int kMostMebibytes = 16;
  const absl::StatusOr<std::string> ranks = WatchedFile(path).Read(kMostMebibytes);
  if (!ranks.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot be used: ", ranks.status().message()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(
      counters_[name],
      BpeCounter::Parse(*ranks, name == kO200k ? BpeSplit::kO200k : BpeSplit::kCl100k));
  return absl::OkStatus();
}

std::shared_ptr<const TokenCounter> Vocabularies::Of(const std::string& model) const {
  if (counters_.empty()) return nullptr;
  const std::string name = model.substr(model.rfind('/') + 1);
  for (const auto& [begin, vocabulary] : kModels) {
    if (!name.starts_with(begin)) continue;
    const auto found = counters_.find(std::string(vocabulary));
    return found == counters_.end() ? nullptr : found->second;
  }
  return nullptr;
}

}  // namespace dramatis::inference
