// The calling end of identity between programs: mints tokens with the key of a file.
//
//   absl::StatusOr<std::unique_ptr<FileProgramSigner>> signer =
//       FileProgramSigner::Open("/etc/dramatis/identity/gateway.json", clock);
//   MakeChannel(target, {.audience = "persona", .signer = signer->get()});
//   signer->Refresh();   // every now and then
//
// A token is kept and sent again for as long as it is fresh, so that a call costs a look-up.
// Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/call/program_identity.h"
#include "shared/config/watched_file.h"
#include "shared/identity/programs/program_key.h"
#include "shared/time/clock.h"

namespace dramatis {

class FileProgramSigner : public ProgramSigner {
 public:
  // UNAVAILABLE or INVALID_ARGUMENT say what is wrong with the file. `clock` outlives the signer.
  static absl::StatusOr<std::unique_ptr<FileProgramSigner>> Open(const std::string& file,
                                                                 const Clock& clock);

  std::string TokenFor(const std::string& audience, const std::string& identity) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Reads the file again if it has changed. Where that fails, the key stays. True where there is
  // another one now.
  absl::StatusOr<bool> Refresh() ABSL_LOCKS_EXCLUDED(mutex_);
  std::string kid() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Minted {
    std::string token;
    absl::Time until;  // it is sent
  };
  using Tokens = absl::flat_hash_map<std::string, Minted>;

  FileProgramSigner(WatchedFile file, ProgramKey key, const Clock& clock)
      : clock_(clock), file_(std::move(file)), key_(std::move(key)) {}

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  WatchedFile file_ ABSL_GUARDED_BY(mutex_);
  ProgramKey key_ ABSL_GUARDED_BY(mutex_);
  // By audience and identity. A full newer half becomes the older one.
  Tokens newer_ ABSL_GUARDED_BY(mutex_);
  Tokens older_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
