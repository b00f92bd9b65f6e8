// The gateway's answer to every request: finds the route, makes the call, passes on what comes.
// Thread-safe.
#pragma once

#include <memory>

#include "gateway/calls/gateway_parts.h"
#include "shared/http/responder.h"

namespace dramatis::gateway {

class Dispatcher : public HttpHandler {
 public:
  explicit Dispatcher(const GatewayParts& parts) : parts_(parts) {}

  Opened Open(const HttpRequest& head, bool has_body, PostWork post) override;
  std::shared_ptr<HttpTask> OpenRefused(const HttpRequest& head) override;
  HttpAnswer Overloaded() override;
  void CountConnection(int by) override;

 private:
  const GatewayParts parts_;
};

}  // namespace dramatis::gateway
