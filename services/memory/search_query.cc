#include "services/memory/search_query.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"
#include "unicode/normalizer2.h"
#include "unicode/uchar.h"
#include "unicode/unistr.h"
#include "unicode/uscript.h"

namespace dramatis::memory {
namespace {

constexpr int kLongestWord = 64;

// The stop words of PostgreSQL's and Snowball's English dictionaries
// (https://snowballstem.org/algorithms/english/stop.txt), sorted; the pieces that an apostrophe
// leaves behind are among them. Single letters say as little.
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

bool IsStopWord(std::string_view word) {
  const bool is_letter = word.size() == 1 && word[0] >= 'a' && word[0] <= 'z';
  return is_letter || std::binary_search(kStopWords.begin(), kStopWords.end(), word);
}

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
  constexpr uint32_t kMask = U_GC_L_MASK | U_GC_N_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
  return (U_GET_GC_MASK(c) & kMask) != 0;
}

// Whether the script is written without spaces, or with so many endings that pairs find more.
bool IsUnspaced(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(c, &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return true;
    default:
      return false;
  }
}

icu::UnicodeString Normalized(const icu::Normalizer2* (*form)(UErrorCode&),
                              const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString normalized;
  form(error)->normalize(text, normalized, error);
  return normalized;
}

icu::UnicodeString Folded(std::string_view text) {
  const icu::UnicodeString utf16 =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size())));
  const icu::UnicodeString marked =
      Normalized(&icu::Normalizer2::getNFDInstance,
                 Normalized(&icu::Normalizer2::getNFKCCasefoldInstance, utf16));
  icu::UnicodeString plain;
  for (int i = 0; i < marked.length(); i = marked.moveIndex32(i, 1)) {
    if (const UChar32 c = marked.char32At(i); !IsAccent(c)) plain.append(c);
  }
  return Normalized(&icu::Normalizer2::getNFCInstance, plain);
}

// Collects words from folded text, character by character.
class WordCollector {
 public:
  explicit WordCollector(bool with_stop_words) : with_stop_words_(with_stop_words) {}

  void Take(UChar32 c) {
    const bool is_unspaced = IsUnspaced(c);
    if (!IsWordCharacter(c) || is_unspaced != is_unspaced_) End();
    if (!IsWordCharacter(c)) return;
    is_unspaced_ = is_unspaced;
    run_.push_back(c);
  }

  void End() {
    if (is_unspaced_ && run_.size() > 1) {
      for (size_t i = 0; i + 1 < run_.size(); ++i)
        Add(i, 2);
    } else if (!run_.empty()) {
      Add(0, std::min<size_t>(run_.size(), kLongestWord));
    }
    run_.clear();
  }

  std::vector<std::string> Words() && { return std::move(words_); }

 private:
  void Add(size_t from, size_t count) {
    std::string word;
    icu::UnicodeString::fromUTF32(run_.data() + from, static_cast<int>(count)).toUTF8String(word);
    if (with_stop_words_ || !IsStopWord(word)) words_.push_back(std::move(word));
  }

  const bool with_stop_words_;
  std::vector<UChar32> run_;
  bool is_unspaced_ = false;
  std::vector<std::string> words_;
};

std::vector<std::string> CollectWords(std::string_view text, bool with_stop_words) {
  const icu::UnicodeString folded = Folded(text);
  WordCollector collector(with_stop_words);
  for (int i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    collector.Take(folded.char32At(i));
  }
  collector.End();
  return std::move(collector).Words();
}

}  // namespace

std::vector<std::string> SearchWords(std::string_view text) {
  return CollectWords(text, /*with_stop_words=*/false);
}

std::string FoldedText(std::string_view text) {
  return absl::StrJoin(CollectWords(text, /*with_stop_words=*/true), " ");
}

std::string IndexedText(std::string_view text) {
  return absl::StrJoin(SearchWords(text), " ");
}

std::vector<std::string> QueryWords(std::string_view text) {
  std::vector<std::string> words;
  absl::flat_hash_set<std::string> seen;
  for (std::string& word : SearchWords(text)) {
    if (seen.insert(word).second) words.push_back(std::move(word));
  }
  if (words.size() > kMostQueryWords) {
    constexpr size_t kFromEachEnd = kMostQueryWords / 2;
    words.erase(words.begin() + kFromEachEnd, words.end() - kFromEachEnd);
  }
  return words;
}

}  // namespace dramatis::memory
