// Reads DRAMATIS_PROVIDERS_FILE, which names any number of providers:
//
//   providers:
//     - name: mine                         # as in `mine/llama3`
//       dialect: openai                    # openai, anthropic or local
//       baseUrl: https://llm.example.org/v1
//       auth: bearer                       # bearer, x-api-key, api-key or sigv4
//       secret: file:/run/secrets/mine     # or env:NAME, where the environment is local
//       region: eu-central-1               # of Bedrock, where auth is sigv4 or no baseUrl is named
//       models: [llama3, "qwen@8192@0.1/0.2"]
//       query: {api-version: 2025-04-01-preview}
//       maxConcurrent: 8
//
// `name` is all that has to be there. Without `models` any model may be named, and there is no
// default one. Pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/inference/providers/provider_config.h"

namespace dramatis::inference {

// A provider of the file; `key` is to be filled in from what `secret` refers to.
struct ProviderEntry {
  ProviderConfig config;
  std::string secret;
};

struct ProvidersFile {
  std::vector<ProviderEntry> entries;
  // What is wrong, each naming the provider and the field; no value of the file is part of it but
  // names of fields and providers.
  std::vector<std::string> problems;
};

ProvidersFile ParseProvidersFile(std::string_view yaml);

}  // namespace dramatis::inference
