// The gateway's answer to every request: finds the route, makes the call, passes on what comes.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/backend.h"
#include "gateway/config.h"
#include "gateway/cors.h"
#include "gateway/health.h"
#include "gateway/http_exchange.h"
#include "gateway/problem.h"
#include "gateway/route_table.h"
#include "gateway/site.h"
#include "gateway/transcoder.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

// What every request is worked on with. References outlive the dispatcher and every call it made.
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
  const Clock& clock;
  const std::string& environment;  // local, staging or production
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
};

class Dispatcher : public RequestHandler {
 public:
  explicit Dispatcher(const GatewayParts& parts) : parts_(parts) {}

  Opened Open(const HttpRequest& head, bool has_body, PostWork post) override;
  std::shared_ptr<Task> OpenRefused(const HttpRequest& head) override;
  HttpAnswer Overloaded() override;
  void CountConnection(int by) override;

 private:
  const GatewayParts parts_;
};

}  // namespace dramatis::gateway
