// Inference's settings.
//
//   OPENAI_API_KEY, OPENAI_API_KEY_FILE     the key of an OpenAI-compatible server
//   OPENAI_BASE_URL                         the server (https://api.openai.com/v1)
//   DRAMATIS_OPENAI_MODELS                  its models, see ParseModelSpec; the first is its default
//   DRAMATIS_OPENAI_{CONNECT,FIRST_BYTE,IDLE}_TIMEOUT
//   DRAMATIS_MODEL                          the default model, then those that stand in for it
//   DRAMATIS_LOCAL_DELAY                    before each word of the built-in model
//   SSL_CERT_FILE                           certificate authorities to trust, PEM
//
// The provider `openai` is there when a key or a base URL is set, and is the default then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/inference/providers/openai_provider.h"
#include "shared/config/environment.h"

namespace dramatis::inference {

struct Config {
  std::optional<OpenAiConfig> openai;
  // `provider/model` names: the default, then the ones that stand in for it.
  std::vector<std::string> chain;
  absl::Duration local_delay;
  std::string ca_file;

  // Notes problems in `settings`.
  static Config From(Settings& settings);
};

// Without a slash at the end; nullopt where `url` is not http or https, names no host, or has
// credentials, a query or a fragment.
std::optional<std::string> NormalBaseUrl(const std::string& url);

}  // namespace dramatis::inference
