// The RPCs of a service and what answers each of them, one line per RPC. Calls over gRPC
// (shared/rpc/grpc_wire.h) and from within the process (local_wire.h) are answered from the same
// table, after the same steps (call_steps.h).
//
//   // services/persona/service.cc
//   void ServePersonas(MethodTable& rpc, Personas& personas) {
//     rpc.Unary("GetPersona", &Personas::Get, personas);
//     rpc.Unary("DeletePersona", [&](const v1::DeletePersonaRequest& request) {
//       return personas.Delete(request.persona_id());
//     });
//   }
//
// The messages are those of the use case's signature. The program dies at its start where they are
// not the proto's, where the proto has no such RPC, or where it has one without a line.
//
// Filled by one thread before anything calls; reading it is thread-safe. It outlives the servers
// that serve it and the last task of its executors.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "shared/executor/executor.h"
#include "shared/log/log.h"
#include "shared/methods/handler_types.h"
#include "shared/methods/method.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis {

class MethodTable {
 public:
  // `service` is the service's full proto name, as in "dramatis.persona.v1.PersonaService". Dies if
  // there is no such service or one of its methods does not say who may call it. The handlers run
  // on `executor`. References outlive the table.
  MethodTable(const std::string& service,
              Executor& executor,
              const Clock& clock,
              Logger& logger,
              Metrics& metrics);
  MethodTable(const MethodTable&) = delete;
  MethodTable& operator=(const MethodTable&) = delete;

  const std::string& service() const { return service_; }
  // The secret that the service's replicas sign page tokens with. Before it serves.
  void SetPageKey(std::string key) { parts_.page_key.Set(std::move(key)); }

  // Each line takes a handler, or a member function and the use case that it is called on.

  // Result(const CallContext&, const Request&), or without the call. Result:
  // absl::StatusOr<Response>, or <Idempotent<Response>>, or absl::Status where the RPC answers with
  // google.protobuf.Empty. May block.
  template <class Function, class... UseCase>
  Method& Unary(const char* name, Function function, UseCase&... use_case) {
    return AddUnary<Function>(name, Bound(std::move(function), use_case...));
  }

  // void(const CallContext&, const Request&, std::function<void(absl::StatusOr<Response>)> done).
  // Call and request are valid until it returns: copy what is needed later. `done` is called from
  // any thread, once; further calls do nothing. Where the caller goes away first, the answer is
  // dropped. A `done` that every holder has dropped without calling it is an INTERNAL error.
  template <class Function, class... UseCase>
  Method& Async(const char* name, Function function, UseCase&... use_case) {
    return AddAsync<Function>(name, Bound(std::move(function), use_case...));
  }

  // absl::StatusOr<std::unique_ptr<a source>>(const CallContext&, const Request&), where the source
  // is an EventSource<Event>. The stream itself holds no thread.
  template <class Function, class... UseCase>
  Method& Stream(const char* name, Function function, UseCase&... use_case) {
    return AddStream<Function>(name, Bound(std::move(function), use_case...));
  }

  // A request that comes as a stream of messages: absl::StatusOr<std::unique_ptr<a sink>>(const
  // CallContext&, const Request& first), where the sink is an UploadSink<Request, Response>. The
  // first message's field rules are checked; the sink then takes every message, the first one too,
  // one at a time, and holds no thread between them.
  template <class Function, class... UseCase>
  Method& Upload(const char* name, Function function, UseCase&... use_case) {
    return AddUpload<Function>(name, Bound(std::move(function), use_case...));
  }

  // Asks `gate` before a client's call of one of the RPCs, which have lines, waits for anything:
  // what it refuses is answered so, at once. Cheap, thread-safe.
  void Gate(std::initializer_list<const char*> names, const std::function<absl::Status()>& gate);

  // The RPCs in the proto's order; null where one has no line.
  const std::vector<std::unique_ptr<Method>>& methods() const { return methods_; }
  // Dies where an RPC of the proto has no line.
  void CheckComplete() const;

 private:
  using Message = google::protobuf::Message;
  using Handler = std::remove_const_t<decltype(Method::handler)>;

  template <class Function>
  static Function Bound(Function function) {
    return function;
  }
  template <class Function, class UseCase>
  static auto Bound(Function function, UseCase& use_case) {
    return [function, &use_case](auto&&... given) {
      return (use_case.*function)(std::forward<decltype(given)>(given)...);
    };
  }

  template <class Declared, class Function>
  Method& AddUnary(const char* name, Function function) {
    using Form = handler_types::FormOf<Declared>;
    using Request = typename Form::Request;
    using Answer = handler_types::Answer<typename Form::Result>;
    using Response = typename Answer::Type;
    return Add<Request, Response>(
        name, UnaryHandler([function = std::move(function)](
                               const CallContext& call, const Message& message, Message& response) {
          const auto& request = static_cast<const Request&>(message);
          auto& answer = static_cast<Response&>(response);
          if constexpr (Form::kTakesCall) {
            return Answer::Take(call, function(call, request), answer);
          } else {
            return Answer::Take(call, function(request), answer);
          }
        }));
  }

  template <class Declared, class Function>
  Method& AddAsync(const char* name, Function function) {
    using Form = handler_types::FormOf<Declared>;
    using Request = typename Form::Request;
    using Response = handler_types::Answered<typename Form::Answered>;
    return Add<Request, Response>(
        name, AsyncHandler([function = std::move(function)](
                               const CallContext& call, const Message& request, AsyncDone done) {
          function(call, static_cast<const Request&>(request),
                   [done = std::move(done)](absl::StatusOr<Response> response) {
                     if (!response.ok()) return done(std::move(response).status());
                     done(std::make_unique<Response>(*std::move(response)));
                   });
        }));
  }

  template <class Declared, class Function>
  Method& AddStream(const char* name, Function function) {
    using Form = handler_types::FormOf<Declared>;
    using Request = typename Form::Request;
    using Event = handler_types::EventIn<typename Form::Result>;
    return Add<Request, Event>(
        name, StreamHandler(
                  [function = std::move(function)](const CallContext& call, const Message& request)
                      -> absl::StatusOr<std::unique_ptr<MessageSource>> {
                    auto source = function(call, static_cast<const Request&>(request));
                    if (!source.ok()) return std::move(source).status();
                    return std::make_unique<TypedSource<Event>>(*std::move(source));
                  }));
  }

  template <class Declared, class Function>
  Method& AddUpload(const char* name, Function function) {
    using Form = handler_types::FormOf<Declared>;
    using Request = typename Form::Request;
    using Response = handler_types::ResponseIn<typename Form::Result>;
    return Add<Request, Response>(
        name,
        UploadHandler([function = std::move(function)](
                          const CallContext& call,
                          const Message& first) -> absl::StatusOr<std::unique_ptr<MessageSink>> {
          auto sink = function(call, static_cast<const Request&>(first));
          if (!sink.ok()) return std::move(sink).status();
          return std::make_unique<TypedSink<Request, Response>>(*std::move(sink));
        }));
  }

  template <class Request, class Response>
  Method& Add(const char* name, Handler handler) {
    return Add(name, Request::default_instance(), Response::default_instance(), std::move(handler));
  }
  Method& Add(const char* name, const Message& request, const Message& response, Handler handler);
  MethodFacts FactsOf(const google::protobuf::MethodDescriptor& method) const;

  const std::string service_;
  const google::protobuf::ServiceDescriptor& descriptor_;
  Executor& executor_;
  CallParts parts_;
  std::vector<std::unique_ptr<Method>> methods_;
};

}  // namespace dramatis
