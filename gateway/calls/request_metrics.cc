#include "gateway/calls/request_metrics.h"

namespace dramatis::gateway {

void RequestMetrics::Note(std::string_view route,
                          std::string_view verb,
                          int status,
                          double seconds) {
  const View view{route, verb, status};
  const absl::MutexLock lock(&mutex_);
  auto found = series_.find(view);
  if (found == series_.end()) {
    found = series_.emplace(Key{std::string(route), std::string(verb), status}, Make(view)).first;
  }
  found->second.requests(1);
  found->second.duration(seconds);
}

RequestMetrics::Series RequestMetrics::Make(const View& view) {
  const std::string route(view.route);
  return {
      metrics_.CounterOf("dramatis_http_requests_total", {{"route", route},
                                                          {"method", std::string(view.verb)},
                                                          {"status", std::to_string(view.status)}}),
      metrics_.HistogramOf("dramatis_http_request_duration_seconds", {{"route", route}})};
}

}  // namespace dramatis::gateway
