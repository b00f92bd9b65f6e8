// Services in the test's own process that do as their requests say, and the gateway before them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"
#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "absl/synchronization/mutex.h"
#include "gateway/frontend.h"
#include "gateway/testing/admin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/rpc/grpc_wire.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

// What the services saw.
struct Seen {
  std::atomic<int> cancelled{0};
  std::atomic<int> written{0};  // events that were taken
  absl::Mutex mutex;
  std::map<std::string, std::string> metadata ABSL_GUARDED_BY(mutex);

  std::string Metadata(const std::string& name) {
    const absl::MutexLock lock(&mutex);
    return metadata[name];
  }
};

// GetPersona: `slow` answers when it is cancelled, `missing` is not found, `replayed` is an answer
// to a repeated request, everything else is a persona of that name.
class FakePersonas : public persona::v1::PersonaService::CallbackService {
 public:
  explicit FakePersonas(Seen& seen) : seen_(seen) {}

  grpc::ServerUnaryReactor* GetPersona(grpc::CallbackServerContext* context,
                                       const persona::v1::GetPersonaRequest* request,
                                       persona::v1::Persona* response) override {
    class Reactor : public grpc::ServerUnaryReactor {
     public:
      explicit Reactor(Seen& seen) : seen_(seen) {}
      void OnCancel() override {
        if (!waits_) return;
        ++seen_.cancelled;
        Finish(grpc::Status::CANCELLED);
      }
      void OnDone() override { delete this; }
      bool waits_ = false;

     private:
      Seen& seen_;
    };
    {
      const absl::MutexLock lock(&seen_.mutex);
      for (const auto& [name, value] : context->client_metadata()) {
        seen_.metadata[std::string(name.data(), name.size())] =
            std::string(value.data(), value.size());
      }
    }
    auto* const reactor = new Reactor(seen_);
    response->set_persona_id(request->persona_id());
    response->set_name(request->persona_id());
    if (request->persona_id() == "slow") {
      reactor->waits_ = true;
    } else if (request->persona_id() == "missing") {
      reactor->Finish(ToGrpc(NotFoundError("persona")));
    } else {
      if (request->persona_id() == "replayed") {
        context->AddInitialMetadata("idempotency-replayed", "true");
      }
      if (request->persona_id() == "large") response->set_biography(std::string(3'000'000, 'x'));
      reactor->Finish(grpc::Status::OK);
    }
    return reactor;
  }

  grpc::ServerUnaryReactor* CreatePersona(grpc::CallbackServerContext* context,
                                          const persona::v1::CreatePersonaRequest* request,
                                          persona::v1::Persona* response) override {
    *response = request->persona();
    response->set_persona_id("new");
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  Seen& seen_;
};

// StreamChat does what the message says: `answer` streams one, `refuse` fails before it accepts,
// `break` fails after the start, `wait` accepts and says nothing, `flood` never stops. StreamEvents
// sends one event, with the cursor `1`, and waits; for the conversation `wait` only waits.
class FakeConversations {
 private:
  using ChatEvent = conversation::v1::ChatEvent;
  using ChatRequest = conversation::v1::ChatRequest;
  using RoomEvent = conversation::v1::ConversationEvent;
  using RoomRequest = conversation::v1::StreamEventsRequest;

  class RoomEvents : public EventSource<RoomEvent> {
   public:
    RoomEvents(Seen& seen, bool silent) : seen_(seen), silent_(silent) {}
    Next Poll() override {
      Next next;
      if (std::exchange(silent_, true)) return next;
      next.event.emplace().mutable_state()->set_reason("so");
      next.event->set_cursor("1");
      return next;
    }
    void OnReady(std::function<void()>) override {}
    void Cancelled() override { ++seen_.cancelled; }

   private:
    Seen& seen_;
    bool silent_;
  };

  class ChatEvents : public EventSource<ChatEvent> {
   public:
    ChatEvents(Seen& seen, std::string script) : seen_(seen), script_(std::move(script)) {}
    Next Poll() override {
      if (script_ == "wait") return {};
      ++step_;
      ChatEvent event;
      if (step_ == 1) {
        event.mutable_start()->set_turn_id("7");
      } else if (script_ == "break") {
        return {.event = std::nullopt,
                .end = Error(absl::StatusCode::kFailedPrecondition,
                             conversation::v1::ERROR_REASON_SESSION_ENDED, "it ended",
                             {{"turn_id", "7"}})};
      } else if (script_ == "flood") {
        event.mutable_delta()->set_text(std::string(1000, 'x'));
      } else if (step_ < 4) {
        event.mutable_delta()->set_text("word ");
      } else if (step_ == 4) {
        event.mutable_done()->set_response("word word ");
      } else {
        return {.event = std::nullopt, .end = absl::OkStatus()};
      }
      event.set_cursor("7:1:" + std::to_string(step_));
      ++seen_.written;
      return {.event = std::move(event), .end = std::nullopt};
    }
    void OnReady(std::function<void()>) override {}
    void Cancelled() override { ++seen_.cancelled; }

   private:
    Seen& seen_;
    const std::string script_;
    int step_ = 0;
  };

 public:
  explicit FakeConversations(Seen& seen) : seen_(seen) {}

  void Serve(MethodTable& rpc) {
    rpc.Stream("StreamChat", &FakeConversations::StreamChat, *this);
    rpc.Stream("StreamEvents", &FakeConversations::StreamEvents, *this);
  }

 private:
  absl::StatusOr<std::unique_ptr<ChatEvents>> StreamChat(const CallContext&,
                                                         const ChatRequest& asked) {
    if (asked.message() == "refuse") return NotFoundError("persona");
    return std::make_unique<ChatEvents>(seen_, asked.message());
  }
  absl::StatusOr<std::unique_ptr<RoomEvents>> StreamEvents(const CallContext&,
                                                           const RoomRequest& asked) {
    return std::make_unique<RoomEvents>(seen_, asked.conversation_id() == "wait");
  }

  Seen& seen_;
};

// How the gateway reaches the streams.
enum class StreamsOver { kGrpc, kLocal };

// Where its users sign in.
struct TestIssuer {
  OidcSettings oidc = {};
  FetchUrl fetch = nullptr;
  SendForm send_form = nullptr;
};

// All of it, listening on a port of its own.
class TestGateway {
 public:
  explicit TestGateway(const GatewayConfig& config,
                       StreamsOver streams = StreamsOver::kGrpc,
                       TestIssuer issuer = {})
      : issuer_(std::move(issuer)), personas_(seen_), conversations_(seen_) {
    conversations_.Serve(rpc_);
    if (streams == StreamsOver::kLocal) local_.Add(rpc_);
    conversation_service_.emplace(rpc_, GrpcService::Missing::kUnimplemented);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.RegisterService(&personas_);
    builder.RegisterService(&*conversation_service_);
    builder.RegisterService(&admin_);
    builder.SetMaxReceiveMessageSize(16 * 1024 * 1024);
    server_ = builder.BuildAndStart();
    const FrontendContext context{clock_,
                                  ids_,
                                  logger_,
                                  metrics_,
                                  common_,
                                  [this](const std::string&) {
                                    grpc::ChannelArguments arguments;
                                    arguments.SetMaxReceiveMessageSize(16 * 1024 * 1024);
                                    return server_->InProcessChannel(arguments);
                                  },
                                  local_,
                                  issuer_.oidc,
                                  issuer_.fetch,
                                  issuer_.send_form};
    frontend_ = MakeGateway(config, context).value();
    address_ = frontend_->Start().value();
  }
  ~TestGateway() {
    frontend_.reset();
    server_->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    executor_.Stop();
  }

  const std::string& address() const { return address_; }
  Seen& seen() { return seen_; }
  FakeAdmin& admin() { return admin_; }
  RecordingLogger& logger() { return logger_; }
  Frontend& frontend() { return *frontend_; }
  Metrics& metrics() { return metrics_; }
  void SetServing(const std::string& service, bool serving) {
    server_->GetHealthCheckService()->SetServingStatus(service, serving);
  }

 private:
  const TestIssuer issuer_;
  Seen seen_;
  SystemClock clock_;
  CountingIdSource ids_;
  RecordingLogger logger_;
  Metrics metrics_;
  CommonConfig common_;
  LocalMethods local_;
  Executor executor_{4, 1000};
  MethodTable rpc_{conversation::v1::ConversationService::service_full_name(), executor_, clock_,
                   logger_, metrics_};
  FakePersonas personas_;
  FakeConversations conversations_;
  std::optional<GrpcService> conversation_service_;
  FakeAdmin admin_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Frontend> frontend_;
  std::string address_;
};

// Limits that tests need not wait for.
inline GatewayConfig QuickConfig() {
  GatewayConfig config;
  config.address = "127.0.0.1:0";
  config.threads = 2;
  config.limits.header = std::chrono::milliseconds(400);
  config.limits.body = std::chrono::milliseconds(400);
  config.limits.idle = std::chrono::milliseconds(800);
  config.limits.half_closed = std::chrono::milliseconds(50);
  config.limits.tick = std::chrono::milliseconds(20);
  config.heartbeat = absl::Milliseconds(150);
  return config;
}

// Whether `condition` comes true within some seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

}  // namespace dramatis::gateway
