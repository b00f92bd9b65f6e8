// Services in the test's own process that do as their requests say, and the gateway before them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"
#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "absl/synchronization/mutex.h"
#include "gateway/gateway_frontend.h"
#include "gateway/testing_admin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing.h"
#include "shared/status/errors.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

// What the services saw.
struct Seen {
  std::atomic<int> cancelled{0};
  std::atomic<int> written{0};  // events that gRPC took
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
class FakeConversations : public conversation::v1::ConversationService::CallbackService {
 public:
  explicit FakeConversations(Seen& seen) : seen_(seen) {}

  grpc::ServerWriteReactor<conversation::v1::ChatEvent>* StreamChat(
      grpc::CallbackServerContext*, const conversation::v1::ChatRequest* request) override {
    return new Reactor(seen_, request->message());
  }
  grpc::ServerWriteReactor<conversation::v1::ConversationEvent>* StreamEvents(
      grpc::CallbackServerContext*, const conversation::v1::StreamEventsRequest* request) override {
    return new EventsReactor(seen_, request->conversation_id() == "wait");
  }

 private:
  class EventsReactor : public grpc::ServerWriteReactor<conversation::v1::ConversationEvent> {
   public:
    EventsReactor(Seen& seen, bool silent) : seen_(seen) {
      event_.mutable_state()->set_reason("so");
      event_.set_cursor("1");
      if (silent) {
        StartSendInitialMetadata();
      } else {
        StartWrite(&event_);
      }
    }
    void OnCancel() override {
      ++seen_.cancelled;
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    Seen& seen_;
    conversation::v1::ConversationEvent event_;
  };

  using ChatEvent = conversation::v1::ChatEvent;

  class Reactor : public grpc::ServerWriteReactor<ChatEvent> {
   public:
    Reactor(Seen& seen, const std::string& script) : seen_(seen), script_(script) {
      if (script == "refuse") {
        Finish(ToGrpc(NotFoundError("persona")));
        return;
      }
      if (script == "wait") {
        StartSendInitialMetadata();
        return;
      }
      Next();
    }
    void OnWriteDone(bool ok) override {
      if (!ok) {
        Finish(grpc::Status::CANCELLED);
        return;
      }
      ++seen_.written;
      Next();
    }
    void OnCancel() override {
      ++seen_.cancelled;
      if (script_ == "wait") Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    void Next() {
      ++step_;
      event_.Clear();
      if (step_ == 1) {
        event_.mutable_start()->set_turn_id("7");
      } else if (script_ == "break") {
        Finish(ToGrpc(Error(absl::StatusCode::kFailedPrecondition,
                            conversation::v1::ERROR_REASON_SESSION_ENDED, "it ended",
                            {{"turn_id", "7"}})));
        return;
      } else if (script_ == "flood") {
        event_.mutable_delta()->set_text(std::string(1000, 'x'));
      } else if (step_ < 4) {
        event_.mutable_delta()->set_text("word ");
      } else if (step_ == 4) {
        event_.mutable_done()->set_response("word word ");
      } else {
        Finish(grpc::Status::OK);
        return;
      }
      event_.set_cursor("7:1:" + std::to_string(step_));
      StartWrite(&event_);
    }

    Seen& seen_;
    const std::string script_;
    ChatEvent event_;
    int step_ = 0;
  };

  Seen& seen_;
};

// All of it, listening on a port of its own.
class TestGateway {
 public:
  explicit TestGateway(const GatewayConfig& config) : personas_(seen_), conversations_(seen_) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.RegisterService(&personas_);
    builder.RegisterService(&conversations_);
    builder.RegisterService(&admin_);
    builder.SetMaxReceiveMessageSize(16 * 1024 * 1024);
    server_ = builder.BuildAndStart();
    const FrontendContext context{
        clock_, ids_, logger_, metrics_, common_, [this](const std::string&) {
          grpc::ChannelArguments arguments;
          arguments.SetMaxReceiveMessageSize(16 * 1024 * 1024);
          return server_->InProcessChannel(arguments);
        }};
    frontend_ = MakeGateway(config, context).value();
    address_ = frontend_->Start().value();
  }
  ~TestGateway() {
    frontend_.reset();
    server_->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
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
  Seen seen_;
  FakePersonas personas_;
  FakeConversations conversations_;
  FakeAdmin admin_;
  std::unique_ptr<grpc::Server> server_;
  SystemClock clock_;
  CountingIdSource ids_;
  RecordingLogger logger_;
  Metrics metrics_;
  CommonConfig common_;
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
