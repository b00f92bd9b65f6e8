#include "shared/rpc/grpc_tls.h"

#include "grpcpp/security/tls_credentials_options.h"

namespace dramatis {
namespace {

namespace experimental = ::grpc::experimental;

// How long a replaced file may go unseen.
constexpr unsigned int kLookSeconds = 2;

}  // namespace

GrpcCredentials::GrpcCredentials(const GrpcTls& tls) {
  if (!tls.on()) return;
  provider_ = std::make_shared<experimental::FileWatcherCertificateProvider>(
      tls.key_file, tls.certificate_file, tls.ca_file, kLookSeconds);
}

std::shared_ptr<grpc::ServerCredentials> GrpcCredentials::server() const {
  if (provider_ == nullptr) return grpc::InsecureServerCredentials();
  experimental::TlsServerCredentialsOptions options(provider_);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> GrpcCredentials::channel() const {
  if (provider_ == nullptr) return grpc::InsecureChannelCredentials();
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider_);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return experimental::TlsCredentials(options);
}

}  // namespace dramatis
