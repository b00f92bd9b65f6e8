// ConversationService over gRPC: one statement per RPC, no rules.
#pragma once

#include "dramatis/conversation/v1/conversation.grpc.pb.h"

#include "services/conversation/chat.h"
#include "services/conversation/history.h"
#include "services/conversation/sessions.h"
#include "services/conversation/turns.h"
#include "shared/executor/executor.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::conversation {

inline constexpr char kServiceName[] = "dramatis.conversation.v1.ConversationService";

// The use cases behind the RPCs. References outlive the service.
struct UseCases {
  Sessions& sessions;
  Chat& chat;
  Turns& turns;
  History& history;
};

class ConversationService : public v1::ConversationService::CallbackService {
 public:
  // Answers that wait for a turn's end are finished on `background`.
  ConversationService(const UseCases& use_cases, ServiceAdapter& rpc, Executor& background);

  grpc::ServerUnaryReactor* Chat(grpc::CallbackServerContext* context,
                                 const v1::ChatRequest* request,
                                 v1::ChatResponse* response) override;
  grpc::ServerWriteReactor<v1::ChatEvent>* StreamChat(grpc::CallbackServerContext* context,
                                                      const v1::ChatRequest* request) override;
  grpc::ServerWriteReactor<v1::ChatEvent>* StreamTurn(
      grpc::CallbackServerContext* context, const v1::StreamTurnRequest* request) override;
  grpc::ServerUnaryReactor* GetTurn(grpc::CallbackServerContext* context,
                                    const v1::GetTurnRequest* request,
                                    v1::Turn* response) override;
  grpc::ServerUnaryReactor* CancelTurn(grpc::CallbackServerContext* context,
                                       const v1::CancelTurnRequest* request,
                                       v1::Turn* response) override;
  grpc::ServerUnaryReactor* RetryTurn(grpc::CallbackServerContext* context,
                                      const v1::RetryTurnRequest* request,
                                      v1::Turn* response) override;
  grpc::ServerUnaryReactor* GetChatHistory(grpc::CallbackServerContext* context,
                                           const v1::GetChatHistoryRequest* request,
                                           v1::GetChatHistoryResponse* response) override;
  grpc::ServerUnaryReactor* CreateSession(grpc::CallbackServerContext* context,
                                          const v1::CreateSessionRequest* request,
                                          v1::Session* response) override;
  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext* context,
                                       const v1::GetSessionRequest* request,
                                       v1::Session* response) override;
  grpc::ServerUnaryReactor* EndSession(grpc::CallbackServerContext* context,
                                       const v1::EndSessionRequest* request,
                                       v1::Session* response) override;
  grpc::ServerUnaryReactor* ListHistory(grpc::CallbackServerContext* context,
                                        const v1::ListHistoryRequest* request,
                                        v1::ListHistoryResponse* response) override;
  grpc::ServerUnaryReactor* GetHistory(grpc::CallbackServerContext* context,
                                       const v1::GetHistoryRequest* request,
                                       v1::GetHistoryResponse* response) override;
  grpc::ServerUnaryReactor* DeleteHistory(grpc::CallbackServerContext* context,
                                          const v1::DeleteHistoryRequest* request,
                                          google::protobuf::Empty* response) override;

 private:
  const UseCases use_cases_;
  ServiceAdapter& rpc_;
  Executor& background_;
};

}  // namespace dramatis::conversation
