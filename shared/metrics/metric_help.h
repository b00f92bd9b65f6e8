// What each of our metrics counts: the help text beside it in /metrics. A metric that is missing
// here fails tests/contract/test_metrics.py.
#pragma once

#include <string>

namespace dramatis {

// Empty for a name that is not ours.
std::string MetricHelp(const std::string& name);

}  // namespace dramatis
