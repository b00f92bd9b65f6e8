#include "gateway/settings/variables.h"

namespace dramatis::gateway {

const DeploymentPart& GatewayPart() {
  static const auto& part = *new DeploymentPart{
      .name = "gateway",
      .ports = {.http = kHttpPort, .management = 9090},
      .calls = {},
      .variables = {
          {"DRAMATIS_HTTP_ADDRESS", LoopbackAddress(kHttpPort),
           "where HTTP is served; port 0 picks one"},
          {"DRAMATIS_TLS_CERTIFICATE_FILE", "",
           "the certificate, in PEM, that DRAMATIS_HTTP_ADDRESS serves HTTPS with, then those "
           "between it and its authority; read again when it changes"},
          {"DRAMATIS_TLS_KEY_FILE", "", "the private key of that certificate, in PEM"},
          {"DRAMATIS_TRUSTED_PROXIES", "",
           "addresses and networks of proxies that speak TLS for us, as 10.0.0.0/8, "
           "comma-separated: their X-Forwarded-Proto and X-Forwarded-For are believed"},
          {"DRAMATIS_RATE_LIMIT", "off in local, else 1000/s",
           "most requests of all callers together, per s, m or h, or off"},
          {"DRAMATIS_USER_RATE_LIMIT", "off in local, else 600/m", "most requests of one user"},
          {"DRAMATIS_ADDRESS_RATE_LIMIT", "off in local, else 60/m",
           "most requests of one address without valid credentials"},
          {"DRAMATIS_USER_STREAMS", "unlimited in local, else 20",
           "most streams that one user may have open at once; 0 is no limit"},
          {"DRAMATIS_GATEWAY_REPLICAS", "1",
           "gateways that these limits are shared by: each allows its part of them"},
          {"DRAMATIS_CORS_ORIGINS", "http://localhost:3000",
           "origins of web pages that may call, comma-separated"},
          {"DRAMATIS_MAX_CONNECTIONS", "10000", "most HTTP connections at once"},
          {"DRAMATIS_HTTP_THREADS", "one for each processor", "threads that serve HTTP"},
          {"DRAMATIS_HTTP_HEADER_TIMEOUT", "10s", "for the head of a request"},
          {"DRAMATIS_HTTP_BODY_TIMEOUT", "30s", "for the body of a request"},
          {"DRAMATIS_HTTP_IDLE_TIMEOUT", "60s", "between the requests of a connection"},
          {"DRAMATIS_HTTP_WRITE_TIMEOUT", "30s", "for a client that takes nothing of its answer"},
          {"DRAMATIS_UNARY_TIMEOUT", "120s", "for a service's answer"},
          {"DRAMATIS_SSE_HEARTBEAT", "15s", "between comments in a stream without events"},
      }};
  return part;
}

}  // namespace dramatis::gateway
