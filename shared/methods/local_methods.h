// The RPCs of this process's services, to callers within the process, who need no gRPC: the same
// handler after the same steps, but no transport, which hands an in-process call to two threads
// more and costs more than most handlers (docs/adr/0008-local-calls.md).
//
//   if (const Method* recall = local.Find("dramatis.memory.v1.MemoryService/Recall")) {
//     CallLocally<RecallResponse>(*recall, call, request,
//                                 [](absl::StatusOr<RecallResponse> response) {...});
//   }   // else the service runs elsewhere: over gRPC
//
// Whoever runs the services adds their tables. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "shared/methods/method_table.h"

namespace dramatis {

class LocalMethods {
 public:
  // Every RPC of the table, which outlives the calls.
  void Add(const MethodTable& table);
  // `name`: "dramatis.memory.v1.MemoryService/Recall". Null where this process has no such RPC.
  const Method* Find(std::string_view name) const;

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, const Method*> methods_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
