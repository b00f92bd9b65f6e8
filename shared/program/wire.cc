#include "shared/program/wire.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/config/certificates.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

constexpr char kKeyFile[] = "DRAMATIS_IDENTITY_KEY_FILE";
constexpr char kKeysFile[] = "DRAMATIS_IDENTITY_KEYS_FILE";
constexpr char kTlsFile[] = "DRAMATIS_GRPC_TLS_CERTIFICATE_FILE";
constexpr char kMustBe[] = "must be set where DRAMATIS_ENVIRONMENT is not local: ";

void CheckIdentity(Settings& settings, const WireConfig& config, const Clock& clock) {
  if (!config.key_file.empty()) {
    const auto signer = FileProgramSigner::Open(config.key_file, clock);
    if (!signer.ok()) {
      settings.Problem(kKeyFile, absl::StrCat("names a file that cannot be used: ",
                                              std::string(signer.status().message())));
    } else if (ProgramOfKid((*signer)->kid()) != config.place.name) {
      settings.Problem(
          kKeyFile, absl::StrCat("names the key ", (*signer)->kid(),
                                 ", which is another program's: this one is ", config.place.name));
    }
  }
  if (!config.keys_file.empty()) {
    const auto verifier = FileProgramVerifier::Open(config.keys_file, config.place.name, clock);
    if (!verifier.ok()) {
      settings.Problem(kKeysFile, absl::StrCat("names a file that cannot be used: ",
                                               std::string(verifier.status().message())));
    }
  }
}

void DemandIdentity(Settings& settings, const WireConfig& config) {
  if (config.place.calls && config.key_file.empty()) {
    settings.Problem(kKeyFile, absl::StrCat(kMustBe,
                                            "the key by which this program proves to others for "
                                            "whom it calls; `dramatis identity new <folder>` makes "
                                            "it, as <folder>/",
                                            config.place.name, ".json"));
  }
  if (config.place.called && config.keys_file.empty()) {
    settings.Problem(kKeysFile, absl::StrCat(kMustBe,
                                             "the public keys of the programs that call this one; "
                                             "`dramatis identity new <folder>` writes them, as "
                                             "<folder>/keys.json"));
  }
}

}  // namespace

WireConfig WireConfig::From(Settings& settings, const CommonConfig& common, Place place) {
  WireConfig config;
  config.place = std::move(place);
  config.tls = {common.grpc_tls.certificate_file, common.grpc_tls.key_file,
                common.grpc_tls.ca_file};
  if (config.place.calls) config.key_file = settings.Text(kKeyFile);
  if (config.place.called) config.keys_file = settings.Text(kKeysFile);
  const SystemClock clock;
  CheckIdentity(settings, config, clock);
  if (common.environment == "local" || !config.place.separate) return config;
  DemandIdentity(settings, config);
  if (!common.grpc_tls.given && !common.grpc_tls.mesh) {
    settings.Problem(kTlsFile,
                     absl::StrCat(kMustBe,
                                  "with DRAMATIS_GRPC_TLS_KEY_FILE and DRAMATIS_GRPC_TLS_CA_FILE, "
                                  "the certificate that this program shows to the others; or "
                                  "DRAMATIS_GRPC_TLS=mesh where a service mesh does that"));
  }
  return config;
}

absl::StatusOr<std::unique_ptr<Wire>> Wire::Open(const WireConfig& config,
                                                 const Clock& clock,
                                                 Logger& logger) {
  std::unique_ptr<Wire> wire(new Wire(config, logger));
  if (!config.key_file.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(wire->signer_, FileProgramSigner::Open(config.key_file, clock));
  }
  if (!config.keys_file.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(
        wire->verifier_, FileProgramVerifier::Open(config.keys_file, config.place.name, clock));
    SetProcessProgramVerifier(wire->verifier_.get());
  }
  return wire;
}

Wire::~Wire() {
  if (verifier_ != nullptr) SetProcessProgramVerifier(nullptr);
}

ChannelOptions Wire::Options(const std::string& audience, const Keepalive& keepalive) const {
  ChannelOptions options;
  options.keepalive = keepalive;
  options.audience = audience;
  options.signer = signer_.get();
  if (credentials_.tls()) options.credentials = credentials_.channel();
  return options;
}

std::shared_ptr<grpc::ServerCredentials> Wire::server() const {
  return credentials_.tls() ? credentials_.server() : nullptr;
}

absl::Status Wire::Refresh() {
  absl::Status status;
  if (signer_ != nullptr) {
    const absl::StatusOr<bool> other = signer_->Refresh();
    status.Update(other.status());
    if (other.value_or(false)) logger_.Info("another identity key", {{"kid", signer_->kid()}});
  }
  if (verifier_ != nullptr) {
    const absl::StatusOr<bool> others = verifier_->Refresh();
    status.Update(others.status());
    if (others.value_or(false)) {
      logger_.Info("other identity keys are taken",
                   {{"keys", static_cast<int>(verifier_->size())}});
    }
  }
  return status;
}

}  // namespace dramatis
