#include "services/conversation/search/search_text.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/model/session_views.h"
#include "shared/text/graphemes.h"
#include "shared/text/text.h"
#include "shared/text/words.h"

namespace dramatis::conversation {
namespace {

// PostgreSQL's tsvector takes 1 MiB.
constexpr size_t kMostWords = 20'000;
constexpr size_t kShortestBeginning = 2;
constexpr size_t kLongestBeginning = 12;
// Code points of a snippet, and of what stands in it before the first word.
constexpr size_t kSnippet = 160;
constexpr size_t kBefore = 40;
constexpr std::string_view kEllipsis = "\u2026";

// Collects words, each once: at most `most`, which outlive it.
class Collector {
 public:
  explicit Collector(size_t most) { seen_.reserve(std::min(most, kMostWords)); }

  void Add(std::string_view word) {
    if (seen_.size() >= kMostWords || !seen_.insert(word).second) return;
    if (!words_.empty()) words_ += ' ';
    words_ += word;
  }
  size_t count() const { return seen_.size(); }
  std::string Take() && { return std::move(words_); }

 private:
  absl::flat_hash_set<std::string_view> seen_;
  std::string words_;
};

// Bytes from `at` back to `code_points` code points before it.
size_t Before(std::string_view text, size_t at, size_t code_points) {
  size_t begin = at;
  for (size_t i = 0; i < code_points && begin > 0; ++i)
    begin = Utf8Floor(text, begin - 1);
  return begin;
}

bool IsWanted(const std::string& word, bool beginnings, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& wanted) {
    return word == wanted || (beginnings && absl::StartsWith(word, wanted));
  });
}

// Where the words stand, in bytes, those that overlap made one.
std::vector<std::pair<size_t, size_t>> Ranges(const std::string& text,
                                              bool beginnings,
                                              const std::vector<std::string>& words) {
  std::vector<std::pair<size_t, size_t>> ranges;
  for (const Word& word : SplitIndexWords(text)) {
    if (!IsWanted(word.text, beginnings, words)) continue;
    if (!ranges.empty() && word.begin < ranges.back().second) {
      ranges.back().second = std::max(ranges.back().second, word.end);
    } else {
      ranges.emplace_back(word.begin, word.end);
    }
  }
  return ranges;
}

std::vector<v1::SearchMatch> MatchesOf(const std::function<v1::SearchMatch()>& title,
                                       const std::vector<FoundPlace>& places,
                                       const std::vector<std::string>& words) {
  std::vector<v1::SearchMatch> matches;
  for (const FoundPlace& place : places) {
    if (place.sequence == 0) {
      matches.push_back(title());
      continue;
    }
    v1::SearchMatch& match =
        matches.emplace_back(MatchIn(v1::MATCH_FIELD_MESSAGE, place.content, words));
    match.set_message_id(place.message_id);
    match.set_sequence(place.sequence);
    *match.mutable_create_time() = ToTimestamp(place.created_at);
  }
  return matches;
}

}  // namespace

SearchText MessageSearchText(std::string_view content) {
  const std::vector<Word> words = SplitIndexWords(content);
  Collector collector(words.size());
  for (const Word& word : words)
    collector.Add(word.text);
  const int size = static_cast<int>(collector.count());
  return {.words = std::move(collector).Take(), .size = size};
}

SearchText TitleSearchText(std::string_view title) {
  const std::vector<Word> words = SplitIndexWords(title);
  Collector collector(words.size() * kLongestBeginning);
  for (const Word& word : words)
    collector.Add(word.text);
  const int size = static_cast<int>(collector.count());
  for (const Word& word : words) {
    const size_t length = std::min(CodePoints(word.text), kLongestBeginning);
    for (size_t i = kShortestBeginning; i < length; ++i)
      collector.Add(FirstCodePoints(word.text, i));
  }
  return {.words = std::move(collector).Take(), .size = size};
}

SearchText RoomSearchText(const RoomRow& room) {
  return TitleSearchText(absl::StrCat(room.title, "\n", room.topic, "\n", room.description));
}

std::vector<std::string> SearchedWords(std::string_view q) {
  return QueryWordsOrStopWords(q);
}

v1::SearchMatch MatchIn(v1::MatchField field,
                        const std::string& text,
                        const std::vector<std::string>& words) {
  const auto ranges = Ranges(text, field != v1::MATCH_FIELD_MESSAGE, words);
  size_t begin = 0;
  if (!ranges.empty() && CodePoints(text) > kSnippet) {
    begin = GraphemeFloor(text, Before(text, ranges.front().first, kBefore));
  }
  const std::string_view rest = std::string_view(text).substr(begin);
  const std::string_view shown = FirstGraphemes(rest, kSnippet);
  v1::SearchMatch match;
  match.set_field(field);
  std::string& snippet = *match.mutable_snippet();
  if (begin > 0) snippet += kEllipsis;
  const size_t lead = CodePoints(snippet);
  snippet += shown;
  if (shown.size() < rest.size()) snippet += kEllipsis;
  for (const auto& [from, to] : ranges) {
    if (to > begin + shown.size()) break;
    v1::SearchMatch::Highlight& highlight = *match.add_highlights();
    highlight.set_start(static_cast<int>(lead + CodePoints(shown.substr(0, from - begin))));
    highlight.set_end(static_cast<int>(lead + CodePoints(shown.substr(0, to - begin))));
  }
  return match;
}

std::vector<v1::SearchMatch> MatchesOf(const std::string& title,
                                       const std::vector<FoundPlace>& places,
                                       const std::vector<std::string>& words) {
  return MatchesOf([&] { return MatchIn(v1::MATCH_FIELD_TITLE, title, words); }, places, words);
}

std::vector<v1::SearchMatch> MatchesOf(const RoomRow& room,
                                       const std::vector<FoundPlace>& places,
                                       const std::vector<std::string>& words) {
  // Of the three the one that has the most of them.
  const auto best = [&] {
    v1::SearchMatch match = MatchIn(v1::MATCH_FIELD_TITLE, room.title, words);
    for (v1::SearchMatch other : {MatchIn(v1::MATCH_FIELD_TOPIC, room.topic, words),
                                  MatchIn(v1::MATCH_FIELD_DESCRIPTION, room.description, words)}) {
      if (other.highlights_size() > match.highlights_size()) match = std::move(other);
    }
    return match;
  };
  return MatchesOf(best, places, words);
}

}  // namespace dramatis::conversation
