// The keys of lore that are patterns: RE2's, written bare or as `/pattern/flags` with the flags
// `i`, `s`, `m`, `u`, `g`. Whatever RE2 does not take, or what would need more than a little
// memory, is no pattern and matches nothing. Matching takes time linear in the text.
//
//   if (IsLorePattern(key, /*use_regex=*/false)) {
//     const LorePattern pattern(key, /*case_sensitive=*/false);
//     pattern.Matches("Storms broke the lantern.");
//   }
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace dramatis {

// Whether a key is a pattern: all are where the entry says so, else those between slashes.
bool IsLorePattern(std::string_view key, bool use_regex);

class LorePattern {
 public:
  LorePattern(std::string_view key, bool case_sensitive);
  ~LorePattern();
  LorePattern(LorePattern&&) noexcept;
  LorePattern& operator=(LorePattern&&) noexcept;

  bool ok() const;
  // False where it is not ok.
  bool Matches(std::string_view text) const;

 private:
  std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace dramatis
