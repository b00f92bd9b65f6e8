#include "services/inference/retrieval/ranking.h"

#include <algorithm>
#include <cmath>

#include "services/inference/retrieval/terms.h"

namespace dramatis::inference {
namespace {

constexpr double kSaturation = 1.2;       // BM25's k1
constexpr double kLengthShare = 0.5;      // BM25's b
constexpr double kHeadingWeight = 0.5;    // a term in the heading, against one in the sentence
constexpr double kNeighbourShare = 0.15;  // of a neighbour's score in the same paragraph
constexpr double kRelatedWeight = 0.5;    // a related term, against the one asked for

struct Document {
  std::map<std::string, int> terms;
  std::map<std::string, int> heading;
  int length = 0;
};

std::map<std::string, int> CountTerms(const std::string& text) {
  std::map<std::string, int> counts;
  for (std::string& term : IndexTerms(text))
    ++counts[std::move(term)];
  return counts;
}

std::vector<Document> Read(const std::vector<Sentence>& sentences) {
  std::vector<Document> documents;
  for (const Sentence& sentence : sentences) {
    Document document;
    document.terms = CountTerms(sentence.text);
    for (const auto& [term, count] : document.terms)
      document.length += count;
    const bool same =
        !documents.empty() && sentence.heading == sentences[documents.size() - 1].heading;
    document.heading = same ? documents.back().heading : CountTerms(sentence.heading);
    documents.push_back(std::move(document));
  }
  return documents;
}

// How telling each term of the question is: rarer is more.
std::map<std::string, double> Idf(const std::vector<Document>& documents,
                                  const WeightedTerms& question) {
  std::map<std::string, double> idf;
  const auto total = static_cast<double>(documents.size());
  for (const auto& [term, weight] : question) {
    const auto having = static_cast<double>(
        std::count_if(documents.begin(), documents.end(),
                      [&](const Document& d) { return d.terms.contains(term); }));
    idf[term] = std::log(1 + (total - having + 0.5) / (having + 0.5));
  }
  return idf;
}

double Score(const Document& document,
             double average_length,
             const WeightedTerms& question,
             const std::map<std::string, double>& idf) {
  const double length =
      kSaturation * (1 - kLengthShare + kLengthShare * document.length / average_length);
  double score = 0;
  for (const auto& [term, weight] : question) {
    double matched = 0;
    if (const auto found = document.terms.find(term); found != document.terms.end()) {
      matched = found->second * (kSaturation + 1) / (found->second + length);
    }
    if (document.heading.contains(term)) matched += kHeadingWeight;
    score += weight * idf.at(term) * matched;
  }
  return score;
}

}  // namespace

WeightedTerms WithRelated(const WeightedTerms& terms) {
  WeightedTerms all = terms;
  for (const auto& [term, weight] : terms) {
    for (const std::string& related : RelatedTerms(term)) {
      double& known = all[related];
      known = std::max(known, weight * kRelatedWeight);
    }
  }
  return all;
}

std::vector<double> RankSentences(const std::vector<Sentence>& sentences,
                                  const WeightedTerms& question) {
  const std::vector<Document> documents = Read(sentences);
  double total_length = 0;
  for (const Document& document : documents)
    total_length += document.length;
  const double average =
      std::max(1.0, total_length / std::max<double>(1, static_cast<double>(documents.size())));
  const std::map<std::string, double> idf = Idf(documents, question);
  std::vector<double> own;
  own.reserve(documents.size());
  for (const Document& document : documents)
    own.push_back(Score(document, average, question, idf));
  std::vector<double> scores = own;
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (own[i] == 0) continue;  // a neighbour alone makes nothing an answer
    const auto add = [&](size_t other) {
      if (sentences[other].paragraph == sentences[i].paragraph) {
        scores[i] += kNeighbourShare * own[other];
      }
    };
    if (i > 0) add(i - 1);
    if (i + 1 < sentences.size()) add(i + 1);
  }
  return scores;
}

}  // namespace dramatis::inference
