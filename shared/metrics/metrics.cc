#include "shared/metrics/metrics.h"

#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "absl/synchronization/mutex.h"
#include "shared/metrics/metric_help.h"
#include "shared/metrics/process_metrics.h"

namespace dramatis {
namespace {

const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const auto& buckets = *new prometheus::Histogram::BucketBoundaries{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return buckets;
}

// A metric as its callers name it.
using Named = std::pair<const std::string&, const Labels&>;

struct NamedBefore {
  using is_transparent = void;
  bool operator()(const Named& a, const Named& b) const { return a < b; }
};

// What prometheus-cpp looks up by hashing strings on every call, found once per name and labels.
template <class Metric>
using Known = std::map<std::pair<std::string, Labels>, Metric*, NamedBefore>;

}  // namespace

struct Metrics::State {
  template <class Metric, class Build, class... Extra>
  Metric& Find(Known<Metric>& known,
               const std::string& name,
               const Labels& labels,
               Build build,
               Extra&&... extra) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto found = known.find(Named(name, labels));
    if (found != known.end()) return *found->second;
    // Registering the same name again gives the same family.
    Metric& metric = build()
                         .Name(name)
                         .Help(MetricHelp(name))
                         .Register(registry)
                         .Add(labels, std::forward<Extra>(extra)...);
    known.emplace(std::pair(name, labels), &metric);
    return metric;
  }

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  absl::Mutex mutex;
  Known<prometheus::Counter> counters ABSL_GUARDED_BY(mutex);
  Known<prometheus::Gauge> gauges ABSL_GUARDED_BY(mutex);
  Known<prometheus::Histogram> histograms ABSL_GUARDED_BY(mutex);
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::Count(const std::string& name, const Labels& labels, double by) {
  const absl::MutexLock lock(&state_->mutex);
  state_->Find(state_->counters, name, labels, prometheus::BuildCounter).Increment(by);
}

void Metrics::Gauge(const std::string& name, const Labels& labels, double by) {
  const absl::MutexLock lock(&state_->mutex);
  state_->Find(state_->gauges, name, labels, prometheus::BuildGauge).Increment(by);
}

void Metrics::Set(const std::string& name, const Labels& labels, double value) {
  const absl::MutexLock lock(&state_->mutex);
  state_->Find(state_->gauges, name, labels, prometheus::BuildGauge).Set(value);
}

void Metrics::Observe(const std::string& name, const Labels& labels, double value) {
  const absl::MutexLock lock(&state_->mutex);
  state_->Find(state_->histograms, name, labels, prometheus::BuildHistogram, Buckets())
      .Observe(value);
}

Metrics::Series Metrics::CounterOf(const std::string& name, const Labels& labels) {
  const absl::MutexLock lock(&state_->mutex);
  auto& counter = state_->Find(state_->counters, name, labels, prometheus::BuildCounter);
  return [&counter](double by) { counter.Increment(by); };
}

Metrics::Series Metrics::HistogramOf(const std::string& name, const Labels& labels) {
  const absl::MutexLock lock(&state_->mutex);
  auto& histogram =
      state_->Find(state_->histograms, name, labels, prometheus::BuildHistogram, Buckets());
  return [&histogram](double value) { histogram.Observe(value); };
}

std::string Metrics::Text() const {
  std::ostringstream out;
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  std::vector<prometheus::MetricFamily> process = ProcessMetrics();
  std::move(process.begin(), process.end(), std::back_inserter(families));
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace dramatis
