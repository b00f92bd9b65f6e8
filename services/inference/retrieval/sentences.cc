#include "services/inference/retrieval/sentences.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

constexpr size_t kMaxHeadingBytes = 48;

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const size_t end = text.find('\n');
    lines.push_back(TrimSpace(text.substr(0, end)));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

bool IsRule(std::string_view line) {
  constexpr size_t kLeast = 3;
  return line.size() >= kLeast && (line[0] == '=' || line[0] == '-' || line[0] == '*') &&
         line.find_first_not_of(line[0]) == std::string_view::npos;
}

// Without the mark of a list's item; the same where it is none.
std::string_view WithoutBullet(std::string_view line) {
  for (const std::string_view mark : {"- ", "* ", "+ ", "\xE2\x80\xA2 "}) {  // the last is U+2022
    if (line.starts_with(mark)) return TrimSpace(line.substr(mark.size()));
  }
  const size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  constexpr size_t kMostDigits = 3;
  if (digits == 0 || digits > kMostDigits || digits + 1 >= line.size()) return line;
  const bool mark = (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ';
  return mark ? TrimSpace(line.substr(digits + 1)) : line;
}

bool EndsSentence(char c) {
  return c == '.' || c == '!' || c == '?';
}

// Common words that end with a full stop and no sentence.
bool IsAbbreviation(std::string_view word) {
  static constexpr std::array<std::string_view, 18> kAbbreviations = {
      "dr.", "mr.", "mrs.", "ms.", "prof.", "st.",     "e.g.", "i.e.", "etc.",
      "vs.", "no.", "jr.",  "sr.", "ca.",   "approx.", "inc.", "ltd.", "dept."};
  const std::string lower = AsciiLower(word);
  if (std::find(kAbbreviations.begin(), kAbbreviations.end(), lower) != kAbbreviations.end()) {
    return true;
  }
  // An initial, as in "J. Smith".
  return word.size() == 2 && word[0] >= 'A' && word[0] <= 'Z' && word[0] != 'I';
}

// The length of an ideographic full stop, exclamation or question mark, a danda or an Arabic
// question mark at the start, or 0.
size_t WideStop(std::string_view text) {
  for (const std::string_view stop :
       {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F", "\xE0\xA5\xA4", "\xD8\x9F"}) {
    if (text.starts_with(stop)) return stop.size();
  }
  return 0;
}

size_t ClosingLength(std::string_view text) {
  for (const std::string_view mark : {"\"", "'", ")", "]", "\xE2\x80\x9D", "\xE2\x80\x99"}) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

// Where the sentence at the start of `text` ends.
size_t SentenceLength(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (const size_t wide = WideStop(text.substr(i)); wide > 0) return i + wide;
    if (!EndsSentence(text[i])) continue;
    const size_t stop = i;
    size_t end = i + 1;
    while (end < text.size() && EndsSentence(text[end]))
      ++end;
    while (const size_t closing = ClosingLength(text.substr(end)))
      end += closing;
    i = end - 1;
    if (end == text.size()) return end;
    if (text[end] != ' ') continue;
    const size_t space = text.rfind(' ', stop);
    const size_t word = space == std::string_view::npos ? 0 : space + 1;
    if (text[stop] == '.' && IsAbbreviation(text.substr(word, stop + 1 - word))) continue;
    // A small letter goes on with the same sentence, as after "1.5 k. of".
    if (!absl::ascii_islower(static_cast<unsigned char>(text[end + 1]))) return end;
  }
  return text.size();
}

// Reads lines into sentences.
class Splitter {
 public:
  std::vector<Sentence> Split(std::string_view text) {
    const std::vector<std::string_view> lines = Lines(text);
    for (size_t i = 0; i < lines.size(); ++i) {
      const std::string_view next = i + 1 < lines.size() ? lines[i + 1] : std::string_view();
      const bool fresh = paragraph_.empty();
      if (lines[i].empty() || IsRule(lines[i])) {
        EndParagraph();
      } else if (!ReadHeading(lines[i], next, fresh)) {
        ReadText(lines[i]);
      }
    }
    EndParagraph();
    KeepLonelyHeading();
    return std::move(sentences_);
  }

 private:
  void SetHeading(std::string_view text, int level, bool plain = false) {
    EndParagraph();
    KeepLonelyHeading();
    heading_ = std::string(TrimSpace(text));
    level_ = level;
    lonely_ = plain;
  }

  // A short line with nothing below it was no heading after all.
  void KeepLonelyHeading() {
    if (!std::exchange(lonely_, false)) return;
    const std::string text = std::exchange(heading_, "");
    level_ = 0;
    sentences_.push_back({.text = text, .heading = "", .level = 0, .paragraph = paragraphs_++});
  }

  bool ReadHeading(std::string_view line, std::string_view next, bool fresh) {
    const size_t marks = std::min(line.find_first_not_of('#'), line.size());
    constexpr size_t kMostMarks = 6;
    if (marks > 0 && marks <= kMostMarks && marks < line.size() && line[marks] == ' ') {
      SetHeading(line.substr(marks), static_cast<int>(marks));
      return true;
    }
    if (!fresh || line.size() > kMaxHeadingBytes || WithoutBullet(line) != line) return false;
    if (IsRule(next) && next[0] != '*') {
      SetHeading(line, next[0] == '=' ? 1 : 2);
      return true;
    }
    constexpr int kPlainLevel = 2;
    if (line.back() == ':') {
      SetHeading(line.substr(0, line.size() - 1), kPlainLevel);
      return true;
    }
    constexpr std::string_view kInSentences = ".!?,;:";
    const bool words_only =
        line.find_first_of(kInSentences) == std::string_view::npos &&
        WideStop(line.substr(line.size() - std::min<size_t>(3, line.size()))) == 0;
    const auto small = [](std::string_view text) {
      return !text.empty() && absl::ascii_islower(static_cast<unsigned char>(text[0]));
    };
    constexpr int kMostSpaces = 4;
    if (!words_only || small(line) || small(next) ||
        std::count(line.begin(), line.end(), ' ') > kMostSpaces) {
      return false;
    }
    SetHeading(line, kPlainLevel, /*plain=*/true);
    return true;
  }

  void ReadText(std::string_view line) {
    const std::string_view item = WithoutBullet(line);
    if (item != line) EndParagraph();
    if (!paragraph_.empty()) paragraph_ += ' ';
    paragraph_ += item;
  }

  void EndParagraph() {
    std::string_view rest = paragraph_;
    while (!(rest = TrimSpace(rest)).empty()) {
      const size_t length = SentenceLength(rest);
      sentences_.push_back({.text = std::string(TrimSpace(rest.substr(0, length))),
                            .heading = heading_,
                            .level = level_,
                            .paragraph = paragraphs_});
      rest.remove_prefix(length);
    }
    if (!paragraph_.empty()) {
      ++paragraphs_;
      lonely_ = false;
    }
    paragraph_.clear();
  }

  std::vector<Sentence> sentences_;
  std::string paragraph_;
  std::string heading_;
  int level_ = 0;
  bool lonely_ = false;  // a plain heading that has no text yet
  int paragraphs_ = 0;
};

}  // namespace

std::vector<Sentence> SplitSentences(std::string_view text) {
  return Splitter().Split(text);
}

bool IsQuestion(const std::string& text) {
  return !text.empty() && (text.back() == '?' || text.find("\xEF\xBC\x9F") != std::string::npos);
}

}  // namespace dramatis::inference
