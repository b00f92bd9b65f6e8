// One replica of conversation for service tests: the real module behind a real server on loopback,
// over a given database and fake neighbours.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"

#include "embedded/conversation_migrations.h"
#include "gtest/gtest.h"
#include "services/conversation/module.h"
#include "services/conversation/testing/neighbours.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/grpc_wire.h"
#include "shared/rpc/server.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::conversation {

struct Neighbours {
  FakePersonaService persona;
  FakeMemoryService memory;
  FakeInferenceService inference;
  TestServer server{{&persona, &memory, &inference}};
};

class Replica {
 public:
  Replica(sql::Database& database, Neighbours& neighbours, const std::string& lease = "15s") {
    config_.workers = 4;
    Settings settings({{"DRAMATIS_TURN_LEASE", lease}});
    const ConfiguredModule configured = ConversationModule().configure(settings, config_);
    EXPECT_TRUE(settings.Check().ok());
    module_ = *configured.make({clock_, ids_, *logger_, metrics_, config_, database,
                                [&](const std::string&) { return neighbours.server.channel(); },
                                [](const std::string& address) { return MakeChannel(address); },
                                local_, [this] { return server_->address(); }});
    std::vector<grpc::Service*> services;
    for (const MethodTable* const table : module_->services())
      services.push_back(services_.emplace_back(std::make_unique<GrpcService>(*table)).get());
    server_ = *RpcServer::Start("127.0.0.1:0", services);
    EXPECT_TRUE(module_->Start().ok());
    channel_ = MakeChannel(server_->address());
    stub_ = v1::ConversationService::NewStub(channel_);
  }
  // As a crash would: nothing is drained, nothing is handed over.
  ~Replica() {
    stub_.reset();
    channel_.reset();
    server_.reset();
    module_.reset();
  }

  v1::ConversationService::Stub& stub() { return *stub_; }
  Module& module() { return *module_; }
  const std::string& address() const { return server_->address(); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  SystemClock clock_;
  UuidV7Source ids_{clock_};
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  CommonConfig config_;
  LocalMethods local_;  // nothing: its neighbours are elsewhere
  std::unique_ptr<Module> module_;
  std::vector<std::unique_ptr<GrpcService>> services_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ConversationService::Stub> stub_;
};

// A stream, event by event.
class ChatStream {
 public:
  ChatStream(Replica& replica,
             const v1::ChatRequest& request,
             const std::string& who,
             const std::string& key = "")
      : context_(TestContext(who)) {
    if (!key.empty()) context_->AddMetadata("idempotency-key", key);
    reader_ = replica.stub().StreamChat(context_.get(), request);
  }
  ChatStream(Replica& replica, const v1::StreamTurnRequest& request, const std::string& who)
      : context_(TestContext(who)) {
    reader_ = replica.stub().StreamTurn(context_.get(), request);
  }

  // The next event; at the end, one without an event.
  v1::ChatEvent Next() {
    v1::ChatEvent event;
    if (!reader_->Read(&event)) {
      status_ = FromGrpc(reader_->Finish());
      ended_ = true;
      return {};
    }
    if (event.has_reset()) text_ = event.reset().text();
    if (event.has_delta()) text_ += event.delta().text();
    return event;
  }
  // Reads to the end; the last event.
  v1::ChatEvent Rest() {
    v1::ChatEvent last;
    while (!ended_) {
      v1::ChatEvent event = Next();
      if (!ended_) last = std::move(event);
    }
    return last;
  }
  // Reads until the text is at least this long; the last event.
  v1::ChatEvent Until(size_t length) {
    v1::ChatEvent last;
    while (!ended_ && text_.size() < length)
      last = Next();
    return last;
  }
  const std::string& text() const { return text_; }
  void set_text(const std::string& text) { text_ = text; }
  const absl::Status& status() const { return status_; }
  bool ended() const { return ended_; }
  grpc::ClientContext& context() { return *context_; }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::ChatEvent>> reader_;
  std::string text_;
  absl::Status status_;
  bool ended_ = false;
};

}  // namespace dramatis::conversation
