#include "services/inference/retrieval/local_retrieval.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/inference/prompt/lore.h"
#include "services/inference/retrieval/local_tasks.h"
#include "services/inference/retrieval/ranking.h"
#include "services/inference/retrieval/sentences.h"
#include "services/inference/retrieval/small_talk.h"
#include "services/inference/retrieval/terms.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

constexpr size_t kMostSentences = 4;
constexpr size_t kMostBytes = 900;
// What a sentence must score beside the best one: in the same section, and in another, where the
// same word is likely to mean something else.
constexpr double kWorthSaying = 0.5;
constexpr double kWorthSayingElsewhere = 0.8;
constexpr double kFollowUpWeight = 0.5;
constexpr double kSaidBefore = 0.2;  // of a sentence's score, when it was just said

// Turns of phrase whose words are all too common, and what they ask for. The first found counts.
struct Hint {
  const char* phrase;
  const char* words;
};
constexpr Hint kHints[] = {
    {"where are you from", "born grew live"},
    {"where do you come from", "born grew live"},
    {"for fun", "hobby hobbies"},
    {"free time", "hobby hobbies"},
    {"spare time", "hobby hobbies"},
    {"get in touch", "contact mail write"},
    {"how can i reach", "contact mail write"},
    {"how old", "age old born"},
    {"good at", "skill good best"},
    {"bad at", "weakness bad"},
    {"what do you think", "opinion"},
    {"what do you like", "love favourite hobby"},
    {"what are you looking for", "looking hope"},
    {"what do you do", "work job"},
    {"what are you doing", "work project"},
};

void AddTerms(const std::string& text,
              double weight,
              const std::set<std::string>& left_out,
              WeightedTerms& terms) {
  for (std::string& term : Terms(text)) {
    if (left_out.contains(term)) continue;
    double& known = terms[std::move(term)];
    known = std::max(known, weight);
  }
  const std::string spaced = SpacedWords(text);
  for (const Hint& hint : kHints) {
    if (spaced.find(absl::StrCat(" ", hint.phrase, " ")) == std::string::npos) continue;
    for (const std::string& word : Words(hint.words)) {
      double& known = terms[Term(word)];
      known = std::max(known, weight);
    }
    return;
  }
}

// Leans on what was asked before: "and why?", "tell me more".
bool IsFollowUp(const std::string& question, const WeightedTerms& terms) {
  if (terms.empty()) return true;
  const std::string spaced = SpacedWords(question);
  const auto starts = [&](const char* opening) {
    return spaced.starts_with(absl::StrCat(" ", opening, " "));
  };
  return terms.size() < 2 && (starts("and") || starts("why") || starts("how come") ||
                              starts("what about") || starts("but") || starts("so"));
}

WeightedTerms QuestionTerms(const RetrievalInput& input) {
  const std::vector<std::string> name = Terms(input.persona_name);
  const std::set<std::string> left_out(name.begin(), name.end());
  WeightedTerms terms;
  AddTerms(input.question, 1, left_out, terms);
  if (IsFollowUp(input.question, terms)) {
    AddTerms(input.previous_question, kFollowUpWeight, left_out, terms);
  }
  return WithRelated(terms);
}

// Speaks of what stands before it: "It has about nine hundred stars."
bool LeansOnPrevious(const Sentence& sentence) {
  static const auto& openings = *new std::set<std::string>{
      "it", "he", "she", "they", "this", "that", "these", "those", "there", "its", "their"};
  const std::vector<std::string> words = Words(sentence.text);
  return !words.empty() && openings.contains(words.front());
}

struct Picked {
  std::vector<size_t> sentences;  // in the text's order
  double best = 0;
};

// The best sentences, with those they lean on, in the text's order.
Picked Pick(const std::vector<Sentence>& sentences, const std::vector<double>& scores) {
  std::vector<size_t> order(sentences.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  Picked picked;
  std::set<size_t> chosen;
  size_t bytes = 0;
  const auto take = [&](size_t i) {
    if (!chosen.insert(i).second) return;
    bytes += sentences[i].text.size();
  };
  for (const size_t i : order) {
    const size_t best = order.front();
    if (scores[i] <= 0 || scores[i] < kWorthSaying * scores[best]) break;
    const bool elsewhere = sentences[i].heading != sentences[best].heading;
    if (elsewhere && scores[i] < kWorthSayingElsewhere * scores[best]) continue;
    if (!chosen.empty() && bytes + sentences[i].text.size() > kMostBytes) break;
    if (chosen.size() >= kMostSentences) break;
    const bool leans = i > 0 && sentences[i - 1].paragraph == sentences[i].paragraph &&
                       LeansOnPrevious(sentences[i]);
    if (leans && chosen.size() + 2 > kMostSentences && !chosen.contains(i - 1)) continue;
    if (leans) take(i - 1);
    take(i);
  }
  picked.sentences.assign(chosen.begin(), chosen.end());
  picked.best = order.empty() ? 0 : scores[order.front()];
  return picked;
}

// A note such as "likes tea" ends without a mark.
bool EndsSentence(const std::string& text) {
  constexpr std::string_view kMarks = ".!?:;\"')";
  const bool ascii = static_cast<unsigned char>(text.back()) < 0x80;
  return !ascii || kMarks.find(text.back()) != std::string_view::npos;
}

std::string Join(const std::vector<Sentence>& sentences, const std::vector<size_t>& picked) {
  std::string text;
  for (const size_t i : picked) {
    if (!text.empty()) text += EndsSentence(text) ? " " : "; ";
    text += sentences[i].text;
  }
  return text;
}

std::string FirstSentences(const std::vector<Sentence>& sentences, size_t count) {
  std::vector<size_t> first;
  for (size_t i = 0; i < sentences.size() && i < count; ++i) {
    if (i > 0 && sentences[i].paragraph != sentences[0].paragraph) break;
    first.push_back(i);
  }
  return Join(sentences, first);
}

std::string Topics(const std::vector<Sentence>& sentences) {
  constexpr size_t kMostTopics = 12;
  std::vector<std::string> topics;
  for (const Sentence& sentence : sentences) {
    constexpr int kTitleLevel = 1;
    if (sentence.heading.empty() || sentence.level == kTitleLevel) continue;
    const bool known = std::find(topics.begin(), topics.end(), sentence.heading) != topics.end();
    if (!known && topics.size() < kMostTopics) topics.push_back(sentence.heading);
  }
  return absl::StrJoin(topics, ", ");
}

std::string NothingFound(const std::vector<Sentence>& biography) {
  if (biography.empty()) return "Nothing has been written about me yet, so I can't answer that.";
  const std::string topics = Topics(biography);
  if (topics.empty()) {
    return "I don't have anything written about that. I can only tell you what has been written "
           "about me.";
  }
  return absl::StrCat("I don't have anything written about that. I can tell you about: ", topics,
                      ".");
}

std::string Nature(const std::string& name) {
  return absl::StrCat("I'm an AI persona", name.empty() ? "" : ", ", name,
                      ". What I say comes from a retrieval model: it picks sentences that were "
                      "written about me and generates nothing.");
}

std::string Greeting(const RetrievalInput& input, const std::vector<Sentence>& biography) {
  const std::string first = FirstSentences(biography, 1);
  const std::vector<std::string> name = Words(input.persona_name);
  const std::vector<std::string> words = Words(first);
  const bool named =
      name.empty() || std::find(words.begin(), words.end(), name.front()) != words.end();
  std::string text = named ? "Hello!" : absl::StrCat("Hello, I'm ", input.persona_name, ".");
  if (!first.empty()) absl::StrAppend(&text, " ", first);
  return text;
}

// Whether the user asks about what is theirs.
bool AsksAboutUser(const std::string& question) {
  const std::vector<std::string> words = Words(question);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "my" || word == "me" || word == "mine" || word == "i" || word == "im";
  });
}

std::vector<Sentence> AsSentences(const std::vector<std::string>& texts) {
  std::vector<Sentence> sentences;
  for (const std::string& text : texts) {
    for (Sentence& sentence : SplitSentences(text)) {
      sentence.paragraph = static_cast<int>(sentences.size());
      sentences.push_back(std::move(sentence));
    }
  }
  return sentences;
}

std::string AboutUser(const std::vector<Sentence>& memories) {
  if (memories.empty()) return "I don't remember anything about you yet.";
  std::vector<size_t> first;
  for (size_t i = 0; i < memories.size() && i < kMostSentences; ++i)
    first.push_back(i);
  return absl::StrCat("From what I remember about you: ", Join(memories, first));
}

// What the user said before, without their questions.
std::vector<Sentence> Statements(const std::vector<std::string>& said) {
  std::vector<Sentence> statements = AsSentences(said);
  statements.erase(std::remove_if(statements.begin(), statements.end(),
                                  [](const Sentence& s) { return IsQuestion(s.text); }),
                   statements.end());
  return statements;
}

std::string Quote(const std::vector<Sentence>& statements, const Picked& picked) {
  return absl::StrCat("You told me: \"", Join(statements, picked.sentences), "\"");
}

std::string LookUp(const RetrievalInput& input, const std::vector<Sentence>& biography) {
  const WeightedTerms terms = QuestionTerms(input);
  std::vector<double> scores = RankSentences(biography, terms);
  for (size_t i = 0; i < biography.size(); ++i) {
    const bool said = input.previous_answer.find(biography[i].text) != std::string::npos;
    if (said) scores[i] *= kSaidBefore;
  }
  const Picked own = Pick(biography, scores);
  const std::vector<Sentence> memories = AsSentences(input.memories);
  const Picked remembered = Pick(memories, RankSentences(memories, terms));
  const bool about_user = AsksAboutUser(input.question);
  if (about_user) {
    const std::vector<Sentence> statements = Statements(input.said);
    const Picked told = Pick(statements, RankSentences(statements, terms));
    if (remembered.best > 0 && remembered.best >= told.best) {
      return absl::StrCat("From what I remember about you: ", Join(memories, remembered.sentences));
    }
    if (told.best > 0) return Quote(statements, told);
  }
  if (!own.sentences.empty()) return Join(biography, own.sentences);
  if (!remembered.sentences.empty()) {
    return absl::StrCat("From what I remember about you: ", Join(memories, remembered.sentences));
  }
  return NothingFound(biography);
}

}  // namespace

RetrievalInput ReadPrompt(const PackedPrompt& prompt, const std::string& persona_name) {
  RetrievalInput input;
  input.persona_name = persona_name;
  for (const prompt::v1::PromptPart& part : prompt.parts) {
    if (part.kind() == prompt::v1::PART_KIND_BIOGRAPHY || IsLore(part.kind())) {
      absl::StrAppend(&input.biography, input.biography.empty() ? "" : "\n\n", part.text());
    } else if (part.kind() == prompt::v1::PART_KIND_MEMORY) {
      // The user's own words, as the built-in model took them: quoted as they are.
      const bool said = part.text().starts_with(kUserSaid);
      input.memories.push_back(said ? part.text().substr(sizeof(kUserSaid) - 1) : part.text());
    }
  }
  size_t newest = prompt.messages.size() - 1;
  while (newest > 0 && IsLore(prompt.messages[newest]))
    --newest;
  input.question = prompt.messages[newest].text();
  for (size_t i = 0; i < prompt.messages.size(); ++i) {
    const prompt::v1::PromptMessage& message = prompt.messages[i];
    if (i == newest) continue;
    if (IsLore(message)) {
      absl::StrAppend(&input.biography, input.biography.empty() ? "" : "\n\n", message.text());
    } else if (message.role() == prompt::v1::ROLE_USER) {
      input.said.push_back(message.text());
      input.previous_question = message.text();
    } else {
      input.previous_answer = message.text();
    }
  }
  return input;
}

std::string Retrieve(const RetrievalInput& input) {
  constexpr size_t kIntroductionSentences = 3;
  const std::vector<Sentence> biography = SplitSentences(input.biography);
  switch (ReadIntent(input.question)) {
    case Intent::kNature:
      return Nature(input.persona_name);
    case Intent::kGreeting:
      return Greeting(input, biography);
    case Intent::kThanks:
      return "You're welcome.";
    case Intent::kFarewell:
      return "Goodbye!";
    case Intent::kAboutUser:
      return AboutUser(AsSentences(input.memories));
    case Intent::kIntroduction:
      if (!biography.empty()) return FirstSentences(biography, kIntroductionSentences);
      if (!input.persona_name.empty()) return absl::StrCat("I'm ", input.persona_name, ".");
      break;
    case Intent::kQuestion:
      break;
  }
  return LookUp(input, biography);
}

}  // namespace dramatis::inference
