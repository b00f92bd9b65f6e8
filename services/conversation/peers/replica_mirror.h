// Turns that run elsewhere, mirrored here: from the replica whose address is in the lease, by its
// StreamTurn, and where that fails from the turn's row, about once a second, until the turn has
// ended or the lease has moved. A mirror lives as long as it has followers; they share it.
//
// Thread-safe; a mirror holds no thread while nothing comes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/replicas.h"
#include "services/conversation/model/turn_store.h"
#include "shared/executor/executor.h"
#include "shared/time/timer.h"

namespace dramatis::conversation {

// What mirrors need. References outlive them.
struct MirrorTools {
  TurnStore& store;
  Timer& timer;
  Executor& executor;  // for reads of rows
  // This process's own address: a turn that is said to run here, and does not yet or any more, is
  // followed by its row.
  std::function<std::string()> own_address;
  std::function<bool(const std::string& turn_id)> runs_here;
  // A channel to another replica.
  std::function<std::shared_ptr<grpc::Channel>(const std::string& address)> connect;
};

class Mirror;

class GrpcReplicaPeer : public ReplicaPeer {
 public:
  explicit GrpcReplicaPeer(MirrorTools tools);
  ~GrpcReplicaPeer() override;

  std::shared_ptr<LiveTurn> Follow(const TurnRow& turn) override;
  void Look(const std::string& turn_id) override;
  void Adopt(const std::shared_ptr<LiveTurn>& turn) override;

  // Ends every mirror with UNAVAILABLE: the process ends. Returns when no call is under way.
  void Stop();

 private:
  void Begin(const std::shared_ptr<LiveTurn>& turn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Sweep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<const MirrorTools> tools_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  // Those that nobody follows any more are swept out when the next one is made.
  std::vector<std::shared_ptr<Mirror>> mirrors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::conversation
