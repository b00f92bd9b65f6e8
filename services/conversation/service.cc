#include "services/conversation/service.h"

#include <functional>
#include <memory>
#include <utility>

namespace dramatis::conversation {

ConversationService::ConversationService(const UseCases& use_cases,
                                         ServiceAdapter& rpc,
                                         Executor& background)
    : use_cases_(use_cases), rpc_(rpc), background_(background) {}

void ConversationService::Offer(LocalMethods& local) {
  const auto relay = [&](const char* method, auto rpc) {
    rpc_.OfferRelay(local, *this, method, rpc);
  };
  relay("Chat", &ConversationService::Chat);
  relay("StreamChat", &ConversationService::StreamChat);
  relay("PreviewChat", &ConversationService::PreviewChat);
  relay("StreamTurn", &ConversationService::StreamTurn);
  relay("GetTurn", &ConversationService::GetTurn);
  relay("CancelTurn", &ConversationService::CancelTurn);
  relay("RetryTurn", &ConversationService::RetryTurn);
  relay("RegenerateTurn", &ConversationService::RegenerateTurn);
  relay("StreamRegenerateTurn", &ConversationService::StreamRegenerateTurn);
  relay("ListAlternatives", &ConversationService::ListAlternatives);
  relay("SelectAlternative", &ConversationService::SelectAlternative);
  relay("GetChatHistory", &ConversationService::GetChatHistory);
  relay("CreateSession", &ConversationService::CreateSession);
  relay("GetSession", &ConversationService::GetSession);
  relay("EndSession", &ConversationService::EndSession);
  relay("ListHistory", &ConversationService::ListHistory);
  relay("GetHistory", &ConversationService::GetHistory);
  relay("ForkHistory", &ConversationService::ForkHistory);
  relay("ShareHistory", &ConversationService::ShareHistory);
  relay("ListShares", &ConversationService::ListShares);
  relay("DeleteShare", &ConversationService::DeleteShare);
  relay("GetShared", &ConversationService::GetShared);
  relay("DeleteHistory", &ConversationService::DeleteHistory);
  relay("DeleteAccount", &ConversationService::DeleteAccount);
  relay("ListConversations", &ConversationService::ListConversations);
  relay("CreateConversation", &ConversationService::CreateConversation);
  relay("GetConversation", &ConversationService::GetConversation);
  relay("UpdateConversation", &ConversationService::UpdateConversation);
  relay("DeleteConversation", &ConversationService::DeleteConversation);
  relay("CloseConversation", &ConversationService::CloseConversation);
  relay("PauseConversation", &ConversationService::PauseConversation);
  relay("ResumeConversation", &ConversationService::ResumeConversation);
  relay("JoinConversation", &ConversationService::JoinConversation);
  relay("LeaveConversation", &ConversationService::LeaveConversation);
  relay("AddParticipant", &ConversationService::AddParticipant);
  relay("GetParticipant", &ConversationService::GetParticipant);
  relay("RemoveParticipant", &ConversationService::RemoveParticipant);
  relay("RevealParticipant", &ConversationService::RevealParticipant);
  relay("ListMessages", &ConversationService::ListMessages);
  relay("CreateMessage", &ConversationService::CreateMessage);
  relay("GetMessage", &ConversationService::GetMessage);
  relay("UpdateMessage", &ConversationService::UpdateMessage);
  relay("DeleteMessage", &ConversationService::DeleteMessage);
  relay("StreamEvents", &ConversationService::StreamEvents);
  relay("GetMessagePrompt", &ConversationService::GetMessagePrompt);
  relay("GenerateResponse", &ConversationService::GenerateResponse);
  relay("StreamGenerateResponse", &ConversationService::StreamGenerateResponse);
}

void ConversationService::AnswerAtEnd(absl::StatusOr<std::shared_ptr<LiveTurn>> turn,
                                      std::function<void(absl::StatusOr<v1::ChatResponse>)> done) {
  if (!turn.ok()) return done(turn.status());
  WhenEnded(*turn, background_, [turn = *turn, done = std::move(done)] { done(turn->outcome()); });
}

grpc::ServerUnaryReactor* ConversationService::Chat(grpc::CallbackServerContext* context,
                                                    const v1::ChatRequest* request,
                                                    v1::ChatResponse* response) {
  return rpc_.Async("Chat", context, request, response,
                    [this](const CallContext& call, const v1::ChatRequest& asked,
                           std::function<void(absl::StatusOr<v1::ChatResponse>)> done) {
                      AnswerAtEnd(Marked(call, use_cases_.chat.Start(call, asked)),
                                  std::move(done));
                    });
}

grpc::ServerWriteReactor<v1::ChatEvent>* ConversationService::StreamChat(
    grpc::CallbackServerContext* context, const v1::ChatRequest* request) {
  return rpc_.Stream<v1::ChatRequest, v1::ChatEvent>(
      "StreamChat", context, request,
      [this](const CallContext& call, const v1::ChatRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<v1::ChatEvent>>> {
        absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
            Marked(call, use_cases_.chat.Start(call, asked));
        if (!turn.ok()) return std::move(turn).status();
        return std::make_unique<TurnEvents>(*std::move(turn), /*resume_at=*/std::nullopt);
      });
}

grpc::ServerUnaryReactor* ConversationService::PreviewChat(grpc::CallbackServerContext* context,
                                                           const v1::ChatRequest* request,
                                                           v1::ChatPreview* response) {
  return rpc_.Unary("PreviewChat", context, request, response,
                    [this](const CallContext& call, const v1::ChatRequest& asked) {
                      return use_cases_.previews.Preview(call, asked);
                    });
}

grpc::ServerWriteReactor<v1::ChatEvent>* ConversationService::StreamTurn(
    grpc::CallbackServerContext* context, const v1::StreamTurnRequest* request) {
  return rpc_.Stream<v1::StreamTurnRequest, v1::ChatEvent>(
      "StreamTurn", context, request,
      [this](const CallContext& call, const v1::StreamTurnRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<v1::ChatEvent>>> {
        return use_cases_.turns.Stream(call, asked);
      });
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
                      absl::StatusOr<Turns::Cancelling> cancelling =
                          Marked(call, use_cases_.turns.Cancel(call, asked));
                      if (!cancelling.ok()) return done(cancelling.status());
                      if (cancelling->replayed.has_value()) return done(*cancelling->replayed);
                      WhenEnded(cancelling->turn, background_,
                                [this, call, asked, done = std::move(done)] {
                                  done(use_cases_.turns.Cancelled(call, asked));
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

grpc::ServerUnaryReactor* ConversationService::RegenerateTurn(
    grpc::CallbackServerContext* context,
    const v1::RegenerateTurnRequest* request,
    v1::ChatResponse* response) {
  return rpc_.Async("RegenerateTurn", context, request, response,
                    [this](const CallContext& call, const v1::RegenerateTurnRequest& asked,
                           std::function<void(absl::StatusOr<v1::ChatResponse>)> done) {
                      AnswerAtEnd(Marked(call, use_cases_.alternatives.Regenerate(call, asked)),
                                  std::move(done));
                    });
}

grpc::ServerWriteReactor<v1::ChatEvent>* ConversationService::StreamRegenerateTurn(
    grpc::CallbackServerContext* context, const v1::RegenerateTurnRequest* request) {
  return rpc_.Stream<v1::RegenerateTurnRequest, v1::ChatEvent>(
      "StreamRegenerateTurn", context, request,
      [this](const CallContext& call, const v1::RegenerateTurnRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<v1::ChatEvent>>> {
        absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
            Marked(call, use_cases_.alternatives.Regenerate(call, asked));
        if (!turn.ok()) return std::move(turn).status();
        return std::make_unique<TurnEvents>(*std::move(turn), /*resume_at=*/std::nullopt);
      });
}

grpc::ServerUnaryReactor* ConversationService::ListAlternatives(
    grpc::CallbackServerContext* context,
    const v1::ListAlternativesRequest* request,
    v1::ListAlternativesResponse* response) {
  return rpc_.Unary("ListAlternatives", context, request, response,
                    [this](const CallContext& call, const v1::ListAlternativesRequest& asked) {
                      return use_cases_.alternatives.List(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::SelectAlternative(
    grpc::CallbackServerContext* context,
    const v1::SelectAlternativeRequest* request,
    v1::Turn* response) {
  return rpc_.Unary("SelectAlternative", context, request, response,
                    [this](const CallContext& call, const v1::SelectAlternativeRequest& asked) {
                      return Marked(call, use_cases_.alternatives.Select(call, asked));
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
                      return Marked(call, use_cases_.sessions.End(call, asked));
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

grpc::ServerUnaryReactor* ConversationService::ForkHistory(grpc::CallbackServerContext* context,
                                                           const v1::ForkHistoryRequest* request,
                                                           v1::Session* response) {
  return rpc_.Unary("ForkHistory", context, request, response,
                    [this](const CallContext& call, const v1::ForkHistoryRequest& asked) {
                      return Marked(call, use_cases_.forks.Fork(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::ShareHistory(grpc::CallbackServerContext* context,
                                                            const v1::ShareHistoryRequest* request,
                                                            v1::Share* response) {
  return rpc_.Unary("ShareHistory", context, request, response,
                    [this](const CallContext& call, const v1::ShareHistoryRequest& asked) {
                      return Marked(call, use_cases_.shares.Create(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::ListShares(grpc::CallbackServerContext* context,
                                                          const v1::ListSharesRequest* request,
                                                          v1::ListSharesResponse* response) {
  return rpc_.Unary("ListShares", context, request, response,
                    [this](const CallContext& call, const v1::ListSharesRequest& asked) {
                      return use_cases_.shares.List(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::DeleteShare(grpc::CallbackServerContext* context,
                                                           const v1::DeleteShareRequest* request,
                                                           google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteShare", context, request, response,
                    [this](const CallContext& call, const v1::DeleteShareRequest& asked) {
                      return use_cases_.shares.Delete(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetShared(grpc::CallbackServerContext* context,
                                                         const v1::GetSharedRequest* request,
                                                         v1::SharedConversation* response) {
  return rpc_.Unary("GetShared", context, request, response,
                    [this](const CallContext& /*call*/, const v1::GetSharedRequest& asked) {
                      return use_cases_.shares.Get(asked);
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

grpc::ServerUnaryReactor* ConversationService::DeleteAccount(
    grpc::CallbackServerContext* context,
    const v1::DeleteAccountRequest* request,
    v1::DeleteAccountResponse* response) {
  return rpc_.Unary("DeleteAccount", context, request, response,
                    [this](const CallContext& call, const v1::DeleteAccountRequest& asked) {
                      return use_cases_.accounts.Delete(call, asked);
                    });
}

}  // namespace dramatis::conversation
