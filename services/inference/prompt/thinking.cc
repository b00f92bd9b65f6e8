#include "services/inference/prompt/thinking.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

constexpr std::array<std::string_view, 2> kOpen = {"<think>", "<thinking>"};
constexpr std::array<std::string_view, 2> kClose = {"</think>", "</thinking>"};
constexpr size_t kLongestClose = 11;

std::string_view TrimStart(std::string_view text) {
  const std::string_view trimmed = TrimSpace(text);
  return trimmed.empty() ? trimmed : text.substr(trimmed.data() - text.data());
}

}  // namespace

void ThinkingFilter::Push(std::string_view text, std::string& out) {
  if (place_ == Place::kAfter) {
    out += text;
    return;
  }
  kept_ += text;
  while (place_ == Place::kBefore ? LeaveStart(out) : place_ == Place::kInside && LeaveBlock()) {
  }
}

// False where more has to come first, or nothing is left to decide.
bool ThinkingFilter::LeaveStart(std::string& out) {
  const std::string start = std::string(TrimStart(kept_));
  const std::string lower = AsciiLower(start.substr(0, kLongestClose));
  for (const std::string_view tag : kOpen) {
    if (std::string_view(lower).starts_with(tag)) {
      kept_ = start.substr(tag.size());
      place_ = Place::kInside;
      return true;
    }
    if (tag.starts_with(lower)) {
      kept_ = start;
      return false;
    }
  }
  place_ = Place::kAfter;
  kept_.clear();
  out += start;
  return false;
}

bool ThinkingFilter::LeaveBlock() {
  const std::string lower = AsciiLower(kept_);
  size_t end = std::string::npos;
  for (const std::string_view tag : kClose) {
    const size_t at = lower.find(tag);
    if (at != std::string::npos) end = std::min(end, at + tag.size());
  }
  if (end == std::string::npos) {
    const size_t keep = std::min(kept_.size(), kLongestClose - 1);
    kept_.erase(0, kept_.size() - keep);
    return false;
  }
  kept_.erase(0, end);
  place_ = Place::kBefore;
  return true;
}

void ThinkingFilter::Finish(std::string& out) {
  if (place_ == Place::kBefore) out += kept_;
  kept_.clear();
  place_ = Place::kAfter;
}

std::string WithoutThinking(std::string_view answer) {
  std::string said;
  ThinkingFilter filter;
  filter.Push(answer, said);
  filter.Finish(said);
  return said;
}

}  // namespace dramatis::inference
