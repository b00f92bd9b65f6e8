// Metrics in Prometheus's text format, over prometheus-cpp's registry. Names follow
// https://prometheus.io/docs/practices/naming/. Thread-safe.
//
//   metrics.Count("dramatis_provider_attempts_total", {{"provider", "openai"}});
//   metrics.Observe("dramatis_rpc_duration_seconds", {{"method", name}}, seconds);
//   metrics.Gauge("dramatis_turns_running", {}, +1);
//
// What each name means is in metric_help.cc. Label values come from closed sets (methods, codes,
// providers): never ids or text.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace dramatis {

using Labels = std::map<std::string, std::string>;

class Metrics {
 public:
  Metrics();
  ~Metrics();
  // Adds to a counter.
  void Count(const std::string& name, const Labels& labels, double by = 1);
  // Adds to a gauge.
  void Gauge(const std::string& name, const Labels& labels, double by);
  // Sets a gauge.
  void Set(const std::string& name, const Labels& labels, double value);
  // Adds an observation to a histogram (buckets from 1 ms to 60 s, for seconds).
  void Observe(const std::string& name, const Labels& labels, double value);
  // A counter or histogram found once, for hot paths: adds to it without looking it up. For as long
  // as the Metrics live.
  using Series = std::function<void(double)>;
  Series CounterOf(const std::string& name, const Labels& labels);
  Series HistogramOf(const std::string& name, const Labels& labels);
  // Everything and the process's own (process_metrics.h), in Prometheus's text format 0.0.4.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dramatis
