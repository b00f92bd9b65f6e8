// The one call adapter between gRPC's callback API and use cases. For every RPC: identity and
// access, correlation id, field rules, deadline, executor, metrics, one log record, status.
//
//   // services/persona/service.h: one statement per RPC
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
// from handlers that return absl::Status. What a handler throws is answered as INTERNAL.
//
// Thread-safe. Must outlive the gRPC server's shutdown, and its executor's last task.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/call/local_call.h"
#include "shared/call/local_methods.h"
#include "shared/executor/executor.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/rpc/async_call.h"
#include "shared/rpc/malformed_requests.h"
#include "shared/rpc/relay_context.h"
#include "shared/rpc/stream_call.h"
#include "shared/rpc/unary_call.h"
#include "shared/rpc/upload_call.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"
#include "shared/time/clock.h"

namespace dramatis {

class ServiceAdapter {
 public:
  // `service` is the service's full proto name, as in "dramatis.persona.v1.PersonaService". Dies if
  // there is no such service or one of its methods does not say who may call it.
  ServiceAdapter(const std::string& service,
                 Executor& executor,
                 const Clock& clock,
                 Logger& logger,
                 Metrics& metrics);

  // The secret that the service's replicas sign page tokens with. Before it serves.
  void SetPageKey(std::string key) { parts_.page_key.Set(std::move(key)); }

  // Asks `gate` before a client's call of one of `methods` waits for anything: what it refuses is
  // answered so, at once. Cheap, thread-safe. Before it serves.
  void Gate(std::initializer_list<const char*> methods, const std::function<absl::Status()>& gate);

  // Handler: absl::StatusOr<Response>(const CallContext&, const Request&), or absl::Status for an
  // Empty response; runs on the executor. `method` is the RPC's name; dies if there is none.
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Unary(const char* method,
                                  grpc::CallbackServerContext* context,
                                  const Request* request,
                                  Response* response,
                                  Handler handler) {
    if (RelayContext* const relay = RelayContext::Of(*context)) {
      return Relay<Request, Response>(method, *relay, *request, std::move(handler));
    }
    return UnaryCall<Request, Response, Handler>::Start(parts_, Find(method), *context, *request,
                                                        *response, std::move(handler));
  }

  // Handler: void(const CallContext&, const Request&,
  // std::function<void(absl::StatusOr<Response>)> done); runs on the executor. Call and request are
  // valid until it returns: copy what is needed later. `done` is called from any thread, once;
  // further calls do nothing. Where the caller goes away first, the answer is dropped.
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Async(const char* method,
                                  grpc::CallbackServerContext* context,
                                  const Request* request,
                                  Response* response,
                                  Handler handler) {
    if (RelayContext* const relay = RelayContext::Of(*context)) {
      return Relay<Request, Response>(method, *relay, *request, std::move(handler));
    }
    return AsyncCall<Request, Response, Handler>::Start(parts_, Find(method), *context, *request,
                                                        *response, std::move(handler));
  }

  // Handler: absl::StatusOr<std::unique_ptr<EventSource<Event>>>(const CallContext&, const
  // Request&); runs on the executor. The stream itself holds no thread. `Event` cannot be deduced:
  // rpc_.Stream<v1::ChatRequest, v1::ChatEvent>("StreamChat", context, request, ...).
  template <class Request, class Event, class Handler>
  grpc::ServerWriteReactor<Event>* Stream(const char* method,
                                          grpc::CallbackServerContext* context,
                                          const Request* request,
                                          Handler handler) {
    if (RelayContext* const relay = RelayContext::Of(*context)) {
      relay->stream = LocalStreamCall<Request, Event, Handler>::Start(
          {RecordOf(method, *relay), std::move(handler), *request},
          std::make_shared<BytesReader<Event>>(relay->reader));
      return nullptr;
    }
    return StreamCall<Event>::Start(
        parts_, Find(method), *context, *request,
        [handler = std::move(handler), request](const CallContext& call) mutable {
          return handler(call, *request);
        });
  }

  // A request that comes as a stream of messages. Open: absl::StatusOr<std::unique_ptr<
  // UploadSink<Request, Response>>>(const CallContext&, const Request& first), with the first
  // message, whose field rules are checked; the sink then takes every message, the first one too.
  // All of it runs on the executor, one message at a time, and holds no thread between them.
  template <class Request, class Response, class Open>
  grpc::ServerReadReactor<Request>* Upload(const char* method,
                                           grpc::CallbackServerContext* context,
                                           Response* response,
                                           Open open) {
    return UploadCall<Request, Response>::Start(parts_, Find(method), *context, *response,
                                                std::move(open));
  }

  // The same handlers for callers within the process, as Unary and Stream run them.
  template <class Request, class Response, class Handler>
  void OfferUnary(LocalMethods& local, const char* method, Handler handler) {
    const MethodFacts& facts = Find(method);
    local.Add<LocalUnary<Request, Response>>(
        facts.name, [this, &facts, handler](const CallContext& call, Request request, auto done) {
          LocalCall<Request, Response, Handler>::Start(
              {CallRecord(parts_, facts, call), handler, std::move(request)},
              [done = std::move(done)](absl::StatusOr<Response> response, const HeaderList&) {
                done(std::move(response));
              });
        });
  }
  template <class Request, class Event, class Handler>
  void OfferStream(LocalMethods& local, const char* method, Handler handler) {
    const MethodFacts& facts = Find(method);
    local.Add<LocalStreaming<Request, Event>>(
        facts.name, [this, &facts, handler](const CallContext& call, Request request, auto reader) {
          return LocalStreamCall<Request, Event, Handler>::Start(
              {CallRecord(parts_, facts, call), handler, std::move(request)}, std::move(reader));
        });
  }
  // Lets the gateway of the same process call an RPC of `service`, which answers through this
  // adapter, without gRPC.
  template <class Service, class Request, class Response>
  void OfferRelay(LocalMethods& local,
                  Service& service,
                  const char* method,
                  grpc::ServerUnaryReactor* (Service::*rpc)(grpc::CallbackServerContext*,
                                                            const Request*,
                                                            Response*)) {
    local.Add<RelayedUnary>(
        Find(method).name,
        [&service, rpc](const CallMetadata& metadata, absl::Time deadline, std::string_view bytes,
                        std::function<void(RelayReply)> done) {
          Request request;
          if (!Parse(bytes, request)) return done({MalformedRequestError(), {}});
          RelayContext context;
          context.metadata = &metadata;
          context.deadline = deadline;
          context.done = std::move(done);
          Response response;
          (service.*rpc)(&context, &request, &response);
        });
  }
  template <class Service, class Request, class Event>
  void OfferRelay(LocalMethods& local,
                  Service& service,
                  const char* method,
                  grpc::ServerWriteReactor<Event>* (Service::*rpc)(grpc::CallbackServerContext*,
                                                                   const Request*)) {
    local.Add<RelayedStream>(
        Find(method).name,
        [&service, rpc](
            const CallMetadata& metadata, std::string_view bytes,
            std::shared_ptr<LocalReader<std::string>> reader) -> std::shared_ptr<LocalStream> {
          Request request;
          if (!Parse(bytes, request)) {
            reader->OnEnd(MalformedRequestError());
            return nullptr;
          }
          RelayContext context;
          context.metadata = &metadata;
          context.reader = std::move(reader);
          (service.*rpc)(&context, &request);
          return std::move(context.stream);
        });
  }

 private:
  const MethodFacts& Find(const char* method) const;

  static bool Parse(std::string_view bytes, google::protobuf::MessageLite& message) {
    return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  CallRecord RecordOf(const char* method, const RelayContext& relay) {
    return {parts_, Find(method), *relay.metadata, relay.deadline};
  }

  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Relay(const char* method,
                                  const RelayContext& relay,
                                  const Request& request,
                                  Handler handler) {
    LocalCall<Request, Response, Handler>::Start(
        {RecordOf(method, relay), std::move(handler), request},
        [done = relay.done](absl::StatusOr<Response> response, HeaderList headers) {
          if (!response.ok()) return done({std::move(response).status(), std::move(headers)});
          done({response->SerializeAsString(), std::move(headers)});
        });
    return nullptr;
  }

  CallParts parts_;
  absl::flat_hash_map<std::string, MethodFacts> methods_;
};

}  // namespace dramatis
