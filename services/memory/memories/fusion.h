// Two rankings made one by reciprocal rank (Cormack, Clarke and Buettcher, SIGIR 2009): each place
// counts 1 / (60 + place), so that what both find comes first, and neither's scores need mean
// anything to the other. Pure function.
//
//   FuseRanks({"a", "b"}, {"c", "b"}) == {"b", "a", "c"}
#pragma once

#include <string>
#include <vector>

namespace dramatis::memory {

struct FusedRank {
  std::string id;
  double score = 0;
};

// Best first; of equals the one that the first ranking has.
std::vector<FusedRank> FuseRanks(const std::vector<std::string>& first,
                                 const std::vector<std::string>& second);

}  // namespace dramatis::memory
