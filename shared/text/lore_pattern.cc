#include "shared/text/lore_pattern.h"

#include "re2/re2.h"

namespace dramatis {
namespace {

constexpr int64_t kMostPatternMemory = 1 << 20;
constexpr std::string_view kFlags = "ismug";

// Where the closing slash of `/pattern/flags` is; npos where it is none.
size_t ClosingSlash(std::string_view key) {
  if (key.size() < 3 || key.front() != '/') return std::string_view::npos;
  const size_t slash = key.rfind('/');
  if (slash < 2) return std::string_view::npos;
  const bool flags = key.find_first_not_of(kFlags, slash + 1) == std::string_view::npos;
  return flags ? slash : std::string_view::npos;
}

}  // namespace

bool IsLorePattern(std::string_view key, bool use_regex) {
  return use_regex || ClosingSlash(key) != std::string_view::npos;
}

LorePattern::LorePattern(std::string_view key, bool case_sensitive) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostPatternMemory);
  options.set_case_sensitive(case_sensitive);
  std::string text(key);
  if (const size_t slash = ClosingSlash(key); slash != std::string_view::npos) {
    const std::string_view flags = key.substr(slash + 1);
    text = key.substr(1, slash - 1);
    // A pattern that says its flags means them.
    options.set_case_sensitive(flags.find('i') == std::string_view::npos);
    options.set_dot_nl(flags.find('s') != std::string_view::npos);
    if (flags.find('m') != std::string_view::npos) text = "(?m)" + text;
  }
  pattern_ = std::make_unique<re2::RE2>(text, options);
}

LorePattern::~LorePattern() = default;
LorePattern::LorePattern(LorePattern&&) noexcept = default;
LorePattern& LorePattern::operator=(LorePattern&&) noexcept = default;

bool LorePattern::ok() const {
  return pattern_->ok();
}

bool LorePattern::Matches(std::string_view text) const {
  return ok() && re2::RE2::PartialMatch({text.data(), text.size()}, *pattern_);
}

}  // namespace dramatis
