#include "shared/text/words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "unicode/normalizer2.h"
#include "unicode/uchar.h"
#include "unicode/unistr.h"
#include "unicode/uscript.h"
#include "unicode/utf8.h"

namespace dramatis {
namespace {

constexpr size_t kLongestWord = 64;

// https://snowballstem.org/algorithms/english/stop.txt, sorted.
constexpr auto kStopWords = std::to_array<std::string_view>(
    {"about",  "above", "after", "again",   "against",   "all",        "am",      "an",
     "and",    "any",   "are",   "as",      "at",        "be",         "because", "been",
     "before", "being", "below", "between", "both",      "but",        "by",      "can",
     "did",    "do",    "does",  "doing",   "don",       "down",       "during",  "each",
     "few",    "for",   "from",  "further", "had",       "has",        "have",    "having",
     "he",     "her",   "here",  "hers",    "herself",   "him",        "himself", "his",
     "how",    "if",    "in",    "into",    "is",        "it",         "its",     "itself",
     "just",   "ll",    "me",    "more",    "most",      "my",         "myself",  "no",
     "nor",    "not",   "now",   "of",      "off",       "on",         "once",    "only",
     "or",     "other", "our",   "ours",    "ourselves", "out",        "over",    "own",
     "re",     "same",  "she",   "should",  "so",        "some",       "such",    "than",
     "that",   "the",   "their", "theirs",  "them",      "themselves", "then",    "there",
     "these",  "they",  "this",  "those",   "through",   "to",         "too",     "under",
     "until",  "up",    "ve",    "very",    "was",       "we",         "were",    "what",
     "when",   "where", "which", "while",   "who",       "whom",       "why",     "will",
     "with",   "you",   "your",  "yours",   "yourself",  "yourselves"});

// What may follow a name in Hangul: an honorific, then a particle.
constexpr auto kHonorifics =
    std::to_array<std::u32string_view>({U"", U"씨", U"님", U"이", U"군", U"양"});
constexpr auto kParticles = std::to_array<std::u32string_view>(
    {U"",     U"야",   U"아",   U"여",     U"은",     U"는",     U"가",     U"을",
     U"를",   U"의",   U"도",   U"만",     U"와",     U"과",     U"랑",     U"이랑",
     U"하고", U"에게", U"한테", U"께",     U"께서",   U"에게서", U"한테서", U"보고",
     U"처럼", U"보다", U"라고", U"이라고", U"입니다", U"이다",   U"요",     U"이요"});

struct FoldedCharacter {
  UChar32 value = 0;
  size_t begin = 0;  // of what it was made of, in bytes of the text
  size_t end = 0;
};

// Marks that decorate letters of any script: accents. The vowel signs of Indic scripts, which are
// marks too, belong to theirs, and the voicing marks of kana make other letters of them.
bool IsAccent(UChar32 c) {
  constexpr UChar32 kVoicing = 0x3099;
  constexpr UChar32 kHalfVoicing = 0x309A;
  if ((U_GET_GC_MASK(c) & U_GC_MN_MASK) == 0 || c == kVoicing || c == kHalfVoicing) return false;
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(c, &error) == USCRIPT_INHERITED;
}

bool IsWordCharacter(UChar32 c) {
  if (c < 0x80) return absl::ascii_isalnum(static_cast<unsigned char>(c));
  constexpr uint32_t kMask = U_GC_L_MASK | U_GC_N_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
  return (U_GET_GC_MASK(c) & kMask) != 0;
}

bool IsMark(UChar32 c) {
  return (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

bool IsHangul(UChar32 c) {
  return uscript_hasScript(c, USCRIPT_HANGUL) != 0;
}

// Of a word character: whether its script is written without spaces, or with so many endings that
// pairs find more. Signs that several scripts share, as the long vowel U+30FC of both kana, count
// by their Script_Extensions.
bool IsUnspaced(UChar32 c) {
  if (c < 0x0E00) return false;
  for (const UScriptCode script : {USCRIPT_HAN, USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_HANGUL,
                                   USCRIPT_BOPOMOFO, USCRIPT_YI}) {
    if (uscript_hasScript(c, script) != 0) return true;
  }
  return u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT;
}

// ICU's own, never freed; they fail only where ICU's data are missing.
struct Normalizers {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2& casefold = *icu::Normalizer2::getNFKCCasefoldInstance(error);
  const icu::Normalizer2& decompose = *icu::Normalizer2::getNFDInstance(error);
  const icu::Normalizer2& compose = *icu::Normalizer2::getNFCInstance(error);
};

const Normalizers& Forms() {
  static const auto& forms = *new Normalizers;
  return forms;
}

icu::UnicodeString Normalized(const icu::Normalizer2& form, const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString normalized;
  form.normalize(text, normalized, error);
  return normalized;
}

icu::UnicodeString Folded(const icu::UnicodeString& text) {
  const icu::UnicodeString marked =
      Normalized(Forms().decompose, Normalized(Forms().casefold, text));
  icu::UnicodeString plain;
  for (int i = 0; i < marked.length(); i = marked.moveIndex32(i, 1)) {
    if (const UChar32 c = marked.char32At(i); !IsAccent(c)) plain.append(c);
  }
  return Normalized(Forms().compose, plain);
}

// Folds a text piece by piece, each from one boundary of normalization to the next, so that it is
// known where each character comes from. Gives `sink` each FoldedCharacter in order.
template <typename Sink>
class Folder {
 public:
  explicit Folder(Sink sink) : sink_(std::move(sink)) {}

  void Fold(std::string_view text) {
    const auto size = static_cast<int32_t>(text.size());
    for (int32_t i = 0; i < size;) {
      const int32_t start = i;
      // Nothing joins two characters of ASCII: most texts are read here.
      if (IsAscii(text, i) && (i + 1 == size || IsAscii(text, i + 1))) {
        EndPiece(i);
        begin_ = ++i;
        sink_({absl::ascii_tolower(text[start]), static_cast<size_t>(start), begin_});
        continue;
      }
      UChar32 c = 0;
      U8_NEXT_OR_FFFD(text, i, size, c);
      if (Forms().casefold.hasBoundaryBefore(c)) EndPiece(start);
      piece_.append(c);
    }
    EndPiece(text.size());
  }

 private:
  static bool IsAscii(std::string_view text, int32_t at) { return U8_IS_SINGLE(text[at]); }

  void EndPiece(size_t at) {
    if (!piece_.isEmpty()) GivePiece(at);
    begin_ = at;
  }

  void GivePiece(size_t at) {
    const UChar32 first = piece_.char32At(0);
    const bool one = piece_.length() == U16_LENGTH(first);
    if (one && first < 0x80) {
      sink_({u_tolower(first), begin_, at});
    } else if (one && Forms().casefold.isInert(first) && Forms().decompose.isInert(first)) {
      sink_({first, begin_, at});
    } else {
      const icu::UnicodeString folded = Folded(piece_);
      for (int i = 0; i < folded.length(); i = folded.moveIndex32(i, 1))
        sink_({folded.char32At(i), begin_, at});
    }
    piece_.remove();
  }

  Sink sink_;
  icu::UnicodeString piece_;
  size_t begin_ = 0;
};

template <typename Sink>
void ForEachFolded(std::string_view text, Sink sink) {
  Folder<Sink>(std::move(sink)).Fold(text);
}

// Collects words from folded text, character by character.
class WordCollector {
 public:
  explicit WordCollector(bool with_singles) : with_singles_(with_singles) {}

  void Take(const FoldedCharacter& character) {
    const bool is_word = IsWordCharacter(character.value);
    const bool is_unspaced = is_word && IsUnspaced(character.value);
    if (!is_word || is_unspaced != is_unspaced_) End();
    if (!is_word) return;
    is_unspaced_ = is_unspaced;
    run_.push_back(character);
  }

  void End() {
    if (is_unspaced_ && run_.size() > 1) {
      for (size_t i = 0; i < run_.size(); ++i) {
        if (with_singles_) Add(i, 1);
        if (i + 1 < run_.size()) Add(i, 2);
      }
    } else if (!run_.empty()) {
      Add(0, std::min(run_.size(), kLongestWord));
    }
    run_.clear();
  }

  std::vector<Word> Words() && { return std::move(words_); }

 private:
  void Add(size_t from, size_t count) {
    Word& word = words_.emplace_back();
    for (size_t i = from; i < from + count; ++i) {
      if (run_[i].value < 0x80) {
        word.text += static_cast<char>(run_[i].value);
        continue;
      }
      std::array<char, U8_MAX_LENGTH> bytes;
      int length = 0;
      U8_APPEND_UNSAFE(bytes, length, run_[i].value);
      word.text.append(bytes.data(), length);
    }
    word.begin = run_[from].begin;
    word.end = is_unspaced_ ? run_[from + count - 1].end : run_.back().end;
  }

  const bool with_singles_;
  std::vector<FoldedCharacter> run_;
  bool is_unspaced_ = false;
  std::vector<Word> words_;
};

std::vector<Word> Collect(std::string_view text, bool with_singles) {
  WordCollector collector(with_singles);
  ForEachFolded(text, [&](const FoldedCharacter& character) { collector.Take(character); });
  collector.End();
  return std::move(collector).Words();
}

std::string Joined(const std::vector<Word>& words, bool with_stop_words) {
  std::string joined;
  for (const Word& word : words) {
    if (!with_stop_words && IsStopWord(word.text)) continue;
    if (!joined.empty()) joined += ' ';
    joined += word.text;
  }
  return joined;
}

std::vector<std::string> EachOnce(const std::vector<Word>& words, bool with_stop_words) {
  std::vector<std::string> once;
  absl::flat_hash_set<std::string> seen;
  for (const Word& word : words) {
    if (!with_stop_words && IsStopWord(word.text)) continue;
    if (seen.insert(word.text).second) once.push_back(word.text);
  }
  if (once.size() > kMostQueryWords) {
    constexpr size_t kFromEachEnd = kMostQueryWords / 2;
    once.erase(once.begin() + kFromEachEnd, once.end() - kFromEachEnd);
  }
  return once;
}

// Folded, with one space for each run of what is no word character.
std::u32string Phrase(std::string_view text) {
  std::u32string phrase;
  ForEachFolded(text, [&](const FoldedCharacter& character) {
    if (IsWordCharacter(character.value)) {
      phrase += static_cast<char32_t>(character.value);
    } else if (!phrase.empty() && phrase.back() != U' ') {
      phrase += U' ';
    }
  });
  if (!phrase.empty() && phrase.back() == U' ') phrase.pop_back();
  return phrase;
}

// Whether the letter at `at` closes the syllable before it: a Burmese letter under an asat, a
// letter above a stacked one.
bool ClosesSyllable(std::u32string_view text, size_t at) {
  constexpr char32_t kAsat = 0x103A;
  for (size_t i = at + 1; i < text.size() && IsMark(static_cast<UChar32>(text[i])); ++i) {
    if (text[i] == kAsat) return true;
    if (u_getIntPropertyValue(static_cast<UChar32>(text[i]), UCHAR_INDIC_SYLLABIC_CATEGORY) ==
        U_INSC_INVISIBLE_STACKER) {
      return true;
    }
  }
  return false;
}

// Vowels of Thai and Lao that are written after their consonant and are no marks.
bool IsFollowingVowel(UChar32 c) {
  return u_getIntPropertyValue(c, UCHAR_INDIC_SYLLABIC_CATEGORY) == U_INSC_VOWEL_DEPENDENT &&
         u_hasBinaryProperty(c, UCHAR_LOGICAL_ORDER_EXCEPTION) == 0;
}

// Whether a word of an unspaced script may end before `at` and the next begin there.
bool IsSyllableStart(std::u32string_view text, size_t at) {
  const auto before = static_cast<UChar32>(text[at - 1]);
  const auto after = static_cast<UChar32>(text[at]);
  if (IsHangul(before) && IsHangul(after)) return false;
  if (u_hasBinaryProperty(before, UCHAR_LOGICAL_ORDER_EXCEPTION) != 0) return false;
  if (u_getIntPropertyValue(before, UCHAR_INDIC_SYLLABIC_CATEGORY) == U_INSC_INVISIBLE_STACKER) {
    return false;
  }
  return !IsFollowingVowel(after) && !ClosesSyllable(text, at);
}

// Whether a word may end before `at` and another one begin there.
bool IsWordLimit(std::u32string_view text, size_t at) {
  if (at == 0 || at == text.size()) return true;
  const auto before = static_cast<UChar32>(text[at - 1]);
  const auto after = static_cast<UChar32>(text[at]);
  if (!IsWordCharacter(before) || !IsWordCharacter(after)) return true;
  if (IsMark(after)) return false;
  if (IsUnspaced(before) != IsUnspaced(after)) return true;
  return IsUnspaced(before) && IsSyllableStart(text, at);
}

bool AreParticles(std::u32string_view ending) {
  return std::any_of(kHonorifics.begin(), kHonorifics.end(), [&](std::u32string_view honorific) {
    return ending.starts_with(honorific) &&
           std::find(kParticles.begin(), kParticles.end(), ending.substr(honorific.size())) !=
               kParticles.end();
  });
}

// Whether what follows `at` up to the end of its Hangul are particles.
bool AreParticlesFrom(std::u32string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsHangul(static_cast<UChar32>(text[end])))
    ++end;
  return at > 0 && IsHangul(static_cast<UChar32>(text[at - 1])) &&
         AreParticles(text.substr(at, end - at));
}

}  // namespace

bool IsStopWord(std::string_view word) {
  const bool is_letter = word.size() == 1 && word[0] >= 'a' && word[0] <= 'z';
  return is_letter || std::binary_search(kStopWords.begin(), kStopWords.end(), word);
}

std::vector<Word> SplitWords(std::string_view text) {
  return Collect(text, /*with_singles=*/false);
}

std::vector<Word> SplitIndexWords(std::string_view text) {
  return Collect(text, /*with_singles=*/true);
}

std::vector<std::string> SearchWords(std::string_view text) {
  std::vector<std::string> words;
  for (Word& word : SplitWords(text)) {
    if (!IsStopWord(word.text)) words.push_back(std::move(word.text));
  }
  return words;
}

std::string FoldedText(std::string_view text) {
  return Joined(SplitWords(text), /*with_stop_words=*/true);
}

std::string FoldCharacters(std::string_view text) {
  icu::UnicodeString folded;
  ForEachFolded(text, [&](const FoldedCharacter& c) { folded.append(c.value); });
  std::string utf8;
  return folded.toUTF8String(utf8);
}

std::string IndexedText(std::string_view text) {
  return Joined(SplitIndexWords(text), /*with_stop_words=*/false);
}

std::string IndexedTextWithStopWords(std::string_view text) {
  return Joined(SplitIndexWords(text), /*with_stop_words=*/true);
}

std::vector<std::string> QueryWords(std::string_view text) {
  return EachOnce(SplitWords(text), /*with_stop_words=*/false);
}

std::vector<std::string> QueryWordsOrStopWords(std::string_view text) {
  std::vector<std::string> words = QueryWords(text);
  return words.empty() ? EachOnce(SplitWords(text), /*with_stop_words=*/true) : words;
}

PhraseFinder::PhraseFinder(std::string_view text) : text_(Phrase(text)) {}

size_t PhraseFinder::Length(std::string_view phrase) {
  return Phrase(phrase).size();
}

size_t PhraseFinder::Find(const std::u32string& phrase, size_t from) const {
  if (phrase.empty()) return std::u32string::npos;
  while (true) {
    const size_t at = text_.find(phrase, from);
    if (at == std::u32string::npos) return at;
    const size_t end = at + phrase.size();
    const bool ends = IsWordLimit(text_, end) || AreParticlesFrom(text_, end);
    if (ends && IsWordLimit(text_, at)) return at;
    from = at + 1;
  }
}

bool PhraseFinder::Has(std::string_view phrase) const {
  return Find(Phrase(phrase), 0) != std::u32string::npos;
}

bool PhraseFinder::Take(std::string_view phrase) {
  const std::u32string wanted = Phrase(phrase);
  bool found = false;
  for (size_t at = 0; (at = Find(wanted, at)) != std::u32string::npos; at += wanted.size()) {
    found = true;
    // No word has a full stop, and it separates what stands around it.
    std::fill_n(text_.begin() + static_cast<std::ptrdiff_t>(at), wanted.size(), U'.');
  }
  return found;
}

}  // namespace dramatis
