// Inference's settings.
//
//   DRAMATIS_PROVIDERS_FILE                 providers, see setup/providers_file.h
//   OPENAI_API_KEY, ANTHROPIC_API_KEY, ...  a provider each, see settings/known_providers.h
//   DRAMATIS_OPENAI_MODELS                  openai's models, the first its default: ParseModelSpec
//   DRAMATIS_OPENAI_{CONNECT,FIRST_BYTE,IDLE}_TIMEOUT
//   DRAMATIS_MODEL                          the default model, then those that stand in for it
//   DRAMATIS_MODELS_FILE                    facts about models, see catalogue/catalogue.h
//   DRAMATIS_TOKEN_RANKS                    vocabularies, see catalogue/vocabularies.h
//   DRAMATIS_ON_BROKEN_STREAM               stop or restart
//   DRAMATIS_HEDGE_AFTER                    off, or when another is asked beside a silent one
//   DRAMATIS_EMBEDDER                       makes vectors of texts: table:FILE, or provider/model
//   DRAMATIS_LOCAL_DELAY                    before each word of the built-in model
//   DRAMATIS_MONTHLY_BUDGET_MICROS          a user's in a month, where an admin has not said
//   DRAMATIS_TOKENS_PER_MINUTE              the same of tokens in a minute
//   DRAMATIS_DEPLOYMENT_BUDGET_MICROS       what all users together may spend in a month
//   DRAMATIS_RESERVATION_LEASE              after how long what a silent process reserved is freed
//   SSL_CERT_FILE                           certificate authorities to trust, PEM
//
// The default is the first provider that has a default model: those of the file, then those of
// variables, then the built-in one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/inference/catalogue/vocabularies.h"
#include "services/inference/providers/provider_config.h"
#include "services/inference/usage/ledger_store.h"
#include "shared/aws/credentials.h"
#include "shared/config/environment.h"
#include "shared/secrets/secret_store.h"

namespace dramatis::inference {

struct Config {
  // Besides the built-in one, which is always there.
  std::vector<ProviderConfig> providers;
  // `provider/model` names: the default, then the ones that stand in for it.
  std::vector<std::string> chain;
  std::string models_file;
  Vocabularies vocabularies;
  // An answer that breaks off after its first text is asked for anew.
  bool restart_broken = false;
  // Where nothing has been said for so long, the next model is asked too; nullopt: never.
  std::optional<absl::Duration> hedge_after;
  absl::Duration local_delay;
  std::string ca_file;
  // A table's file, or a provider of `providers` and its model; neither where there is no embedder.
  std::string embedder_table;
  std::string embedder_provider;
  std::string embedder_model;
  DefaultLimits limits;
  absl::Duration reservation_lease;
  // How credentials of AWS are found; unset where no provider wants any.
  std::optional<aws::CredentialSettings> aws;
  // How secrets are read that settings refer to.
  secrets::SecretSettings secret_settings;

  // Notes problems in `settings`.
  static Config From(Settings& settings);
};

}  // namespace dramatis::inference
