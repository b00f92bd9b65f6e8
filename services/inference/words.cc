#include "services/inference/words.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace dramatis::inference {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t length = 1;
};

// Of valid UTF-8; a stray byte stands for itself.
CodePoint Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || text.size() < length) return {first, 1};
  uint32_t value = first & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {first, 1};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  return {value, length};
}

void Encode(uint32_t value, std::string& out) {
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0 | value >> 6);
    out += static_cast<char>(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0 | value >> 12);
    out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (value & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | value >> 18);
    out += static_cast<char>(0x80 | (value >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (value & 0x3F));
  }
}

bool In(uint32_t value, uint32_t first, uint32_t last) {
  return value >= first && value <= last;
}

uint32_t Lower(uint32_t c) {
  if (In(c, 'A', 'Z') || (In(c, 0xC0, 0xDE) && c != 0xD7) || In(c, 0x391, 0x3A9) ||
      In(c, 0x410, 0x42F)) {
    return c + 0x20;
  }
  if (In(c, 0x400, 0x40F)) return c + 0x50;
  return c;
}

bool IsApostrophe(uint32_t c) {
  return c == '\'' || c == 0x2019;
}

bool IsWordCharacter(uint32_t c) {
  if (c < 0x80) return absl::ascii_isalnum(static_cast<unsigned char>(c));
  const bool separator = In(c, 0x80, 0xBF) || c == 0xD7 || c == 0xF7 || In(c, 0x2000, 0x206F) ||
                         In(c, 0x2190, 0x2BFF) || In(c, 0x3000, 0x303F) || In(c, 0xFE30, 0xFE4F) ||
                         In(c, 0xFF00, 0xFF0F) || In(c, 0xFF1A, 0xFF20) || In(c, 0x1F000, 0x1FAFF);
  return !separator;
}

bool IsUnspaced(uint32_t c) {
  return In(c, 0x3040, 0x30FF) || In(c, 0x3400, 0x4DBF) || In(c, 0x4E00, 0x9FFF) ||
         In(c, 0xF900, 0xFAFF) || In(c, 0x20000, 0x2FFFF);
}

// Collects words while a text is read.
class WordCollector {
 public:
  void Add(uint32_t c) {
    if (IsUnspaced(c)) return AddUnspaced(c);
    previous_.clear();
    if (IsWordCharacter(c)) {
      Encode(Lower(c), word_);
    } else if (!IsApostrophe(c)) {
      EndWord();
    }
  }
  std::vector<std::string> Take() {
    EndWord();
    return std::move(words_);
  }

 private:
  void AddUnspaced(uint32_t c) {
    EndWord();
    std::string character;
    Encode(c, character);
    words_.push_back(previous_.empty() ? character : previous_ + character);
    previous_ = character;
  }
  void EndWord() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    word_.clear();
  }

  std::vector<std::string> words_;
  std::string word_;
  std::string previous_;  // the last character of an unspaced script
};

constexpr char kStopWords[] =
    "a about after again all also always am an and any anything are arent as ask at be because "
    "been "
    "before being but by can cant come could couldnt did didnt do does doesnt doing done dont each "
    "else ever every everything few for from get give go going got had has have having he hello "
    "her "
    "here hers hey hi him his how i id if ill im in into is isnt it its ive just kind know let "
    "lets "
    "like ll lot many may maybe me mean might mine more most much must my myself never no not now "
    "of "
    "off ok okay on one only or other our out over own please quite really said same say says she "
    "should show so some something sort still such sure tell than thank thanks that thats the "
    "their "
    "them then there these they thing things think this those to too tried try up us use very want "
    "was way we well were what whats when where which while who whom whose why will with would yes "
    "yet you youd youll your youre yours yourself youve";

// Words of like meaning, a group each.
constexpr const char* kRelated[] = {
    "work job profession occupation career employment employer",
    "hobby hobbies pastime leisure fun interest interests spare weekend weekends",
    "live home house city town reside residence",
    "family wife husband partner spouse married kid kids child children son daughter parent "
    "parents "
    "mother father brother sister",
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

const std::set<std::string>& StopWords() {
  static const auto& words = *[] {
    auto* const split = new std::set<std::string>;
    *split = absl::StrSplit(kStopWords, ' ');
    return split;
  }();
  return words;
}

bool EndsWith(const std::string& word, std::string_view ending, size_t least_stem) {
  return word.size() >= ending.size() + least_stem &&
         word.compare(word.size() - ending.size(), ending.size(), ending) == 0;
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
  WordCollector collector;
  while (!text.empty()) {
    const CodePoint c = Decode(text);
    collector.Add(c.value);
    text.remove_prefix(c.length);
  }
  return collector.Take();
}

bool IsStopWord(const std::string& word) {
  return StopWords().contains(word);
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
  std::vector<std::string> terms;
  for (const std::string& word : Words(text)) {
    if (!IsStopWord(word)) terms.push_back(Term(word));
  }
  return terms;
}

std::vector<std::string> RelatedTerms(const std::string& term) {
  static const auto& related = *new std::map<std::string, std::set<std::string>>(MakeRelated());
  const auto found = related.find(term);
  if (found == related.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace dramatis::inference
