// How one provider is reached: what a line of the providers file, or the variables that its users
// know, come to.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/providers/api.h"
#include "services/inference/transport/curl_loop.h"

namespace dramatis::inference {

// A provider's key.
struct KeySource {
  // Where it is read from (shared/secrets/secret_store.h); empty where it stays as it is.
  std::string reference = {};
  // As it was read at start; empty for servers that want none.
  std::string value = {};
};

struct ProviderConfig {
  // As in `provider/model`.
  std::string name = "openai";
  // For people.
  std::string description = {};
  Api api = Api::kOpenAi;
  // Up to and without what the API adds (`/chat/completions`, `/v1/messages`), without a slash at
  // the end.
  std::string base_url = "https://api.openai.com/v1";
  Auth auth = Auth::kBearer;
  // Empty for servers that want none.
  KeySource key = {};
  // Of AWS, where requests are signed.
  std::string region = {};
  // The models offered, the default one first; empty where there is no default.
  std::vector<ModelSpec> models = {};
  // Besides those in `models`, take any name the server may know.
  bool any_model = false;
  // Under which of the catalogue's providers the models' facts stand, best first.
  std::vector<std::string> catalogue = {"openai"};
  // What follows `?` in the URL, encoded; empty for nothing.
  std::string query = {};
  // Most calls at once; 0 for any number.
  int max_concurrent = 0;
  HttpTimeouts timeouts = {};
  // For what may follow the end of an answer.
  absl::Duration finish_grace = absl::Seconds(2);

  // OpenAI itself.
  bool IsOpenAi() const { return base_url.starts_with("https://api.openai.com/"); }
};

}  // namespace dramatis::inference
