// The one call adapter between gRPC's callback API and use cases. For every RPC: identity and
// access, correlation id, field rules, deadline, executor, metrics, one log record, status.
//
//   // persona_service.h: one statement per RPC
//   grpc::ServerUnaryReactor* GetPersona(grpc::CallbackServerContext* context,
//                                        const v1::GetPersonaRequest* request,
//                                        v1::Persona* response) override {
//     return rpc_.Unary("GetPersona", context, request, response,
//                       [this](const CallContext& call, const v1::GetPersonaRequest& request) {
//                         return personas_.Get(call, request);   // absl::StatusOr<v1::Persona>
//                       });
//   }
//
// Handlers of Unary run on the executor and may block. `Async` is for answers that come later
// without holding a thread; `Stream` for server streams. google.protobuf.Empty answers may come
// from handlers that return absl::Status.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/executor/executor.h"
#include "shared/time/clock.h"

namespace dramatis {

// A stream's events, pulled one at a time when the client can take one. Called by one thread at a
// time; must not block.
template <class Event>
class EventSource {
 public:
  virtual ~EventSource() = default;
  struct Next {
    std::optional<Event> event;        // to send now
    std::optional<absl::Status> end;   // set: the stream ends with this, after `event` if any
    // neither: nothing yet; `wake` will be called
  };
  virtual Next Poll() = 0;
  // Called once, before the first Poll. `wake` may be called from any thread at any time, also
  // after the stream has ended, and returns at once.
  virtual void OnReady(std::function<void()> wake) = 0;
  // The client has gone away or its deadline has passed. No Poll follows.
  virtual void Cancelled() = 0;
};

class ServiceAdapter {
 public:
  // `service` is the service's full proto name, as in "dramatis.persona.v1.PersonaService". Dies if
  // one of its methods says no access.
  ServiceAdapter(const std::string& service,
                 Executor& executor,
                 const Clock& clock,
                 Logger& logger,
                 Metrics& metrics);
  ~ServiceAdapter();

  // Handler: absl::StatusOr<Response>(const CallContext&, const Request&), or absl::Status for an
  // Empty response; runs on the executor.
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Unary(const char* method,
                                  grpc::CallbackServerContext* context,
                                  const Request* request,
                                  Response* response,
                                  Handler handler);

  // Handler: void(const CallContext&, const Request&, std::function<void(absl::StatusOr<Response>)>
  // done, ); runs on the executor; `done` is called once, from any thread. Where the caller goes
  // away first, the answer is dropped.
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Async(const char* method,
                                  grpc::CallbackServerContext* context,
                                  const Request* request,
                                  Response* response,
                                  Handler handler);

  // Handler: absl::StatusOr<std::unique_ptr<EventSource<Event>>>(const CallContext&, const
  // Request&); runs on the executor. The stream itself holds no thread.
  template <class Request, class Event, class Handler>
  grpc::ServerWriteReactor<Event>* Stream(const char* method,
                                          grpc::CallbackServerContext* context,
                                          const Request* request,
                                          Handler handler);
};

}  // namespace dramatis
