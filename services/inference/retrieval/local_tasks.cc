#include "services/inference/retrieval/local_tasks.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/inference/retrieval/sentences.h"
#include "services/inference/retrieval/terms.h"
#include "shared/text/graphemes.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

constexpr size_t kMostSummaryLines = 16;
constexpr size_t kMostSummaryBytes = 1800;
constexpr size_t kLongestSentence = 300;  // code points of one that is taken
constexpr size_t kFewestTerms = 2;        // of a sentence that says something

// How a lasting statement of oneself begins, or goes on after "and" or a comma: in the words of
// retrieval/terms.h, without apostrophes.
constexpr const char* kOpenings[] = {
    "my name is",   "call me",        "i am called",    "i come from",  "i am from",
    "im from",      "i live in",      "i live with",    "i live near",  "i moved to",
    "i work as",    "i work at",      "i work for",     "i work in",    "i study",
    "i was born",   "i grew up",      "i am allergic",  "im allergic",  "i am a",
    "im a",         "i am an",        "im an",          "i am married", "im married",
    "i like",       "i love",         "i enjoy",        "i prefer",     "i hate",
    "i dislike",    "i dont like",    "i do not like",  "i dont eat",   "i do not eat",
    "i dont drink", "i do not drink", "i cant eat",     "i cannot eat", "i speak",
    "i play",       "i collect",      "i own",          "i have a",     "i have an",
    "i have two",   "i have three",   "my birthday is", "my favourite", "my favorite",
    "my job is",    "my hobby is",    "my hobbies are", "my wife",      "my husband",
    "my partner",   "my son",         "my daughter",    "my children",  "my mother",
    "my father",    "my brother",     "my sister",      "my dog",       "my cat",
    "my pronouns",
};

// What follows where the sentence is about the conversation or the moment.
constexpr const char* kPassing[] = {
    "i like that",    "i like this",      "i like it",         "i like your",
    "i like you",     "i like how",       "i like what",       "i love that",
    "i love this",    "i love it",        "i love your",       "i love you",
    "i love how",     "i hate that",      "i hate this",       "i hate it",
    "i enjoy this",   "i enjoy it",       "i have a question", "i have a problem",
    "i have an idea", "i have a feeling", "i have a doubt",    "i am a bit",
    "im a bit",       "i am a little",    "im a little",       "i have a moment",
    "call me back",   "call me later",
};

// Who says it repeats what was said or recalled before.
constexpr const char* kRepeated[] = {"as i said",   "like i said", "as i told you",
                                     "as you know", "as you said", "you said",
                                     "you told me", "i told you",  "you know that"};

// Who says it does not say that it is so.
constexpr const char* kUncertain[] = {"if",      "imagine", "suppose", "pretend", "maybe",
                                      "perhaps", "what",    "say",     "write",   "translate"};

bool Holds(const std::string& spaced, const char* phrase) {
  return spaced.find(absl::StrCat(" ", phrase, " ")) != std::string::npos;
}

// One line, so that it can stand in an answer.
std::string OneLine(const std::string& text) {
  std::string line =
      absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty()), " ");
  std::erase_if(line, [](unsigned char c) { return c < ' ' || c == 0x7F; });
  return line;
}

// The sentences of a message. In a chat each line stands for itself: nothing is a heading.
std::vector<std::string> SentencesOf(const std::string& text) {
  std::vector<std::string> sentences;
  for (const absl::string_view row : absl::StrSplit(text, '\n')) {
    std::string_view line = TrimSpace(std::string_view(row.data(), row.size()));
    line.remove_prefix(std::min(line.find_first_not_of('#'), line.size()));
    for (const Sentence& sentence : SplitSentences(line))
      sentences.push_back(OneLine(sentence.text));
  }
  return sentences;
}

// What its writer says themselves: quoted lines (`> ...`) are somebody else's.
std::string OwnWords(const std::string& text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  std::erase_if(lines, [](absl::string_view row) {
    return TrimSpace(std::string_view(row.data(), row.size())).starts_with('>');
  });
  return absl::StrJoin(lines, "\n");
}

// A sentence that may stand in a summary.
struct SummaryLine {
  std::string text;  // with who said it
  std::vector<std::string> terms;
};

std::vector<SummaryLine> SummaryLines(const v1::RunTaskRequest& request) {
  std::vector<SummaryLine> lines;
  for (const absl::string_view row : absl::StrSplit(request.previous_summary(), '\n')) {
    const std::string line = OneLine(std::string(row));
    if (!line.empty()) lines.push_back({line, Terms(line)});
  }
  for (const auto& said : request.lines()) {
    for (const std::string& text : SentencesOf(said.text())) {
      std::vector<std::string> terms = Terms(text);
      const bool telling =
          !IsQuestion(text) && terms.size() >= kFewestTerms && CodePoints(text) <= kLongestSentence;
      if (telling) lines.push_back({absl::StrCat(said.speaker(), ": ", text), std::move(terms)});
    }
  }
  return lines;
}

// How much of what the conversation is about stands in each line: the mean of its terms'
// frequencies (Nenkova and Vanderwende, The Impact of Frequency on Summarization, 2005).
std::vector<double> Score(const std::vector<SummaryLine>& lines) {
  std::map<std::string, int> counts;
  for (const SummaryLine& line : lines) {
    const std::set<std::string> once(line.terms.begin(), line.terms.end());
    for (const std::string& term : once)
      ++counts[term];
  }
  std::vector<double> scores;
  for (const SummaryLine& line : lines) {
    double sum = 0;
    for (const std::string& term : line.terms)
      sum += counts[term];
    scores.push_back(sum / std::max<double>(1, static_cast<double>(line.terms.size())));
  }
  return scores;
}

// Where nothing tells anything, as in a chat of greetings: the first words of each line.
std::string Bare(const v1::RunTaskRequest& request) {
  constexpr size_t kMostLines = 8;
  constexpr size_t kFirst = 80;
  std::vector<std::string> lines;
  for (const auto& said : request.lines()) {
    const std::string text = OneLine(said.text());
    if (!text.empty()) {
      lines.push_back(
          absl::StrCat(said.speaker(), ": ", std::string(FirstGraphemes(text, kFirst))));
    }
    if (lines.size() == kMostLines) break;
  }
  return absl::StrJoin(lines, "\n");
}

std::string Summarize(const v1::RunTaskRequest& request) {
  const std::vector<SummaryLine> lines = SummaryLines(request);
  const std::vector<double> scores = Score(lines);
  std::vector<size_t> order(lines.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  std::set<size_t> picked;  // in time order
  std::set<std::string> texts;
  size_t bytes = 0;
  for (const size_t i : order) {
    const size_t size = lines[i].text.size() + 1;
    if (bytes + size > kMostSummaryBytes || !texts.insert(lines[i].text).second) continue;
    picked.insert(i);
    bytes += size;
    if (picked.size() == kMostSummaryLines) break;
  }
  std::vector<std::string> chosen;
  chosen.reserve(picked.size());
  for (const size_t i : picked)
    chosen.push_back(lines[i].text);
  return chosen.empty() ? Bare(request) : absl::StrJoin(chosen, "\n");
}

std::string Extract(const v1::RunTaskRequest& request) {
  std::string answer;
  for (int i = 0; i < request.lines_size(); ++i) {
    if (!request.lines(i).from_user()) continue;
    for (const std::string& text : SentencesOf(OwnWords(request.lines(i).text()))) {
      if (!TellsOfSpeaker(text)) continue;
      absl::StrAppend(&answer, i, ": ", kUserSaid, "\"", text, "\"\n");
    }
  }
  return answer.empty() ? "NONE" : answer;
}

}  // namespace

bool TellsOfSpeaker(const std::string& sentence) {
  if (IsQuestion(sentence) || CodePoints(sentence) > kLongestSentence) return false;
  const std::vector<std::string> words = Words(sentence);
  if (words.empty()) return false;
  const auto begins = [&](const char* word) { return words.front() == word; };
  if (std::any_of(std::begin(kUncertain), std::end(kUncertain), begins)) return false;
  const std::string spaced = SpacedWords(sentence);
  const auto holds = [&](const char* phrase) { return Holds(spaced, phrase); };
  if (std::any_of(std::begin(kPassing), std::end(kPassing), holds)) return false;
  if (std::any_of(std::begin(kRepeated), std::end(kRepeated), holds)) return false;
  return std::any_of(std::begin(kOpenings), std::end(kOpenings), [&](const char* opening) {
    const std::string phrase = absl::StrCat(" ", opening, " ");
    const size_t at = spaced.find(phrase);
    // Something must follow.
    if (at == std::string::npos || at + phrase.size() >= spaced.size()) return false;
    const std::string before = spaced.substr(0, at);
    return before.empty() || before.ends_with(" and") || before.ends_with(" but") ||
           before.ends_with(" hi") || before.ends_with(" hello") || before.ends_with(" hey") ||
           before.ends_with(" that") || before.ends_with(" because") || before.ends_with(" well") ||
           before.ends_with(" actually") || before.ends_with(" by the way");
  });
}

std::string AnswerTask(const v1::RunTaskRequest& request) {
  return request.task() == v1::TASK_SUMMARY ? Summarize(request) : Extract(request);
}

}  // namespace dramatis::inference
