// An RPC as calls of it see it: its facts, its messages, the handler that answers it. Made by
// method_table.h, run by server_call.h.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "shared/call/call.h"
#include "shared/call/call_record.h"
#include "shared/executor/executor.h"
#include "shared/methods/message_source.h"

namespace dramatis {

// Handlers of every message type; each gets messages of its RPC's own types only. All run on the
// RPC's executor.

// May block. Fills `response` where it returns OK.
using UnaryHandler = std::function<absl::Status(const CallContext& call,
                                                const google::protobuf::Message& request,
                                                google::protobuf::Message& response)>;
// Answers later, from any thread, and holds none meanwhile.
using AsyncDone =
    std::function<void(absl::StatusOr<std::unique_ptr<google::protobuf::Message>> response)>;
using AsyncHandler = std::function<void(
    const CallContext& call, const google::protobuf::Message& request, AsyncDone done)>;
// Opens a stream of answers.
using StreamHandler = std::function<absl::StatusOr<std::unique_ptr<MessageSource>>(
    const CallContext& call, const google::protobuf::Message& request)>;
// Opens a request that comes as a stream, of whose messages `first` is the first.
using UploadHandler = std::function<absl::StatusOr<std::unique_ptr<MessageSink>>(
    const CallContext& call, const google::protobuf::Message& first)>;

struct Method {
  // The calls of this RPC run there instead of on the service's executor, which outlives them.
  void On(Executor& other) { executor = &other; }

  bool unary() const {
    return std::holds_alternative<UnaryHandler>(handler) ||
           std::holds_alternative<AsyncHandler>(handler);
  }
  bool streams() const { return std::holds_alternative<StreamHandler>(handler); }

  const MethodFacts facts;
  CallParts& parts;
  Executor* executor;
  const google::protobuf::Message& request;  // the empty ones of their types
  const google::protobuf::Message& response;
  const std::variant<UnaryHandler, AsyncHandler, StreamHandler, UploadHandler> handler;
  // Whether a call that a client makes may begin, asked before it waits for anything; may be null.
  // Cheap, thread-safe.
  std::function<absl::Status()> gate = nullptr;
};

}  // namespace dramatis
