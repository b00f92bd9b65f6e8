// DATABASE_URL where it may change while the program runs: a file's content, or a secret of AWS
// Secrets Manager. Connections that are there stay; each new one is made with what it is now.
//
//   DatabaseUrl url(store, config.common);
//   options.current_url = [&url](const std::string& refused) { return url.Now(refused); };
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "shared/config/environment.h"
#include "shared/secrets/secret_store.h"

namespace dramatis {

class DatabaseUrl {
 public:
  // Follows `config.database_url_reference`, whose value has just been read.
  DatabaseUrl(std::shared_ptr<secrets::SecretStore> store, const CommonConfig& config);

  // What was read last and can be used. Where the server has refused the password in `refused`, it
  // is read anew, for at most two seconds, until it is another one.
  std::string Now(const std::string& refused);
  // Reads it anew, in the background, where that is due.
  void RefreshDue() { store_->RefreshDue(); }

 private:
  std::string Take();

  const std::shared_ptr<secrets::SecretStore> store_;
  const std::string environment_;
  const std::unique_ptr<secrets::Secret> secret_;
  absl::Mutex mutex_;
  std::string good_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
