// What the suites of ConversationService share: a replica with fake neighbours on a fresh database,
// called over real gRPC.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/conversation/testing/replica.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

inline constexpr char kAlice[] = "Bearer local:alice";
inline constexpr char kBob[] = "Bearer local:bob";
inline constexpr char kAdmin[] = "Bearer local:root:admin";

inline v1::ChatRequest Say(const std::string& message, const std::string& session_id = "demo") {
  v1::ChatRequest request;
  request.set_message(message);
  request.set_session_id(session_id);
  return request;
}

class ConversationServiceTest : public sql::DatabaseTest {
 protected:
  ConversationServiceTest() : DatabaseTest(embedded::conversation_migrations()) {
    replica_ = std::make_unique<Replica>(db(), neighbours_);
  }

  template <class Response, class Request>
  absl::StatusOr<Response> Call(grpc::Status (v1::ConversationService::StubInterface::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request,
                                const std::string& who = kAlice,
                                const std::string& key = "",
                                const std::string& if_match = "") {
    auto context = TestContext(who);
    if (!key.empty()) context->AddMetadata("idempotency-key", key);
    if (!if_match.empty()) context->AddMetadata("if-match", if_match);
    Response response;
    v1::ConversationService::StubInterface& stub = replica_->stub();
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    replayed_ = context->GetServerInitialMetadata().contains("idempotency-replayed");
    if (!status.ok()) return FromGrpc(status);
    return response;
  }
  absl::StatusOr<v1::ChatResponse> Chat(const v1::ChatRequest& request,
                                        const std::string& who = kAlice,
                                        const std::string& key = "") {
    return Call(&v1::ConversationService::StubInterface::Chat, request, who, key);
  }
  std::vector<v1::Message> History(const std::string& session_id, const std::string& who = kAlice) {
    v1::GetChatHistoryRequest request;
    request.set_session_id(session_id);
    request.set_page_size(100);
    const auto response =
        Call(&v1::ConversationService::StubInterface::GetChatHistory, request, who);
    EXPECT_TRUE(response.ok()) << response.status();
    return {response->messages().begin(), response->messages().end()};
  }
  absl::StatusOr<v1::Turn> GetTurn(const std::string& turn_id, const std::string& who = kAlice) {
    v1::GetTurnRequest request;
    request.set_turn_id(turn_id);
    return Call(&v1::ConversationService::StubInterface::GetTurn, request, who);
  }
  // An answer that the test says word by word.
  void OpenScript() {
    neighbours_.inference.SetScript({.deltas = {}, .open = true, .status = absl::OkStatus()});
  }

  Neighbours neighbours_;
  std::unique_ptr<Replica> replica_;
  bool replayed_ = false;
};

inline v1::StreamTurnRequest StreamFrom(const std::string& turn_id,
                                        const std::string& cursor = "") {
  v1::StreamTurnRequest request;
  request.set_turn_id(turn_id);
  request.set_cursor(cursor);
  return request;
}

}  // namespace dramatis::conversation
