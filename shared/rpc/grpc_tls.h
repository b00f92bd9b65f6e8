// Mutual TLS between the programs of a deployment, by files that are read again when they change.
//
//   const GrpcCredentials credentials(tls);
//   builder.AddListeningPort(address, credentials.server(), &port);
//   MakeChannel(target, {.audience = "persona", .credentials = credentials.channel()});
//
// Both sides show a certificate of the deployment's own authority. Whoever calls checks that the
// certificate names the program that it calls ("persona" is a DNS name of persona's), whatever
// address that has: replicas reach each other by addresses that no certificate could list.
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "grpcpp/security/tls_certificate_provider.h"

namespace dramatis {

// PEM files; either all of them are set, or none.
struct GrpcTls {
  std::string certificate_file = {};  // the program's own, then those between it and the authority
  std::string key_file = {};
  std::string ca_file = {};  // the authorities whose certificates are taken

  bool on() const { return !certificate_file.empty(); }
};

class GrpcCredentials {
 public:
  // Without TLS where `tls` is off.
  explicit GrpcCredentials(const GrpcTls& tls);

  std::shared_ptr<grpc::ServerCredentials> server() const;
  std::shared_ptr<grpc::ChannelCredentials> channel() const;
  bool tls() const { return provider_ != nullptr; }

 private:
  std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> provider_;
};

}  // namespace dramatis
