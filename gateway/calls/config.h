// The gateway's settings.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/access/rate_limits.h"
#include "gateway/access/trusted_proxies.h"
#include "gateway/settings/variables.h"
#include "shared/config/environment.h"
#include "shared/http/limits.h"

namespace dramatis::gateway {

struct GatewayConfig {
  std::string address = LoopbackAddress(kHttpPort);
  std::vector<std::string> cors_origins = {"http://localhost:3000"};
  // Plain HTTP is redirected or refused.
  bool https_only = false;
  TrustedProxies trusted_proxies;
  RateLimitSettings rate_limits;
  // HTTPS here, by PEM files; empty where only proxies speak it.
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};
  // Event loops; 0 is one for each processor.
  int threads = 0;
  HttpLimits limits;
  // Longest that a service may take for an answer.
  absl::Duration unary_timeout = absl::Seconds(120);
  // How often an open stream without events says that it is there.
  absl::Duration heartbeat = absl::Seconds(15);
  // Longest that a service may take to say that it serves.
  absl::Duration health_timeout = absl::Seconds(2);

  // Reads and notes problems in `settings`.
  // Outside `local` TLS is demanded.
  static GatewayConfig From(Settings& settings, const std::string& environment);
};

}  // namespace dramatis::gateway
