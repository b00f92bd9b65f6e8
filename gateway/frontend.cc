#include "gateway/frontend.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway/access/cors.h"
#include "gateway/calls/dispatcher.h"
#include "gateway/calls/health.h"
#include "gateway/calls/refusal_records.h"
#include "gateway/calls/request_metrics.h"
#include "gateway/pages/site.h"
#include "gateway/routing/problem.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/transcoder.h"
#include "shared/http/server.h"
#include "shared/rpc/channel.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

// What the descriptors say, made before anything listens.
struct Tables {
  std::unique_ptr<RouteTable> routes;
  std::unique_ptr<Transcoder> transcoder;
  ReasonTable reasons;
  std::vector<ServiceName> services;
};

absl::StatusOr<Tables> MakeTables() {
  Tables tables;
  DRAMATIS_ASSIGN_OR_RETURN(const auto files, LinkedFiles());
  DRAMATIS_ASSIGN_OR_RETURN(tables.routes, RouteTable::Build(files));
  DRAMATIS_ASSIGN_OR_RETURN(tables.reasons, ReasonTable::Build(files));
  DRAMATIS_ASSIGN_OR_RETURN(tables.transcoder, Transcoder::Make(*tables.routes));
  tables.services = ServicesOf(files);
  return tables;
}

class GatewayFrontend : public Frontend {
 public:
  // `tls` is null for plain HTTP.
  GatewayFrontend(GatewayConfig config,
                  const FrontendContext& context,
                  Tables tables,
                  std::shared_ptr<TlsContext> tls)
      : config_(std::move(config)),
        tables_(std::move(tables)),
        cors_(config_.cors_origins),
        backends_(Connect(tables_.services, context)),
        environment_(context.config.environment),
        health_(tables_.services, backends_, context.clock, config_.health_timeout),
        limits_(config_.rate_limits),
        request_metrics_(context.metrics),
        refusals_(context.logger, context.metrics, context.clock),
        sign_in_(ClientOf(context), environment_ == "local" && context.oidc.rules.issuer.empty()),
        dispatcher_({config_, *tables_.routes, tables_.reasons, *tables_.transcoder, cors_, site_,
                     backends_, health_, limits_, context.clock, environment_, context.ids,
                     context.logger, context.metrics, request_metrics_, refusals_, sign_in_}),
        logger_(context.logger),
        tls_(std::move(tls)),
        server_(std::make_unique<HttpServer>(dispatcher_, config_.limits, config_.threads, tls_)) {
    if (const std::string_view why = BuiltWebFiles().why; !why.empty()) {
      context.logger.Info("the web page is not in this program: / leads to /docs",
                          {{"reason", std::string(why)}});
    }
  }

  ~GatewayFrontend() override {
    // Cuts the connections, which cancels their calls; their callbacks still use what is here.
    server_.reset();
    sign_in_.Stop();
    for (const auto& [name, backend] : backends_)
      backend->AwaitCalls();
  }

  absl::StatusOr<std::string> Start() override {
    return server_->Listen(config_.address, "DRAMATIS_HTTP_ADDRESS");
  }
  void Drain(absl::Time deadline) override { server_->Drain(deadline); }
  bool Ready() override {
    refusals_.Tell();  // probes come when nobody else does
    return health_.CheckNow().ready();
  }
  bool WatchesFiles() const override { return tls_ != nullptr; }
  absl::Status RefreshFiles() override {
    if (tls_ == nullptr) return absl::OkStatus();
    DRAMATIS_ASSIGN_OR_RETURN(const bool other, tls_->Refresh());
    if (other) logger_.Info("another certificate", {{"file", config_.tls_certificate_file}});
    return absl::OkStatus();
  }
  bool SpeaksTls() const override { return tls_ != nullptr; }

 private:
  // Null where people do not sign in at an issuer.
  static std::unique_ptr<OidcClient> ClientOf(const FrontendContext& context) {
    const OidcSettings& oidc = context.oidc;
    if (oidc.client_id.empty()) return nullptr;
    OidcClient::Options options;
    options.issuer = oidc.rules.issuer;
    options.client_id = oidc.client_id;
    options.scope = oidc.client_scope;
    options.required_scope = oidc.rules.scope;
    return std::make_unique<OidcClient>(std::move(options), context.fetch, context.send_form,
                                        context.clock, context.logger);
  }

  static std::map<std::string, std::unique_ptr<Backend>> Connect(
      const std::vector<ServiceName>& services, const FrontendContext& context) {
    std::map<std::string, std::unique_ptr<Backend>> backends;
    for (const ServiceName& service : services) {
      std::unique_ptr<Backend>& backend = backends[service.backend];
      if (backend == nullptr) {
        backend = std::make_unique<Backend>(context.channel(service.backend), context.local);
      }
    }
    return backends;
  }

  const GatewayConfig config_;
  const Tables tables_;
  const Cors cors_;
  const Site site_;
  const std::map<std::string, std::unique_ptr<Backend>> backends_;
  const std::string environment_;
  Health health_;
  RateLimits limits_;
  RequestMetrics request_metrics_;
  RefusalRecords refusals_;
  SignInDesk sign_in_;
  Dispatcher dispatcher_;
  Logger& logger_;
  const std::shared_ptr<TlsContext> tls_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Frontend>> MakeGateway(const GatewayConfig& config,
                                                      const FrontendContext& context) {
  DRAMATIS_ASSIGN_OR_RETURN(Tables tables, MakeTables());
  std::shared_ptr<TlsContext> tls;
  if (!config.tls_certificate_file.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(tls,
                              TlsContext::Open(config.tls_certificate_file, config.tls_key_file));
  }
  return std::make_unique<GatewayFrontend>(config, context, std::move(tables), std::move(tls));
}

std::function<absl::StatusOr<std::unique_ptr<Frontend>>(const FrontendContext&)> ConfigureGateway(
    Settings& settings, const CommonConfig& common) {
  return [config = GatewayConfig::From(settings, common.environment)](
             const FrontendContext& context) { return MakeGateway(config, context); };
}

}  // namespace dramatis::gateway
