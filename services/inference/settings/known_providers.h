// The providers that are there when the variables are set that their users know: a line of data
// each. Whatever else there is goes into DRAMATIS_PROVIDERS_FILE (setup/providers_file.h).
//
//   for (const KnownProvider& known : KnownProviders()) ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/inference/providers/api.h"

namespace dramatis::inference {

struct KnownProvider {
  std::string_view name;
  // For people.
  std::string_view description;
  // Its key; or the same with _FILE. Empty where it has none.
  std::string_view key_variable;
  // Its server, where not the default one; empty where that cannot be chosen.
  std::string_view url_variable;
  // `{region}` stands for AWS_REGION. Empty where the variable has to say it.
  std::string_view url;
  // What follows the variable's value.
  std::string_view url_suffix;
  Api api;
  Auth auth;
  // Offered unless DRAMATIS_MODEL names others, the default first, comma-separated.
  std::string_view models;
  // Users may name any model that the server has.
  bool any_model;
  // DRAMATIS_MODEL may name a model that the catalogue does not know.
  bool own_names;
  // What docs/configuration.md says of the two variables.
  std::string_view key_meaning;
  std::string_view url_meaning;
};

const std::vector<KnownProvider>& KnownProviders();

// The catalogue's provider whose models a server has; empty where nothing is known of it.
std::string_view CatalogueOf(std::string_view url);

// The URL of an Ollama server as OLLAMA_HOST names it: scheme and port may be left out, and an
// address to listen on stands for this machine.
std::string OllamaUrl(std::string_view host);

}  // namespace dramatis::inference
