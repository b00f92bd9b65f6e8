// How many requests were answered, and how long it took. Thread-safe.
//
//   metrics.Note("/api/personas/{persona_id}", "GET", 200, seconds);
//
// Each series is found in the registry once: looking it up by its labels costs more than finding
// the route of a request.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/synchronization/mutex.h"
#include "shared/metrics/metrics.h"

namespace dramatis::gateway {

class RequestMetrics {
 public:
  // `metrics` has to outlive it.
  explicit RequestMetrics(Metrics& metrics) : metrics_(metrics) {}

  // `route` and `verb`: of closed lists.
  void Note(std::string_view route, std::string_view verb, int status, double seconds)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct View {
    std::string_view route;
    std::string_view verb;
    int status;
    bool operator==(const View& other) const = default;
  };
  struct Key {
    std::string route;
    std::string verb;
    int status;
    View view() const { return {route, verb, status}; }
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const View& view) const {
      return absl::HashOf(absl::string_view(view.route.data(), view.route.size()),
                          absl::string_view(view.verb.data(), view.verb.size()), view.status);
    }
    size_t operator()(const Key& key) const { return (*this)(key.view()); }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Key& a, const View& b) const { return a.view() == b; }
    bool operator()(const Key& a, const Key& b) const { return a.view() == b.view(); }
  };
  struct Series {
    Metrics::Series requests;
    Metrics::Series duration;
  };

  Series Make(const View& view);

  Metrics& metrics_;
  absl::Mutex mutex_;
  absl::flat_hash_map<Key, Series, Hash, Same> series_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::gateway
