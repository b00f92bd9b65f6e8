// Vectors as they are stored: each component as one of 255 steps, with the size of a step before
// them; a quarter of the bytes, and for telling which of a user's memories are nearer the same.
// Pure functions.
//
//   const std::string packed = PackVector({0.6F, 0.8F});
//   Similarity({0.6F, 0.8F}, packed);                      // about 1
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis::memory {

// `vector` is of length 1, or all zero.
std::string PackVector(const std::vector<float>& vector);

// The cosine of the angle between both; 0 where they have not the same number of components.
double Similarity(const std::vector<float>& vector, std::string_view packed);

}  // namespace dramatis::memory
