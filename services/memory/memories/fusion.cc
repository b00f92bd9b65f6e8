#include "services/memory/memories/fusion.h"

#include <algorithm>
#include <map>

namespace dramatis::memory {

std::vector<FusedRank> FuseRanks(const std::vector<std::string>& first,
                                 const std::vector<std::string>& second) {
  constexpr double kConstant = 60;
  std::vector<FusedRank> fused;
  std::map<std::string, size_t> places;
  for (const std::vector<std::string>* ranking : {&first, &second}) {
    double place = 1;
    for (const std::string& id : *ranking) {
      const auto [found, is_new] = places.try_emplace(id, fused.size());
      if (is_new) fused.push_back({.id = id, .score = 0});
      fused[found->second].score += 1 / (kConstant + place++);
    }
  }
  std::sort(fused.begin(), fused.end(), [&](const FusedRank& a, const FusedRank& b) {
    return a.score != b.score ? a.score > b.score : places.at(a.id) < places.at(b.id);
  });
  return fused;
}

}  // namespace dramatis::memory
