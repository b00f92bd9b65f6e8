// Etags, and changes that are made to the version they were meant for.
#pragma once

#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dramatis::memory {

// Names one version of one resource, for If-Match.
std::string Etag(int version);

// ABORTED: another writer came between reading a version and writing the next one.
absl::Status ChangedMeanwhile();

// Runs `change`, which reads, decides and writes by compare-and-set, again while another writer
// came between (ABORTED), a few times.
template <class Change>
auto WithRetries(Change change) {
  constexpr int kAttempts = 8;
  auto result = change();
  for (int i = 1; i < kAttempts; ++i) {
    if constexpr (std::is_same_v<decltype(result), absl::Status>) {
      if (!absl::IsAborted(result)) break;
    } else {
      if (!absl::IsAborted(result.status())) break;
    }
    result = change();
  }
  return result;
}

}  // namespace dramatis::memory
