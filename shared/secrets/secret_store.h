// Where secrets are read from, as settings refer to them:
//
//   file:/run/secrets/openai                     a file's content, without the line end
//   aws-secretsmanager:prod/openai               a secret of AWS Secrets Manager, by name or ARN
//   aws-secretsmanager:prod/openai#key           a member of the JSON object that its text is
//
//   SecretStore store(ReadSecretSettings(settings), clock, SendWebRequest);
//   absl::StatusOr<std::string> value = store.Read("file:/run/secrets/openai");
//   std::unique_ptr<Secret> secret = store.Follow("file:/run/secrets/openai", *value);
//
// A secret is visible ASCII, 1 to 65,536 characters. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "shared/aws/credential_cache.h"
#include "shared/aws/credentials.h"
#include "shared/aws/service_client.h"
#include "shared/config/environment.h"
#include "shared/executor/executor.h"
#include "shared/http_client/web.h"
#include "shared/secrets/secret.h"
#include "shared/time/clock.h"

namespace dramatis::secrets {

struct SecretSettings {
  // Of AWS: empty where the environment names none.
  std::string region = {};
  // Of a server that is not Amazon's, without a slash at its end.
  std::string endpoint = {};
  std::string ca_file = {};
  aws::CredentialSettings aws = {};
};

// Notes problems in `settings` of what only Secrets Manager needs where `wanted` says so.
SecretSettings ReadSecretSettings(Settings& settings, bool wanted);

// Whether a setting's value refers to a secret rather than being one, and to which.
bool IsSecretReference(std::string_view text);
bool IsAwsSecretReference(std::string_view text);

// Whether `text` can stand in an HTTP header: visible ASCII only.
bool IsHeaderSafe(std::string_view text);

class SecretStore {
 public:
  // `clock` outlives it.
  SecretStore(SecretSettings settings, const Clock& clock, WebClient web);
  // As Stop.
  ~SecretStore() { Stop(); }
  // Waits for reads under way; what is read afterwards fails.
  void Stop();

  // Blocks, for seconds at most. INVALID_ARGUMENT for what is no reference; UNAVAILABLE, for a log,
  // says what cannot be read and why, without any of it.
  absl::StatusOr<std::string> Read(const std::string& reference);
  // Follows one whose value has just been read; it uses the store, which outlives it. An empty
  // reference is a value that stays as it is.
  std::unique_ptr<Secret> Follow(const std::string& reference, std::string value);
  // Reads anew, in the background, whatever is due of what is followed: to be called every few
  // seconds, so that it happens also while nobody asks.
  void RefreshDue();

 private:
  absl::StatusOr<std::string> ReadAws(const std::string& text);
  const aws::ServiceClient& ClientOf(const std::string& region);

  const SecretSettings settings_;
  const Clock& clock_;
  const WebClient web_;
  aws::CredentialCache credentials_;
  absl::Mutex mutex_;
  // By region.
  absl::flat_hash_map<std::string, std::unique_ptr<aws::ServiceClient>> clients_
      ABSL_GUARDED_BY(mutex_);
  std::vector<Secret> followed_ ABSL_GUARDED_BY(mutex_);
  Executor executor_{1, 1000};
};

// As `store` follows it; where there is no store, a value that stays as it is.
std::unique_ptr<Secret> FollowedBy(SecretStore* store,
                                   const std::string& reference,
                                   const std::string& value);

}  // namespace dramatis::secrets
