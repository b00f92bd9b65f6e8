#include "services/conversation/words.h"

#include <cctype>
#include <cwctype>

// POSIX.1-2008: newlocale is not in <clocale>.
#include <locale.h>  // NOLINT(modernize-deprecated-headers)

namespace dramatis::conversation {
namespace {

// Unicode's character classes and simple case mappings, whatever the process's locale is. A system
// that has none knows ASCII words only.
locale_t Unicode() {
  static const locale_t locale = [] {
    const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return unicode != nullptr ? unicode : newlocale(LC_CTYPE_MASK, "C", nullptr);
  }();
  return locale;
}

char32_t NextCodePoint(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  char32_t point = lead & (0x3fU >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    point = (point << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3fU);
  }
  return point;
}

void Append(char32_t point, std::string& text) {
  if (point < 0x80) {
    text += static_cast<char>(point);
    return;
  }
  const int more = point >= 0x10000 ? 3 : point >= 0x800 ? 2 : 1;
  constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kLead[more] | (point >> (6U * static_cast<unsigned>(more))));
  for (int i = more - 1; i >= 0; --i) {
    text += static_cast<char>(0x80U | ((point >> (6U * static_cast<unsigned>(i))) & 0x3fU));
  }
}

bool StandsAlone(char32_t point) {
  return (point >= 0x3040 && point <= 0x30ff) || (point >= 0x3400 && point <= 0x9fff) ||
         (point >= 0xf900 && point <= 0xfaff) || (point >= 0x20000 && point <= 0x323af);
}

bool IsWordPart(char32_t point) {
  return point < 0x80 ? std::isalnum(static_cast<int>(point)) != 0
                      : iswalnum_l(static_cast<wint_t>(point), Unicode()) != 0;
}

}  // namespace

std::string FoldedWords(std::string_view text) {
  std::string words = " ";
  const auto end_word = [&words] {
    if (words.back() != ' ') words += ' ';
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t point = NextCodePoint(text, at);
    if (!IsWordPart(point)) {
      end_word();
      continue;
    }
    if (StandsAlone(point)) end_word();
    Append(static_cast<char32_t>(towlower_l(static_cast<wint_t>(point), Unicode())), words);
    if (StandsAlone(point)) end_word();
  }
  end_word();
  return words;
}

bool HasWords(std::string_view folded, std::string_view phrase) {
  const std::string words = FoldedWords(phrase);
  return words.size() > 1 && folded.find(words) != std::string_view::npos;
}

}  // namespace dramatis::conversation
