// Ranks sentences against the words of a question: Okapi BM25 (Robertson and Zaragoza, 2009), where
// a section's heading and related words count a little, and a sentence gains from its neighbours.
//
//   const std::vector<double> scores = RankSentences(sentences, {{"work", 1.0}, {"bak", 0.5}});
//
// Pure and deterministic.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/inference/retrieval/sentences.h"

namespace dramatis::inference {

// Terms (retrieval/terms.h) and how much each counts.
using WeightedTerms = std::map<std::string, double>;

// A score for each sentence; 0 where it has nothing to do with the question.
std::vector<double> RankSentences(const std::vector<Sentence>& sentences,
                                  const WeightedTerms& question);

// The terms and, with less weight, their related ones.
WeightedTerms WithRelated(const WeightedTerms& terms);

}  // namespace dramatis::inference
