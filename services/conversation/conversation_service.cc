#include "services/conversation/conversation_service.h"

#include <functional>
#include <memory>
#include <utility>

namespace dramatis::conversation {

ConversationService::ConversationService(const UseCases& use_cases,
                                         ServiceAdapter& rpc,
                                         Executor& background)
    : use_cases_(use_cases), rpc_(rpc), background_(background) {}

void ConversationService::Offer(LocalMethods& local) {
  rpc_.OfferRelay<v1::ChatRequest, v1::ChatEvent>(local, "StreamChat",
                                                  Opening(&ConversationService::OpenChat));
  rpc_.OfferRelay<v1::StreamTurnRequest, v1::ChatEvent>(local, "StreamTurn",
                                                        Opening(&ConversationService::OpenTurn));
  rpc_.OfferRelay<v1::StreamEventsRequest, v1::ConversationEvent>(
      local, "StreamEvents", Opening(&ConversationService::OpenEvents));
  rpc_.OfferRelay<v1::GenerateResponseRequest, v1::GenerateResponseEvent>(
      local, "StreamGenerateResponse", Opening(&ConversationService::OpenResponse));
}

ConversationService::Opened<v1::ChatEvent> ConversationService::OpenChat(
    const CallContext& call, const v1::ChatRequest& request) {
  absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
      Marked(call, use_cases_.chat.Start(call, request));
  if (!turn.ok()) return std::move(turn).status();
  return std::make_unique<TurnEvents>(*std::move(turn), /*resume_at=*/std::nullopt);
}

ConversationService::Opened<v1::ChatEvent> ConversationService::OpenTurn(
    const CallContext& call, const v1::StreamTurnRequest& request) {
  return use_cases_.turns.Stream(call, request);
}

ConversationService::Opened<v1::ConversationEvent> ConversationService::OpenEvents(
    const CallContext& call, const v1::StreamEventsRequest& request) {
  return use_cases_.following.Stream(call, request);
}

ConversationService::Opened<v1::GenerateResponseEvent> ConversationService::OpenResponse(
    const CallContext& call, const v1::GenerateResponseRequest& request) {
  absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
      Marked(call, use_cases_.requested.Start(call, request));
  if (!turn.ok()) return std::move(turn).status();
  return use_cases_.requested.Events(call, request, *std::move(turn));
}

grpc::ServerUnaryReactor* ConversationService::Chat(grpc::CallbackServerContext* context,
                                                    const v1::ChatRequest* request,
                                                    v1::ChatResponse* response) {
  return rpc_.Async("Chat", context, request, response,
                    [this](const CallContext& call, const v1::ChatRequest& asked,
                           std::function<void(absl::StatusOr<v1::ChatResponse>)> done) {
                      absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
                          Marked(call, use_cases_.chat.Start(call, asked));
                      if (!turn.ok()) return done(turn.status());
                      WhenEnded(*turn, background_,
                                [turn = *turn, done = std::move(done)] { done(turn->outcome()); });
                    });
}

grpc::ServerWriteReactor<v1::ChatEvent>* ConversationService::StreamChat(
    grpc::CallbackServerContext* context, const v1::ChatRequest* request) {
  return rpc_.Stream<v1::ChatRequest, v1::ChatEvent>("StreamChat", context, request,
                                                     Opening(&ConversationService::OpenChat));
}

grpc::ServerWriteReactor<v1::ChatEvent>* ConversationService::StreamTurn(
    grpc::CallbackServerContext* context, const v1::StreamTurnRequest* request) {
  return rpc_.Stream<v1::StreamTurnRequest, v1::ChatEvent>("StreamTurn", context, request,
                                                           Opening(&ConversationService::OpenTurn));
}

grpc::ServerUnaryReactor* ConversationService::GetTurn(grpc::CallbackServerContext* context,
                                                       const v1::GetTurnRequest* request,
                                                       v1::Turn* response) {
  return rpc_.Unary("GetTurn", context, request, response,
                    [this](const CallContext& call, const v1::GetTurnRequest& asked) {
                      return use_cases_.turns.Get(call, asked.turn_id());
                    });
}

grpc::ServerUnaryReactor* ConversationService::CancelTurn(grpc::CallbackServerContext* context,
                                                          const v1::CancelTurnRequest* request,
                                                          v1::Turn* response) {
  return rpc_.Async("CancelTurn", context, request, response,
                    [this](const CallContext& call, const v1::CancelTurnRequest& asked,
                           std::function<void(absl::StatusOr<v1::Turn>)> done) {
                      absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
                          use_cases_.turns.Cancel(call, asked.turn_id());
                      if (!turn.ok()) return done(turn.status());
                      WhenEnded(*turn, background_,
                                [this, call, id = asked.turn_id(), done = std::move(done)] {
                                  done(use_cases_.turns.Get(call, id));
                                });
                    });
}

grpc::ServerUnaryReactor* ConversationService::RetryTurn(grpc::CallbackServerContext* context,
                                                         const v1::RetryTurnRequest* request,
                                                         v1::Turn* response) {
  return rpc_.Unary("RetryTurn", context, request, response,
                    [this](const CallContext& call, const v1::RetryTurnRequest& asked) {
                      return Marked(call, use_cases_.turns.Retry(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetChatHistory(
    grpc::CallbackServerContext* context,
    const v1::GetChatHistoryRequest* request,
    v1::GetChatHistoryResponse* response) {
  return rpc_.Unary("GetChatHistory", context, request, response,
                    [this](const CallContext& call, const v1::GetChatHistoryRequest& asked) {
                      return use_cases_.history.Messages(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::CreateSession(
    grpc::CallbackServerContext* context,
    const v1::CreateSessionRequest* request,
    v1::Session* response) {
  return rpc_.Unary("CreateSession", context, request, response,
                    [this](const CallContext& call, const v1::CreateSessionRequest& asked) {
                      return Marked(call, use_cases_.sessions.Create(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetSession(grpc::CallbackServerContext* context,
                                                          const v1::GetSessionRequest* request,
                                                          v1::Session* response) {
  return rpc_.Unary("GetSession", context, request, response,
                    [this](const CallContext& call, const v1::GetSessionRequest& asked) {
                      return use_cases_.sessions.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::EndSession(grpc::CallbackServerContext* context,
                                                          const v1::EndSessionRequest* request,
                                                          v1::Session* response) {
  return rpc_.Unary("EndSession", context, request, response,
                    [this](const CallContext& call, const v1::EndSessionRequest& asked) {
                      return use_cases_.sessions.End(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::ListHistory(grpc::CallbackServerContext* context,
                                                           const v1::ListHistoryRequest* request,
                                                           v1::ListHistoryResponse* response) {
  return rpc_.Unary("ListHistory", context, request, response,
                    [this](const CallContext& call, const v1::ListHistoryRequest& asked) {
                      return use_cases_.history.List(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetHistory(grpc::CallbackServerContext* context,
                                                          const v1::GetHistoryRequest* request,
                                                          v1::GetHistoryResponse* response) {
  return rpc_.Unary("GetHistory", context, request, response,
                    [this](const CallContext& call, const v1::GetHistoryRequest& asked) {
                      return use_cases_.history.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::DeleteHistory(
    grpc::CallbackServerContext* context,
    const v1::DeleteHistoryRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteHistory", context, request, response,
                    [this](const CallContext& call, const v1::DeleteHistoryRequest& asked) {
                      return use_cases_.history.Delete(call, asked);
                    });
}

}  // namespace dramatis::conversation
