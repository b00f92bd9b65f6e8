#include "services/inference/generation/output_filter.h"

#include <utility>

#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

std::vector<std::string> Prefixes(const std::string& name) {
  const std::string own = FoldCase(TrimSpace(name));
  if (own.empty()) return {};
  return {"**" + own + ":**", "**" + own + "**:", "*" + own + ":*", own + "：", own + ":"};
}

// Without white space at its start.
std::string_view TrimStart(std::string_view text) {
  const std::string_view trimmed = TrimSpace(text);
  return trimmed.empty() ? trimmed : text.substr(trimmed.data() - text.data());
}

}  // namespace

OutputFilter::OutputFilter(const std::string& name) : prefixes_(Prefixes(name)) {}

// Takes a leading name off `head_`. False while it may still be the start of one.
bool OutputFilter::DecideStart(bool at_end) {
  head_ = std::string(TrimStart(head_));
  if (name_taken_) return true;  // once: a second one is part of the answer
  const std::string lower = FoldCase(head_);
  for (const std::string& prefix : prefixes_) {
    if (lower.starts_with(prefix)) {
      head_ = std::string(TrimStart(
          std::string_view(head_).substr(FirstCodePoints(head_, CodePoints(prefix)).size())));
      name_taken_ = true;
      return true;
    }
    const bool may_become = prefix.starts_with(lower);
    if (may_become && !at_end) return false;
  }
  return true;
}

void OutputFilter::Push(std::string_view text, std::string& out) {
  std::string said;
  thinking_.Push(text, said);
  if (!said.empty()) PushSaid(said, out);
}

void OutputFilter::PushSaid(std::string_view text, std::string& out) {
  if (started_) return PushBody(text, out);
  head_ += text;
  if (!DecideStart(false) || head_.empty()) return;
  started_ = true;
  PushBody(std::exchange(head_, {}), out);
}

void OutputFilter::PushBody(std::string_view text, std::string& out) {
  const std::string_view trimmed = TrimSpace(text);
  if (trimmed.empty()) {
    space_ += text;
    return;
  }
  const size_t end = static_cast<size_t>(trimmed.data() - text.data()) + trimmed.size();
  out += space_;
  out += text.substr(0, end);
  space_ = text.substr(end);
}

void OutputFilter::Finish(std::string& out) {
  std::string said;
  thinking_.Finish(said);
  if (!said.empty()) PushSaid(said, out);
  if (started_) return;
  DecideStart(true);
  started_ = true;
  PushBody(std::exchange(head_, {}), out);
}

}  // namespace dramatis::inference
