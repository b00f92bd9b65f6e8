#include "services/memory/journal/journal_text.h"

#include <memory>

#include "shared/status/errors.h"
#include "shared/text/graphemes.h"
#include "shared/text/text.h"
#include "unicode/brkiter.h"
#include "unicode/localpointer.h"
#include "unicode/ubrk.h"
#include "unicode/utext.h"

namespace dramatis::memory {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

using Boundaries = std::unique_ptr<icu::BreakIterator>;
using CreateBoundaries = icu::BreakIterator* (*)(const icu::Locale&, UErrorCode&);

// Boundaries of a text as byte offsets; null where ICU has none. `text` outlives them.
Boundaries BoundariesOf(CreateBoundaries create, std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  Boundaries boundaries(create(icu::Locale::getRoot(), error));
  const icu::LocalUTextPointer utf8(
      utext_openUTF8(nullptr, text.data(), static_cast<int64_t>(text.size()), &error));
  if (U_FAILURE(error)) return nullptr;
  boundaries->setText(utf8.getAlias(), error);
  if (U_FAILURE(error)) return nullptr;
  return boundaries;
}

// The beginning of a line up to the last boundary that leaves no more than `most_bytes` without the
// space at its end.
std::string_view Within(CreateBoundaries create, std::string_view line, size_t most_bytes) {
  const Boundaries boundaries = BoundariesOf(create, line);
  if (boundaries == nullptr) return "";
  int32_t end = boundaries->preceding(static_cast<int32_t>(most_bytes) + 2);
  for (; end != icu::BreakIterator::DONE; end = boundaries->previous()) {
    const std::string_view beginning = TrimSpace(line.substr(0, end));
    if (beginning.size() <= most_bytes) return beginning;
  }
  return "";
}

}  // namespace

absl::StatusOr<int> CountWords(std::string_view text) {
  const Boundaries boundaries = BoundariesOf(&icu::BreakIterator::createWordInstance, text);
  if (boundaries == nullptr) return InternalError("ICU has no word boundaries");
  int words = 0;
  while (boundaries->next() != icu::BreakIterator::DONE) {
    if (boundaries->getRuleStatus() >= UBRK_WORD_NONE_LIMIT) ++words;
  }
  return words;
}

std::string Excerpt(std::string_view text, size_t most_bytes) {
  std::string line = OneLineOf(text);
  if (line.size() <= most_bytes) return line;
  const std::string_view sentences =
      Within(&icu::BreakIterator::createSentenceInstance, line, most_bytes);
  if (!sentences.empty()) return std::string(sentences);
  if (most_bytes <= kEllipsis.size()) return std::string(FirstGraphemeBytes(line, most_bytes));
  const size_t room = most_bytes - kEllipsis.size();
  std::string_view words = Within(&icu::BreakIterator::createWordInstance, line, room);
  if (words.empty()) words = FirstGraphemeBytes(line, room);
  return std::string(words).append(kEllipsis);
}

}  // namespace dramatis::memory
