#include "gateway/calls/config.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/config/certificates.h"

namespace dramatis::gateway {
namespace {

constexpr char kTlsCertificate[] = "DRAMATIS_TLS_CERTIFICATE_FILE";
constexpr char kTlsKey[] = "DRAMATIS_TLS_KEY_FILE";
constexpr char kTrustedProxies[] = "DRAMATIS_TRUSTED_PROXIES";

std::chrono::milliseconds Milliseconds(Settings& settings,
                                       const std::string& name,
                                       std::chrono::milliseconds fallback) {
  return absl::ToChronoMilliseconds(
      settings.Duration(name, absl::FromChrono(fallback), absl::Milliseconds(100), absl::Hours(1)));
}

// A scheme, a host and perhaps a port (RFC 6454, section 6.2); no path.
bool IsOrigin(const std::string& origin) {
  const size_t colon = origin.find("://");
  return colon != std::string::npos && colon > 0 && colon + 3 < origin.size() &&
         std::all_of(origin.begin(), origin.end(),
                     [](unsigned char c) { return c > ' ' && c < 0x7F; }) &&
         origin.find_first_of("/?#@\\", colon + 3) == std::string::npos;
}

Rate ReadRate(Settings& settings, const std::string& name, const std::string& fallback) {
  const std::optional<Rate> rate = Rate::Parse(settings.Text(name, fallback));
  if (!rate.has_value()) {
    settings.Problem(name, "must be a number per second, minute or hour, as 600/m, or off");
  }
  return rate.value_or(Rate{});
}

// In `local` everybody comes from the same address, and mostly as the same user.
RateLimitSettings ReadRateLimits(Settings& settings, bool local) {
  constexpr int kMostReplicas = 10'000;
  constexpr int kMostStreams = 1'000'000;
  const auto rate = [&](const char* name, const char* fallback) {
    return ReadRate(settings, name, local ? "off" : fallback);
  };
  RateLimitSettings limits;
  limits.deployment = rate("DRAMATIS_RATE_LIMIT", "1000/s");
  limits.user = rate("DRAMATIS_USER_RATE_LIMIT", "600/m");
  limits.address = rate("DRAMATIS_ADDRESS_RATE_LIMIT", "60/m");
  limits.user_streams = settings.Integer("DRAMATIS_USER_STREAMS", local ? 0 : 20, 0, kMostStreams);
  limits.replicas = settings.Integer("DRAMATIS_GATEWAY_REPLICAS", 1, 1, kMostReplicas);
  return limits;
}

// Both files or none.
void ReadTls(Settings& settings, GatewayConfig& config) {
  config.tls_certificate_file = settings.Text(kTlsCertificate);
  config.tls_key_file = settings.Text(kTlsKey);
  const bool certificate = !config.tls_certificate_file.empty();
  const bool key = !config.tls_key_file.empty();
  if (certificate != key) {
    settings.Problem(certificate ? kTlsKey : kTlsCertificate,
                     "must be set where the other file of HTTPS is");
  } else if (certificate) {
    const absl::Status fits = CheckCertificate(config.tls_certificate_file, config.tls_key_file);
    if (!fits.ok()) {
      settings.Problem(
          absl::StrContains(fits.message(), config.tls_key_file) ? kTlsKey : kTlsCertificate,
          absl::StrCat("cannot be used: ", fits.message()));
    }
  }
}

}  // namespace

GatewayConfig GatewayConfig::From(Settings& settings, const std::string& environment) {
  GatewayConfig config;
  config.address = settings.Address("DRAMATIS_HTTP_ADDRESS", config.address);
  config.cors_origins = settings.List("DRAMATIS_CORS_ORIGINS", "http://localhost:3000");
  const auto& origins = config.cors_origins;
  if (std::find(origins.begin(), origins.end(), "*") != origins.end()) {
    settings.Problem("DRAMATIS_CORS_ORIGINS", "must list origins: `*` is not allowed");
  } else if (const auto wrong = std::find_if_not(origins.begin(), origins.end(), IsOrigin);
             wrong != origins.end()) {
    settings.Problem("DRAMATIS_CORS_ORIGINS",
                     "must list origins, as https://app.example.org or http://localhost:3000; `" +
                         *wrong + "` is none");
  }
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(settings.List(kTrustedProxies));
  const bool knows_proxies = proxies.ok();
  if (knows_proxies) {
    config.trusted_proxies = *std::move(proxies);
  } else {
    settings.Problem(kTrustedProxies, std::string(proxies.status().message()));
  }
  ReadTls(settings, config);
  config.rate_limits = ReadRateLimits(settings, environment == "local");
  config.https_only = environment != "local" || !config.tls_certificate_file.empty();
  if (config.https_only && config.tls_certificate_file.empty() && knows_proxies &&
      config.trusted_proxies.empty()) {
    settings.Problem(
        kTlsCertificate,
        "must be set where DRAMATIS_ENVIRONMENT is not local, with "
        "DRAMATIS_TLS_KEY_FILE: the certificate to serve HTTPS with; or "
        "DRAMATIS_TRUSTED_PROXIES must be set: the addresses of the proxies that speak "
        "TLS for us, as 10.0.0.0/8");
  }
  config.threads = settings.Integer("DRAMATIS_HTTP_THREADS", 0, 0, 256);
  if (config.threads == 0) {
    config.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }
  HttpLimits& limits = config.limits;
  limits.connections =
      settings.Integer("DRAMATIS_MAX_CONNECTIONS", limits.connections, 1, 1'000'000);
  limits.header = Milliseconds(settings, "DRAMATIS_HTTP_HEADER_TIMEOUT", limits.header);
  limits.body = Milliseconds(settings, "DRAMATIS_HTTP_BODY_TIMEOUT", limits.body);
  limits.idle = Milliseconds(settings, "DRAMATIS_HTTP_IDLE_TIMEOUT", limits.idle);
  limits.write = Milliseconds(settings, "DRAMATIS_HTTP_WRITE_TIMEOUT", limits.write);
  config.unary_timeout = settings.Duration("DRAMATIS_UNARY_TIMEOUT", config.unary_timeout,
                                           absl::Milliseconds(100), absl::Hours(1));
  config.heartbeat = settings.Duration("DRAMATIS_SSE_HEARTBEAT", config.heartbeat,
                                       absl::Milliseconds(100), absl::Minutes(10));
  return config;
}

}  // namespace dramatis::gateway
