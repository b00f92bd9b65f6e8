// Finds out whose an API key is, by asking the service that keeps them, here or elsewhere.
//
//   RunProgram(argc, argv, {.find_keys = FindKeysInMemory, ...});
//
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "shared/identity/key_authenticator.h"
#include "shared/ids/ids.h"
#include "shared/methods/local_methods.h"
#include "shared/program/program.h"
#include "shared/rpc/neighbour.h"

namespace dramatis {

class KeyFinder : public ApiKeyFinder {
 public:
  // `local` and `ids` outlive it.
  KeyFinder(const LocalMethods& local, Connect connect, IdSource& ids)
      : ids_(ids), memory_(std::move(connect), &local) {}
  // Waits for what is under way.
  ~KeyFinder() override;

  FindApiKey Find() override {
    return [this](const std::string& hash, auto done) { Ask(hash, std::move(done)); };
  }

 private:
  using Done = std::function<void(absl::StatusOr<std::optional<FoundApiKey>>)>;

  void Ask(const std::string& hash, Done done) ABSL_LOCKS_EXCLUDED(mutex_);
  void Ended() ABSL_LOCKS_EXCLUDED(mutex_);

  IdSource& ids_;
  Neighbour<memory::v1::MemoryService> memory_;
  absl::Mutex mutex_;
  int asking_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The memory service keeps them.
std::unique_ptr<ApiKeyFinder> FindKeysInMemory(const LocalMethods& local,
                                               const ConnectTo& connect,
                                               IdSource& ids);

}  // namespace dramatis
