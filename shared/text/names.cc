#include "shared/text/names.h"

#include <array>
#include <cstdio>
#include <vector>

#include "shared/text/graphemes.h"
#include "unicode/normalizer2.h"
#include "unicode/uchar.h"
#include "unicode/unistr.h"
#include "unicode/uscript.h"
#include "unicode/utf8.h"

namespace dramatis {
namespace {

constexpr UChar32 kNonJoiner = 0x200C;
constexpr UChar32 kJoiner = 0x200D;
constexpr UChar32 kKeycap = 0x20E3;
constexpr UChar32 kBlackFlag = 0x1F3F4;
constexpr UChar32 kCancelTag = 0xE007F;
constexpr UChar32 kBlankBraille = 0x2800;

struct CodePoint {
  UChar32 value = 0;
  size_t begin = 0;
  size_t end = 0;
};

std::vector<CodePoint> CodePointsOf(std::string_view text) {
  std::vector<CodePoint> points;
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    CodePoint point;
    point.begin = static_cast<size_t>(i);
    U8_NEXT_OR_FFFD(text, i, size, point.value);
    point.end = static_cast<size_t>(i);
    points.push_back(point);
  }
  return points;
}

bool Has(UChar32 c, UProperty property) {
  return u_hasBinaryProperty(c, property) != 0;
}

bool IsVirama(UChar32 c) {
  constexpr int kViramaClass = 9;
  return u_getCombiningClass(c) == kViramaClass;
}

bool IsTag(UChar32 c) {
  return c >= 0xE0020 && c <= 0xE007E;
}

// Reads a name, one code point after the other.
class Reader {
 public:
  explicit Reader(std::string_view text) : points_(CodePointsOf(text)) {}

  const std::vector<CodePoint>& points() const { return points_; }

  bool IsAllowed(size_t at) const {
    const UChar32 c = points_[at].value;
    switch (u_charType(c)) {
      case U_CONTROL_CHAR:
      case U_LINE_SEPARATOR:
      case U_PARAGRAPH_SEPARATOR:
      case U_PRIVATE_USE_CHAR:
      case U_SURROGATE:
        return false;
      default:
        break;
    }
    if (Has(c, UCHAR_NONCHARACTER_CODE_POINT) || c == kBlankBraille) return false;
    if (c == kJoiner) return IsJoinerSeen(at);
    if (c == kNonJoiner) return FollowsVirama(at) || IsBetweenJoining(at);
    if (Has(c, UCHAR_VARIATION_SELECTOR)) return IsVariation(at);
    if (IsTag(c) || c == kCancelTag) return IsInFlag(at);
    if (Has(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return false;
    // Formats that are seen stand before digits: U+0600 and its like.
    return u_charType(c) != U_FORMAT_CHAR || Has(c, UCHAR_PREPENDED_CONCATENATION_MARK);
  }

 private:
  // 0 before the beginning and after the end.
  UChar32 At(size_t at) const { return at < points_.size() ? points_[at].value : 0; }
  UChar32 Before(size_t at) const { return at > 0 ? points_[at - 1].value : 0; }

  bool FollowsVirama(size_t at) const { return IsVirama(Before(at)); }

  // The character before that is no variation selector and no colour of skin.
  UChar32 EmojiBefore(size_t at) const {
    while (at > 0 &&
           (Has(At(at - 1), UCHAR_VARIATION_SELECTOR) || Has(At(at - 1), UCHAR_EMOJI_MODIFIER))) {
      --at;
    }
    return Before(at);
  }

  bool IsJoinerSeen(size_t at) const {
    const bool between_emoji = Has(EmojiBefore(at), UCHAR_EXTENDED_PICTOGRAPHIC) &&
                               Has(At(at + 1), UCHAR_EXTENDED_PICTOGRAPHIC);
    return between_emoji || FollowsVirama(at);
  }

  // RFC 5892, A.1: (L|D) T* ZWNJ T* (R|D).
  bool IsBetweenJoining(size_t at) const {
    const auto joining = [](UChar32 c) { return u_getIntPropertyValue(c, UCHAR_JOINING_TYPE); };
    size_t left = at;
    while (left > 0 && joining(At(left - 1)) == U_JT_TRANSPARENT)
      --left;
    size_t right = at + 1;
    while (right < points_.size() && joining(At(right)) == U_JT_TRANSPARENT)
      ++right;
    const int before = joining(Before(left));
    const int after = joining(At(right));
    return (before == U_JT_LEFT_JOINING || before == U_JT_DUAL_JOINING) &&
           (after == U_JT_RIGHT_JOINING || after == U_JT_DUAL_JOINING);
  }

  bool IsVariation(size_t at) const {
    const UChar32 c = At(at);
    const UChar32 base = Before(at);
    UErrorCode error = U_ZERO_ERROR;
    if (c == 0xFE0E || c == 0xFE0F) {
      // Digits, `#` and `*` are emoji only under a keycap.
      return Has(base, UCHAR_EMOJI) && (base >= 0x80 || At(at + 1) == kKeycap);
    }
    if (c >= 0x180B && c <= 0x180F) return uscript_getScript(base, &error) == USCRIPT_MONGOLIAN;
    return Has(base, UCHAR_IDEOGRAPHIC);
  }

  // As in the flag of Scotland: black flag, tags, cancel tag.
  bool IsInFlag(size_t at) const {
    size_t begin = at;
    while (begin > 0 && IsTag(At(begin - 1)))
      --begin;
    size_t end = at;
    while (IsTag(At(end)))
      ++end;
    if (Before(begin) != kBlackFlag || At(end) != kCancelTag) return false;
    icu::UnicodeString flag(kBlackFlag);
    for (size_t i = begin; i <= end; ++i)
      flag.append(At(i));
    return u_stringHasBinaryProperty(flag.getBuffer(), flag.length(),
                                     UCHAR_RGI_EMOJI_TAG_SEQUENCE) != 0;
  }

  const std::vector<CodePoint> points_;
};

std::string NotAllowed(UChar32 c) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(c));
  const int type = u_charType(c);
  const bool breaks =
      type == U_CONTROL_CHAR || type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR;
  return std::string("must not contain the ") + (breaks ? "control" : "invisible") + " character " +
         number.data();
}

}  // namespace

std::optional<std::string> NameProblem(std::string_view name) {
  const Reader reader(name);
  for (size_t i = 0; i < reader.points().size(); ++i) {
    if (!reader.IsAllowed(i)) return NotAllowed(reader.points()[i].value);
  }
  return std::nullopt;
}

std::string NameKey(std::string_view name) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  const icu::UnicodeString text =
      icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<int>(name.size())));
  std::string key;
  if (U_FAILURE(error)) return OneLineOf(name);
  fold->normalize(text, error).toUTF8String(key);
  return OneLineOf(key);
}

std::string FoldCase(std::string_view text) {
  std::string folded;
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    const int32_t begin = i;
    UChar32 c = 0;
    U8_NEXT(text, i, size, c);
    if (c < 0) {  // as it is: it may be the beginning of something
      folded += text.substr(static_cast<size_t>(begin), static_cast<size_t>(i - begin));
    } else {
      icu::UnicodeString(u_foldCase(c, U_FOLD_CASE_DEFAULT)).toUTF8String(folded);
    }
  }
  return folded;
}

bool IsBlank(std::string_view text) {
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(text, i, size, c);
    const bool unseen =
        u_isUWhiteSpace(c) != 0 || c == kBlankBraille || Has(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
    if (!unseen) return false;
  }
  return true;
}

std::string WithoutInvisible(std::string_view text) {
  const Reader reader(text);
  std::string visible;
  for (size_t i = 0; i < reader.points().size(); ++i) {
    const CodePoint& point = reader.points()[i];
    if (reader.IsAllowed(i)) {
      visible += text.substr(point.begin, point.end - point.begin);
    } else if (u_isUWhiteSpace(point.value) != 0) {
      visible += ' ';
    }
  }
  return visible;
}

}  // namespace dramatis
