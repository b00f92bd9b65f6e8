#include "services/inference/settings/variables.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/inference/settings/known_providers.h"

namespace dramatis::inference {
namespace {

// Those that are known have a variable for the key, for the server, or for both.
void AddKnownProviders(std::vector<Variable>& variables) {
  for (const KnownProvider& known : KnownProviders()) {
    const std::string key(known.key_variable);
    if (!key.empty()) {
      variables.push_back(
          {key, "", absl::StrCat(std::string(known.key_meaning), "; or ", key, "_FILE")});
    }
    if (!known.url_variable.empty()) {
      variables.push_back({std::string(known.url_variable), std::string(known.url),
                           std::string(known.url_meaning)});
    }
  }
}

std::vector<Variable> Variables() {
  std::vector<Variable> variables = {
      {"DRAMATIS_MODEL", "the first provider's, else local",
       "the default model as provider/model, then those that stand in for it"},
      {"DRAMATIS_PROVIDERS_FILE", "", "providers of models, YAML: see docs/providers.md"},
      {"DRAMATIS_MODELS_FILE", "", "windows, prices and the like of models: see docs/providers.md"},
      {"DRAMATIS_TOKEN_RANKS", "",
       "files o200k_base.tiktoken and cl100k_base.tiktoken, comma-separated: with them the "
       "prompts of OpenAI's models are counted exactly"},
      {"DRAMATIS_ON_BROKEN_STREAM", "stop",
       "an answer that breaks off after its first words: stop fails the turn, restart asks "
       "for it once more"},
      {"DRAMATIS_HEDGE_AFTER", "off",
       "where a model has said nothing for so long, as 2s, the next one of the chain is "
       "asked too, and whichever speaks first answers; both are paid for"},
  };
  AddKnownProviders(variables);
  const std::vector<Variable> others = {
      {"DRAMATIS_OPENAI_MODELS", "", "the models of OPENAI_BASE_URL, comma-separated"},
      {"DRAMATIS_OPENAI_CONNECT_TIMEOUT", "5s", "for the connection to that server"},
      {"DRAMATIS_OPENAI_FIRST_BYTE_TIMEOUT", "60s; 300s of loopback and private addresses",
       "for the first byte of an answer"},
      {"DRAMATIS_OPENAI_IDLE_TIMEOUT", "30s", "for the next byte of an answer"},
      {"DRAMATIS_MONTHLY_BUDGET_MICROS", "no limit",
       "millionths of a US dollar that a user may spend on models in a calendar month, "
       "where an admin has not set it"},
      {"DRAMATIS_TOKENS_PER_MINUTE", "no limit",
       "tokens that a user may use in a minute, where an admin has not set it"},
      {"DRAMATIS_DEPLOYMENT_BUDGET_MICROS", "no limit",
       "millionths of a US dollar that all users together may spend in a calendar month"},
      {"DRAMATIS_EMBEDDER", "none",
       "what makes vectors of memories and questions, so that memories are found by what "
       "they mean: table: and a file, or provider/model"},
      {"DRAMATIS_RESERVATION_LEASE", "30s",
       "after how long what a silent process reserved for calls to models is freed"},
      {"DRAMATIS_LOCAL_DELAY", "0s", "before each word of the built-in model"},
  };
  variables.insert(variables.end(), others.begin(), others.end());
  return variables;
}

}  // namespace

const DeploymentPart& InferencePart() {
  static const auto& part = *new DeploymentPart{.name = "inference",
                                                .ports = {.grpc = 50054, .management = 9094},
                                                .calls = {},
                                                .variables = Variables()};
  return part;
}

}  // namespace dramatis::inference
