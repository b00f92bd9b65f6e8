// The gateway's own answers about databases: asks the AdminService of every backend at the same
// time and makes one answer of theirs. Which services there are it takes from the backends.
//
// The gateway checks access to these RPCs, as each service does for its own, and writes the call to
// the audit log; every backend decides, and writes, once more.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/calls/backend.h"
#include "gateway/calls/request_task.h"
#include "shared/call/call.h"

namespace dramatis::gateway {

class DatabaseCallTask : public ActiveCall {
 public:
  // `call` is for an RPC that this Answers.
  DatabaseCallTask(RequestTask& task, const RequestCall& call);
  // What is under way at the backends goes on: it changes something.
  void Gone() override {}

  static bool Answers(const RpcMethod& method);

 private:
  using Replies = std::map<std::string, UnaryReply>;  // by backend
  struct Work;

  // Asks every backend for `rpc` with what `payload` makes of its name; `then` runs on the
  // connection's thread, also after the client has gone.
  static void AskAll(const std::shared_ptr<Work>& work,
                     const std::string& rpc,
                     const std::function<std::string(const std::string& service)>& payload,
                     absl::Duration timeout,
                     const std::function<void(const Replies&)>& then);
  static void GetStatus(const std::shared_ptr<Work>& work);
  static void Setup(const std::shared_ptr<Work>& work);
  // Asks whether all would, then whether all do.
  static void Seed(const std::shared_ptr<Work>& work, bool validate_only);
};

}  // namespace dramatis::gateway
