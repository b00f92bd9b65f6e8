// The called end of identity between programs: takes the tokens of those whose public keys are in a
// file, a JWK Set.
//
//   absl::StatusOr<std::unique_ptr<FileProgramVerifier>> verifier =
//       FileProgramVerifier::Open("/etc/dramatis/identity/keys.json", "persona", clock);
//   SetProcessProgramVerifier(verifier->get());
//   verifier->Refresh();   // every now and then
//
// Each token is verified once and remembered by its SHA-256. A token of a key that is not there has
// the file looked at again. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "shared/call/program_identity.h"
#include "shared/config/watched_file.h"
#include "shared/identity/jwk.h"
#include "shared/identity/token_cache.h"
#include "shared/time/clock.h"

namespace dramatis {

class FileProgramVerifier : public ProgramVerifier {
 public:
  // UNAVAILABLE or INVALID_ARGUMENT say what is wrong with the file. `audience` is this program.
  // `clock` outlives the verifier.
  static absl::StatusOr<std::unique_ptr<FileProgramVerifier>> Open(const std::string& file,
                                                                   std::string audience,
                                                                   const Clock& clock);

  SignIn Verify(std::string_view token) override ABSL_LOCKS_EXCLUDED(mutex_);
  // Reads the file again if it has changed. Where that fails, the keys stay. True where there are
  // others now.
  absl::StatusOr<bool> Refresh() ABSL_LOCKS_EXCLUDED(mutex_);
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Keys {
    std::shared_ptr<const KeySet> set;
    uint64_t generation = 1;
  };

  FileProgramVerifier(WatchedFile file, KeySet keys, std::string audience, const Clock& clock);
  Keys keys() const ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string audience_;
  const Clock& clock_;
  TokenCache cache_;
  mutable absl::Mutex mutex_;
  WatchedFile file_ ABSL_GUARDED_BY(mutex_);
  Keys keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
