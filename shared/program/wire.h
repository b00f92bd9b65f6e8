// What a program shows to the others of its deployment, and asks them for: identity keys and gRPC
// TLS, by files that are read again when they change.
//
//   const WireConfig config = WireConfig::From(settings, common, {...});
//   absl::StatusOr<std::unique_ptr<Wire>> wire = Wire::Open(config, clock, logger);
//   MakeChannel(target, wire->Options("persona"));
//   wire->Refresh();   // every now and then
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/config/environment.h"
#include "shared/identity/programs/program_signer.h"
#include "shared/identity/programs/program_verifier.h"
#include "shared/log/log.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/grpc_tls.h"
#include "shared/time/clock.h"

namespace dramatis {

struct WireConfig {
  // The program's place in its deployment.
  struct Place {
    std::string name;      // "persona": who it is to others
    bool separate = true;  // not all programs in one process
    bool calls = false;    // others
    bool called = false;   // by others
  };

  Place place;
  std::string key_file;   // empty: it mints nothing
  std::string keys_file;  // empty: it takes no tokens
  GrpcTls tls;

  // Reads the settings and looks into the files, noting problems in `settings`: outside `local` a
  // separate program has to have what its place needs.
  static WireConfig From(Settings& settings, const CommonConfig& common, Place place);
  // Whether files are to be looked at again.
  bool watches() const { return !key_file.empty() || !keys_file.empty(); }
};

class Wire {
 public:
  // `clock` and `logger` outlive it; it outlives channels and calls.
  static absl::StatusOr<std::unique_ptr<Wire>> Open(const WireConfig& config,
                                                    const Clock& clock,
                                                    Logger& logger);
  ~Wire();

  // Of a channel to a program of the deployment.
  ChannelOptions Options(const std::string& audience, const Keepalive& keepalive) const;
  // Null: without TLS.
  std::shared_ptr<grpc::ServerCredentials> server() const;
  // Reads identity keys again where their files have changed; the error is that of a file which
  // cannot be used: what was there before stays in use.
  absl::Status Refresh();

 private:
  Wire(const WireConfig& config, Logger& logger)
      : logger_(logger), name_(config.place.name), credentials_(config.tls) {}

  Logger& logger_;
  const std::string name_;
  const GrpcCredentials credentials_;
  std::unique_ptr<FileProgramSigner> signer_;
  std::unique_ptr<FileProgramVerifier> verifier_;
};

}  // namespace dramatis
