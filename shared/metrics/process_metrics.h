// What every Prometheus client library says of its process, under the names of
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics, read from /proc
// (proc(5)). `process_threads` is beyond that list.
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

namespace dramatis {

// As it is just now. What cannot be read is left out.
std::vector<prometheus::MetricFamily> ProcessMetrics();

}  // namespace dramatis
