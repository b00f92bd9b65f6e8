#include "services/inference/prompt/bpe.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <re2/re2.h>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dramatis::inference {
namespace {

constexpr size_t kLongestWord = 1024;

// White space as Unicode has it; RE2's own is ASCII's.
#define DRAMATIS_SPACE R"(\t\n\x0B\f\r\x{85}\p{Z})"

// tiktoken's patterns without their last two alternatives, which look ahead: see SpaceLength.
constexpr char kCl100kWord[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
    R"( ?[^)" DRAMATIS_SPACE R"(\p{L}\p{N}]+[\r\n]*|[)" DRAMATIS_SPACE R"(]*[\r\n]+)";
constexpr char kO200kWord[] =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^)" DRAMATIS_SPACE R"(\p{L}\p{N}]+[\r\n/]*|[)" DRAMATIS_SPACE R"(]*[\r\n]+)";
constexpr char kSpaces[] = "[" DRAMATIS_SPACE "]+";
constexpr char kLastSpace[] = "([" DRAMATIS_SPACE "])$";

#undef DRAMATIS_SPACE

constexpr int kNoRank = std::numeric_limits<int>::max();

}  // namespace

struct BpeCounter::Splitter {
  explicit Splitter(const char* pattern) : word_(absl::StrCat("(", pattern, ")")) {}

  // The length of the first word of a text that is not empty.
  size_t FirstWord(std::string_view text) const {
    re2::StringPiece rest(text.data(), text.size());
    re2::StringPiece found;
    if (RE2::Consume(&rest, word_, &found) && !found.empty()) return found.size();
    return SpaceLength(text);
  }

 private:
  // `\s+(?!\S)|\s+`: all of the white space, but for its last character where a word follows.
  size_t SpaceLength(std::string_view text) const {
    static const RE2& spaces = *new RE2(std::string("(") + kSpaces + ")");
    static const RE2& last = *new RE2(kLastSpace);
    re2::StringPiece rest(text.data(), text.size());
    re2::StringPiece run;
    if (!RE2::Consume(&rest, spaces, &run)) return 1;  // no character that the patterns know
    if (rest.empty()) return run.size();
    re2::StringPiece end;
    if (!RE2::PartialMatch(run, last, &end) || end.size() == run.size()) return run.size();
    return run.size() - end.size();
  }

  RE2 word_;
};

BpeCounter::BpeCounter(BpeSplit split)
    : splitter_([split]() -> const Splitter& {
        static const auto& cl100k = *new Splitter(kCl100kWord);
        static const auto& o200k = *new Splitter(kO200kWord);
        return split == BpeSplit::kCl100k ? cl100k : o200k;
      }()) {}

absl::StatusOr<std::shared_ptr<const BpeCounter>> BpeCounter::Parse(std::string_view ranks,
                                                                    BpeSplit split) {
  std::shared_ptr<BpeCounter> counter(new BpeCounter(split));
  int number = 0;
  for (const auto& line : absl::StrSplit(absl::string_view(ranks.data(), ranks.size()), '\n')) {
    ++number;
    if (line.empty()) continue;
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    std::string token;
    int rank = 0;
    if (parts.size() != 2 || !absl::Base64Unescape(parts[0], &token) || token.empty() ||
        !absl::SimpleAtoi(parts[1], &rank) || rank < 0) {
      return absl::InvalidArgumentError(absl::StrCat("has no token and rank in line ", number));
    }
    counter->ranks_.emplace(std::move(token), rank);
  }
  for (int byte = 0; byte <= std::numeric_limits<unsigned char>::max(); ++byte) {
    if (!counter->ranks_.contains(std::string(1, static_cast<char>(byte)))) {
      return absl::InvalidArgumentError(absl::StrCat("has no token for the byte ", byte));
    }
  }
  return counter;
}

int BpeCounter::Count(std::string_view text) const {
  int64_t tokens = 0;
  while (!text.empty()) {
    const size_t length = splitter_.FirstWord(text);
    for (size_t at = 0; at < length; at += kLongestWord)
      tokens += CountWord(text.substr(at, std::min(kLongestWord, length - at)));
    text.remove_prefix(length);
  }
  return static_cast<int>(std::min<int64_t>(tokens, std::numeric_limits<int>::max()));
}

// Joins the two neighbours of the lowest rank, again and again.
int BpeCounter::CountWord(std::string_view word) const {
  if (ranks_.contains(std::string(word))) return 1;
  // Where each part begins, and the rank of it joined with the next one.
  struct Part {
    size_t begin;
    int rank;
  };
  std::vector<Part> parts;
  for (size_t i = 0; i <= word.size(); ++i)
    parts.push_back({i, kNoRank});
  const auto rank_of = [&](size_t part) {
    if (part + 2 >= parts.size()) return kNoRank;
    const size_t begin = parts[part].begin;
    const auto found = ranks_.find(std::string(word.substr(begin, parts[part + 2].begin - begin)));
    return found == ranks_.end() ? kNoRank : found->second;
  };
  for (size_t i = 0; i < parts.size(); ++i)
    parts[i].rank = rank_of(i);
  while (true) {
    const auto lowest = std::min_element(
        parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.rank < b.rank; });
    if (lowest->rank == kNoRank) return static_cast<int>(parts.size()) - 1;
    const size_t at = lowest - parts.begin();
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(at) + 1);
    parts[at].rank = rank_of(at);
    if (at > 0) parts[at - 1].rank = rank_of(at - 1);
  }
}

}  // namespace dramatis::inference
