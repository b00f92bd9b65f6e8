// What every request is worked on with.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/access/cors.h"
#include "gateway/access/rate_limits.h"
#include "gateway/calls/backend.h"
#include "gateway/calls/config.h"
#include "gateway/calls/health.h"
#include "gateway/calls/refusal_records.h"
#include "gateway/calls/request_metrics.h"
#include "gateway/calls/sign_in_desk.h"
#include "gateway/pages/site.h"
#include "gateway/routing/problem.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/transcoder.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

// References outlive the dispatcher and every call it made.
struct GatewayParts {
  const GatewayConfig& config;
  const RouteTable& routes;
  const ReasonTable& reasons;
  const Transcoder& transcoder;
  const Cors& cors;
  const Site& site;
  // By the name in the package of their services.
  const std::map<std::string, std::unique_ptr<Backend>>& backends;
  Health& health;
  RateLimits& limits;
  const Clock& clock;
  const std::string& environment;  // local, staging or production
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
  RequestMetrics& request_metrics;
  RefusalRecords& refusals;
  // How people sign in with a browser.
  SignInDesk& sign_in;
};

}  // namespace dramatis::gateway
