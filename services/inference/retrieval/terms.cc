#include "services/inference/retrieval/terms.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "shared/text/words.h"

namespace dramatis::inference {
namespace {

// Words that are part of asking, or too common in a chat; contractions without their apostrophe.
constexpr char kAsking[] =
    "a i also always anything arent ask cant come could couldnt didnt doesnt done dont else "
    "ever every everything get give go going got hello hey hi id ill im isnt ive kind know "
    "let lets like lot many may maybe mean might mine much must never ok okay one please "
    "quite really said say says show something sort still sure tell thank thanks thats "
    "thing things think tried try us use want way well whats whose would yes yet youd youll "
    "youre youve";

// Words of like meaning, a group each.
constexpr const char* kRelated[] = {
    "work job profession occupation career employment employer",
    "hobby hobbies pastime leisure fun interest interests spare weekend weekends",
    "live home house city town reside residence",
    ("family wife husband partner spouse married kid kids child children son daughter parent "
     "parents mother father brother sister"),
    "study studied university college school degree education thesis doctorate doctoral phd",
    "eat food dish cook cooking meal bake baking bread",
    "music song band instrument sing listen play",
    "pet cat dog animal",
    "language languages speak speaking fluent",
    "opinion opinions believe view views trust",
    "project projects build building built maintain",
    "skill skills good strength strengths ability talent",
    "weakness weaknesses bad worst",
    "contact email mail reach telephone phone write",
    "age old born birthday birth",
    "childhood grew grow born",
    "goal goals plan plans future dream looking hope",
    "sport sports exercise swim run walk hike",
    "book books read reading author novel",
    "favourite favorite proudest best love prefer",
    "hate dislike",
    "journey travel trip visit abroad holiday vacation",
    "colleague colleagues team coworker coworkers",
    "software code coding program programming developer engineer",
    "earlier formerly previously past history",
};

const std::set<std::string>& AskingWords() {
  static const auto& words = *[] {
    auto* const split = new std::set<std::string>;
    *split = absl::StrSplit(kAsking, ' ');
    return split;
  }();
  return words;
}

// A single letter tells something: there is a language called C.
bool TellsNothing(const std::string& word) {
  return (word.size() > 1 && IsStopWord(word)) || AskingWords().contains(word);
}

bool IsApostrophe(std::string_view text) {
  return text == "'" || text == "\u2019";
}

std::vector<std::string> TermsOf(const std::vector<std::string>& words) {
  std::vector<std::string> terms;
  for (const std::string& word : words) {
    if (!TellsNothing(word)) terms.push_back(Term(word));
  }
  return terms;
}

// With contractions made one word: "don", "t" is "dont" where an apostrophe stood between them.
std::vector<std::string> WithContractions(std::string_view text, std::vector<Word> split) {
  std::vector<std::string> words;
  size_t end = 0;
  for (Word& word : split) {
    const bool joins =
        !words.empty() && word.begin > end && IsApostrophe(text.substr(end, word.begin - end));
    if (joins) {
      words.back() += word.text;
    } else {
      words.push_back(std::move(word.text));
    }
    end = word.end;
  }
  return words;
}

bool EndsWith(const std::string& word, std::string_view ending, size_t least_stem) {
  return word.size() >= ending.size() + least_stem && word.ends_with(ending);
}

// "running" has become "runn": back to "run".
void Undouble(std::string& stem) {
  const size_t size = stem.size();
  if (size < 3 || stem[size - 1] != stem[size - 2]) return;
  constexpr std::string_view kMayDouble = "bdgmnprt";
  if (kMayDouble.find(stem[size - 1]) != std::string_view::npos) stem.pop_back();
}

std::map<std::string, std::set<std::string>> MakeRelated() {
  std::map<std::string, std::set<std::string>> related;
  for (const char* const group : kRelated) {
    std::set<std::string> terms;
    for (const auto word : absl::StrSplit(group, ' '))
      terms.insert(Term(std::string(word)));
    for (const std::string& term : terms)
      related[term].insert(terms.begin(), terms.end());
  }
  for (auto& [term, others] : related)
    others.erase(term);
  return related;
}

}  // namespace

std::vector<std::string> Words(std::string_view text) {
  return WithContractions(text, SplitWords(text));
}

std::string Term(const std::string& word) {
  std::string stem = word;
  if (EndsWith(stem, "ies", 2) || EndsWith(stem, "ied", 2)) {
    stem.replace(stem.size() - 3, 3, "y");
    return stem;
  }
  if (EndsWith(stem, "s", 3) && !EndsWith(stem, "ss", 0) && !EndsWith(stem, "us", 0) &&
      !EndsWith(stem, "is", 0)) {
    stem.pop_back();
  }
  if (EndsWith(stem, "ing", 3)) {
    stem.resize(stem.size() - 3);
    Undouble(stem);
  } else if (EndsWith(stem, "ed", 3)) {
    stem.resize(stem.size() - 2);
    Undouble(stem);
  }
  if (EndsWith(stem, "e", 2)) stem.pop_back();
  return stem;
}

std::vector<std::string> Terms(std::string_view text) {
  return TermsOf(Words(text));
}

std::vector<std::string> IndexTerms(std::string_view text) {
  return TermsOf(WithContractions(text, SplitIndexWords(text)));
}

std::vector<std::string> RelatedTerms(const std::string& term) {
  static const auto& related = *new std::map<std::string, std::set<std::string>>(MakeRelated());
  const auto found = related.find(term);
  if (found == related.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::string SpacedWords(std::string_view text) {
  return absl::StrCat(" ", absl::StrJoin(Words(text), " "), " ");
}

}  // namespace dramatis::inference
