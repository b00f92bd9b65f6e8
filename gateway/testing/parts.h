// A dispatcher over this project's own protos, without any backend: what needs one says so.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "gateway/access/cors.h"
#include "gateway/access/rate_limits.h"
#include "gateway/calls/backend.h"
#include "gateway/calls/config.h"
#include "gateway/calls/dispatcher.h"
#include "gateway/calls/health.h"
#include "gateway/calls/refusal_records.h"
#include "gateway/calls/request_metrics.h"
#include "gateway/pages/site.h"
#include "gateway/testing/tables.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

struct TestParts {
  explicit TestParts(GatewayConfig with = {}, std::unique_ptr<Logger> log = MakeSilentLogger())
      : config(std::move(with)), logger(std::move(log)) {}

  const GatewayConfig config;
  const TestTables& tables = TestTables::Get();
  Cors cors{config.cors_origins};
  Site site{WebFiles{.files = {}, .why = "these are tests"}};
  std::map<std::string, std::unique_ptr<Backend>> backends;
  FakeClock clock;
  Health health{{}, backends, clock, absl::Seconds(1)};
  RateLimits limits{config.rate_limits};
  std::string environment = "local";
  CountingIdSource ids;
  const std::unique_ptr<Logger> logger;
  Metrics metrics;
  RequestMetrics request_metrics{metrics};
  RefusalRecords refusals{*logger, metrics, clock};
  SignInDesk sign_in{nullptr, true};
  Dispatcher dispatcher{{config, *tables.routes, tables.reasons, *tables.transcoder, cors, site,
                         backends, health, limits, clock, environment, ids, *logger, metrics,
                         request_metrics, refusals, sign_in}};
};

}  // namespace dramatis::gateway
