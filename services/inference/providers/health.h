// How a provider's calls have gone lately, for those who run the deployment: what its last failure
// was, and whether only its settings can mend it.
//
//   health.Worked();
//   health.Failed({.time = now, .model = "openai/x", .failure = failure});
//   health.misconfigured()    // every call fails until somebody acts
//
// Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/inference/providers/provider.h"

namespace dramatis::inference {

// One failure of a call.
struct Trouble {
  absl::Time time;
  // `provider/model`.
  std::string model;
  ProviderFailure failure;
};

class Health {
 public:
  void Worked();
  void Failed(const Trouble& trouble);

  // Its last calls failed for reasons that no waiting mends: refused credentials, a spent quota, a
  // wrong URL; or, for a while or from the start, requests refused for what they are, as where the
  // model does not exist.
  bool misconfigured() const;
  std::optional<Trouble> last() const;

 private:
  mutable absl::Mutex mutex_;
  bool ever_worked_ ABSL_GUARDED_BY(mutex_) = false;
  int refusals_ ABSL_GUARDED_BY(mutex_) = 0;  // in a row
  std::optional<Trouble> last_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
