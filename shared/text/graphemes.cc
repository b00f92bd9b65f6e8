#include "shared/text/graphemes.h"

#include <algorithm>
#include <memory>

#include "shared/text/text.h"
#include "unicode/brkiter.h"
#include "unicode/localpointer.h"
#include "unicode/uchar.h"
#include "unicode/utext.h"
#include "unicode/utf8.h"

namespace dramatis {
namespace {

// Far more than any grapheme that a person reads has: what is longer is cut between code points.
constexpr size_t kLongestGrapheme = 512;

// The greatest boundary between graphemes that is not after `at`; 0 where there is none.
size_t BoundaryBefore(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  if (at == 0) return 0;
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> boundaries(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), error));
  // What comes after it can join what `at` is in; what comes much later cannot.
  const std::string_view near = text.substr(0, Utf8Floor(text, at + kLongestGrapheme));
  const icu::LocalUTextPointer utf8(
      utext_openUTF8(nullptr, near.data(), static_cast<int64_t>(near.size()), &error));
  if (U_FAILURE(error)) return Utf8Floor(text, at);
  boundaries->setText(utf8.getAlias(), error);
  if (U_FAILURE(error)) return Utf8Floor(text, at);
  if (boundaries->isBoundary(static_cast<int32_t>(at)) != 0) return at;
  const int32_t before = boundaries->preceding(static_cast<int32_t>(at));
  return before == icu::BreakIterator::DONE ? 0 : static_cast<size_t>(before);
}

std::string_view WholeGraphemes(std::string_view text, size_t bytes) {
  const size_t end = BoundaryBefore(text, bytes);
  return text.substr(0, end > 0 ? end : Utf8Floor(text, bytes));
}

}  // namespace

std::string_view FirstGraphemes(std::string_view text, size_t most) {
  const size_t bytes = FirstCodePoints(text, most).size();
  return bytes == text.size() ? text : WholeGraphemes(text, bytes);
}

std::string_view FirstGraphemeBytes(std::string_view text, size_t most_bytes) {
  return most_bytes >= text.size() ? text : WholeGraphemes(text, Utf8Floor(text, most_bytes));
}

size_t GraphemeFloor(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  while (at > 0 && IsUtf8Continuation(text[at]))
    --at;
  return BoundaryBefore(text, at);
}

std::string OneLineOf(std::string_view text) {
  std::string line;
  bool is_apart = false;
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    const int32_t start = i;
    UChar32 c = 0;
    U8_NEXT(text, i, size, c);
    if (c >= 0 && u_isUWhiteSpace(c) != 0) {
      is_apart = !line.empty();
      continue;
    }
    if (is_apart) line += ' ';
    is_apart = false;
    line += text.substr(static_cast<size_t>(start), static_cast<size_t>(i - start));
  }
  return line;
}

}  // namespace dramatis
