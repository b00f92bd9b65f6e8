#include "services/memory/memories/vectors.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dramatis::memory {
namespace {

constexpr float kSteps = 127;

}  // namespace

std::string PackVector(const std::vector<float>& vector) {
  float greatest = 0;
  for (const float component : vector)
    greatest = std::max(greatest, std::abs(component));
  const float step = greatest / kSteps;
  std::string packed(sizeof(step) + vector.size(), '\0');
  std::memcpy(packed.data(), &step, sizeof(step));
  for (size_t i = 0; i < vector.size(); ++i) {
    const float steps = step > 0 ? std::round(vector[i] / step) : 0;
    packed[sizeof(step) + i] = static_cast<char>(static_cast<int8_t>(steps));
  }
  return packed;
}

double Similarity(const std::vector<float>& vector, std::string_view packed) {
  float step = 0;
  if (packed.size() != sizeof(step) + vector.size()) return 0;
  std::memcpy(&step, packed.data(), sizeof(step));
  const auto* const steps = reinterpret_cast<const int8_t*>(packed.data() + sizeof(step));
  // Eight sums at once, which the compiler may keep in one register.
  constexpr size_t kLanes = 8;
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= vector.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += vector[i + lane] * static_cast<float>(steps[i + lane]);
  }
  float sum = 0;
  for (; i < vector.size(); ++i)
    sum += vector[i] * static_cast<float>(steps[i]);
  for (const float lane : sums)
    sum += lane;
  return double{sum} * step;
}

}  // namespace dramatis::memory
