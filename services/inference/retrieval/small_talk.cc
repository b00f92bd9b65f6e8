#include "services/inference/retrieval/small_talk.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "services/inference/retrieval/terms.h"

namespace dramatis::inference {
namespace {

using WordSet = std::set<std::string>;

bool AllIn(const std::vector<std::string>& words, const WordSet& set) {
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return set.contains(word); });
}

bool AnyIn(const std::vector<std::string>& words, const WordSet& set) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return set.contains(word); });
}

// The words as one text with a space at both ends, so that phrases are found at word limits only.
std::string Spaced(const std::vector<std::string>& words) {
  return " " + absl::StrJoin(words, " ") + " ";
}

bool HasPhrase(const std::string& spaced, std::initializer_list<const char*> phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](const char* phrase) {
    return spaced.find(std::string(" ") + phrase + " ") != std::string::npos;
  });
}

const WordSet& Natures() {
  static const auto& words = *new WordSet{
      "ai",       "bot",     "chatbot", "robot",  "machine",  "program", "computer", "llm",
      "gpt",      "chatgpt", "human",   "person", "real",     "model",   "software", "algorithm",
      "sentient", "alive",   "fake",    "people", "somebody", "someone", "simulated"};
  return words;
}

// Whether the words from `begin` on name a nature, as "really an AI or a human" does and "an AI
// researcher" does not.
bool NamesNature(const std::vector<std::string>& words, size_t begin) {
  static const auto& fillers = *new WordSet{
      "really",   "actually", "truly",   "just",   "a",        "an",         "the",   "some",
      "kind",     "sort",     "of",      "even",   "in",       "fact",       "like",  "not",
      "secretly", "talking",  "to",      "with",   "living",   "real",       "human", "actual",
      "only",     "maybe",    "perhaps", "either", "language", "artificial", "large", "computer"};
  static const auto& followers = *new WordSet{
      "or",    "and",    "right",        "then",      "too",     "by",      "at",      "not",
      "now",   "here",   "really",       "actually",  "though",  "model",   "bot",     "human",
      "being", "beings", "person",       "assistant", "program", "machine", "correct", "please",
      "yes",   "no",     "intelligence", "tell",      "be",      "im",      "i"};
  size_t i = begin;
  bool nature = false;
  while (i < words.size() && (fillers.contains(words[i]) || Natures().contains(words[i]))) {
    nature = nature || Natures().contains(words[i]) ||
             (words[i] == "artificial" && i + 1 < words.size() && words[i + 1] == "intelligence");
    ++i;
  }
  return nature && (i == words.size() || followers.contains(words[i]));
}

bool AsksNature(const std::vector<std::string>& words, const std::string& spaced) {
  if (HasPhrase(spaced, {"which model are you", "what model are you", "what llm are you",
                         "which ai are you", "what ai are you", "what language model",
                         "which language model"})) {
    return true;
  }
  static const std::vector<std::vector<std::string>> openings = {
      {"are", "you"},          {"you", "are"},         {"youre"},
      {"is", "this"},          {"am", "i", "talking"}, {"am", "i", "speaking"},
      {"am", "i", "chatting"}, {"arent", "you"},       {"is", "it"}};
  for (size_t i = 0; i < words.size(); ++i) {
    for (const auto& opening : openings) {
      const bool here = i + opening.size() <= words.size() &&
                        std::equal(opening.begin(), opening.end(),
                                   words.begin() + static_cast<std::ptrdiff_t>(i));
      if (here && NamesNature(words, i + opening.size())) return true;
    }
  }
  return false;
}

}  // namespace

Intent ReadIntent(const std::string& message) {
  static const auto& greetings = *new WordSet{"hello", "hi", "hey",  "greetings", "hallo", "howdy",
                                              "hiya",  "yo", "hola", "bonjour",   "hei"};
  static const auto& around =
      *new WordSet{"good", "morning", "afternoon", "evening", "day",  "there",  "to",
                   "you",  "again",   "everyone",  "nice",    "meet", "friend", "dear"};
  static const auto& thanks = *new WordSet{"thanks", "thank", "thx", "cheers"};
  static const auto& around_thanks =
      *new WordSet{"you",  "very", "much",   "so", "a",    "lot",   "many", "for",
                   "that", "the",  "answer", "ok", "okay", "great", "your", "help"};
  static const auto& farewells = *new WordSet{"bye", "goodbye", "farewell", "cya"};
  static const auto& around_farewells =
      *new WordSet{"see", "you", "later", "good", "night", "then", "for", "now", "ok", "soon"};

  const std::vector<std::string> words = Words(message);
  const std::string spaced = Spaced(words);
  const auto only = [&](const WordSet& wanted, const WordSet& others) {
    WordSet all = wanted;
    all.insert(others.begin(), others.end());
    return AnyIn(words, wanted) && AllIn(words, all);
  };
  if (AsksNature(words, spaced)) return Intent::kNature;
  const bool good_day = HasPhrase(
      spaced, {"good morning", "good afternoon", "good evening", "good day", "nice to meet you"});
  if (only(greetings, around) || (good_day && AllIn(words, around))) return Intent::kGreeting;
  if (only(thanks, around_thanks)) return Intent::kThanks;
  if (only(farewells, around_farewells)) return Intent::kFarewell;
  if (HasPhrase(spaced, {"remember about me", "know about me", "remember of me", "remember me"})) {
    return Intent::kAboutUser;
  }
  if (HasPhrase(spaced, {"who are you", "who r u", "about yourself", "introduce yourself",
                         "your name", "describe yourself", "whos this", "who is this"})) {
    return Intent::kIntroduction;
  }
  return Intent::kQuestion;
}

}  // namespace dramatis::inference
