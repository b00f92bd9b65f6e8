#include "services/inference/embedding/embedder.h"

#include <cmath>

namespace dramatis::inference {

void Normalize(Vector& vector) {
  double squares = 0;
  for (const float component : vector)
    squares += double{component} * component;
  const double length = std::sqrt(squares);
  const bool usable = std::isfinite(length) && length > 0;
  for (float& component : vector)
    component = usable ? static_cast<float>(component / length) : 0;
}

}  // namespace dramatis::inference
