// ConversationService over gRPC: one statement per RPC, no rules.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"

#include "services/conversation/accounts/accounts.h"
#include "services/conversation/events/room_events.h"
#include "services/conversation/prompt/message_prompt.h"
#include "services/conversation/rooms/messages.h"
#include "services/conversation/rooms/participants.h"
#include "services/conversation/rooms/rooms.h"
#include "services/conversation/sessions/alternatives.h"
#include "services/conversation/sessions/chat.h"
#include "services/conversation/sessions/forks.h"
#include "services/conversation/sessions/history.h"
#include "services/conversation/sessions/previews.h"
#include "services/conversation/sessions/sessions.h"
#include "services/conversation/sessions/shares.h"
#include "services/conversation/turns/requested_turns.h"
#include "services/conversation/turns/turns.h"
#include "shared/executor/executor.h"
#include "shared/rpc/service_adapter.h"
#include "shared/sql/idempotency.h"

namespace dramatis::conversation {

inline constexpr char kServiceName[] = "dramatis.conversation.v1.ConversationService";

// The use cases behind the RPCs. References outlive the service.
struct UseCases {
  Sessions& sessions;
  Chat& chat;
  Previews& previews;
  Alternatives& alternatives;
  Forks& forks;
  Shares& shares;
  Turns& turns;
  History& history;
  Rooms& rooms;
  Participants& participants;
  RoomMessages& messages;
  RoomFollowing& following;
  RequestedTurns& requested;
  MessagePrompts& prompts;
  Accounts& accounts;
};

// The result of a write that may have been the replay of an earlier one, said in a header.
template <class Result>
absl::StatusOr<Result> Marked(const CallContext& call, absl::StatusOr<Idempotent<Result>> answer) {
  if (!answer.ok()) return std::move(answer).status();
  if (answer->replayed) sql::MarkReplayed(call);
  return std::move(answer->result);
}

class ConversationService : public v1::ConversationService::CallbackService {
 public:
  // Answers that wait for a turn's end are finished on `background`.
  ConversationService(const UseCases& use_cases, ServiceAdapter& rpc, Executor& background);

  // What the gateway of the same process may call without gRPC: all that clients may.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* Chat(grpc::CallbackServerContext* context,
                                 const v1::ChatRequest* request,
                                 v1::ChatResponse* response) override;
  grpc::ServerWriteReactor<v1::ChatEvent>* StreamChat(grpc::CallbackServerContext* context,
                                                      const v1::ChatRequest* request) override;
  grpc::ServerUnaryReactor* PreviewChat(grpc::CallbackServerContext* context,
                                        const v1::ChatRequest* request,
                                        v1::ChatPreview* response) override;
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
  grpc::ServerUnaryReactor* RegenerateTurn(grpc::CallbackServerContext* context,
                                           const v1::RegenerateTurnRequest* request,
                                           v1::ChatResponse* response) override;
  grpc::ServerWriteReactor<v1::ChatEvent>* StreamRegenerateTurn(
      grpc::CallbackServerContext* context, const v1::RegenerateTurnRequest* request) override;
  grpc::ServerUnaryReactor* ListAlternatives(grpc::CallbackServerContext* context,
                                             const v1::ListAlternativesRequest* request,
                                             v1::ListAlternativesResponse* response) override;
  grpc::ServerUnaryReactor* SelectAlternative(grpc::CallbackServerContext* context,
                                              const v1::SelectAlternativeRequest* request,
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
  grpc::ServerUnaryReactor* ForkHistory(grpc::CallbackServerContext* context,
                                        const v1::ForkHistoryRequest* request,
                                        v1::Session* response) override;
  grpc::ServerUnaryReactor* ShareHistory(grpc::CallbackServerContext* context,
                                         const v1::ShareHistoryRequest* request,
                                         v1::Share* response) override;
  grpc::ServerUnaryReactor* ListShares(grpc::CallbackServerContext* context,
                                       const v1::ListSharesRequest* request,
                                       v1::ListSharesResponse* response) override;
  grpc::ServerUnaryReactor* DeleteShare(grpc::CallbackServerContext* context,
                                        const v1::DeleteShareRequest* request,
                                        google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* GetShared(grpc::CallbackServerContext* context,
                                      const v1::GetSharedRequest* request,
                                      v1::SharedConversation* response) override;
  grpc::ServerUnaryReactor* DeleteHistory(grpc::CallbackServerContext* context,
                                          const v1::DeleteHistoryRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* DeleteAccount(grpc::CallbackServerContext* context,
                                          const v1::DeleteAccountRequest* request,
                                          v1::DeleteAccountResponse* response) override;

  // Rooms: rooms_service.cc.

  grpc::ServerUnaryReactor* ListConversations(grpc::CallbackServerContext* context,
                                              const v1::ListConversationsRequest* request,
                                              v1::ListConversationsResponse* response) override;
  grpc::ServerUnaryReactor* CreateConversation(grpc::CallbackServerContext* context,
                                               const v1::CreateConversationRequest* request,
                                               v1::Conversation* response) override;
  grpc::ServerUnaryReactor* GetConversation(grpc::CallbackServerContext* context,
                                            const v1::GetConversationRequest* request,
                                            v1::Conversation* response) override;
  grpc::ServerUnaryReactor* UpdateConversation(grpc::CallbackServerContext* context,
                                               const v1::UpdateConversationRequest* request,
                                               v1::Conversation* response) override;
  grpc::ServerUnaryReactor* DeleteConversation(grpc::CallbackServerContext* context,
                                               const v1::DeleteConversationRequest* request,
                                               google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* CloseConversation(grpc::CallbackServerContext* context,
                                              const v1::CloseConversationRequest* request,
                                              v1::Conversation* response) override;
  grpc::ServerUnaryReactor* PauseConversation(grpc::CallbackServerContext* context,
                                              const v1::PauseConversationRequest* request,
                                              v1::Conversation* response) override;
  grpc::ServerUnaryReactor* ResumeConversation(grpc::CallbackServerContext* context,
                                               const v1::ResumeConversationRequest* request,
                                               v1::Conversation* response) override;
  grpc::ServerUnaryReactor* JoinConversation(grpc::CallbackServerContext* context,
                                             const v1::JoinConversationRequest* request,
                                             v1::Conversation* response) override;
  grpc::ServerUnaryReactor* LeaveConversation(grpc::CallbackServerContext* context,
                                              const v1::LeaveConversationRequest* request,
                                              v1::Conversation* response) override;
  grpc::ServerUnaryReactor* AddParticipant(grpc::CallbackServerContext* context,
                                           const v1::AddParticipantRequest* request,
                                           v1::Participant* response) override;
  grpc::ServerUnaryReactor* GetParticipant(grpc::CallbackServerContext* context,
                                           const v1::GetParticipantRequest* request,
                                           v1::Participant* response) override;
  grpc::ServerUnaryReactor* RemoveParticipant(grpc::CallbackServerContext* context,
                                              const v1::RemoveParticipantRequest* request,
                                              google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* RevealParticipant(grpc::CallbackServerContext* context,
                                              const v1::RevealParticipantRequest* request,
                                              v1::Participant* response) override;
  grpc::ServerUnaryReactor* ListMessages(grpc::CallbackServerContext* context,
                                         const v1::ListMessagesRequest* request,
                                         v1::ListMessagesResponse* response) override;
  grpc::ServerUnaryReactor* CreateMessage(grpc::CallbackServerContext* context,
                                          const v1::CreateMessageRequest* request,
                                          v1::CreateMessageResponse* response) override;
  grpc::ServerUnaryReactor* GetMessage(grpc::CallbackServerContext* context,
                                       const v1::GetMessageRequest* request,
                                       v1::ConversationMessage* response) override;
  grpc::ServerUnaryReactor* UpdateMessage(grpc::CallbackServerContext* context,
                                          const v1::UpdateMessageRequest* request,
                                          v1::ConversationMessage* response) override;
  grpc::ServerUnaryReactor* DeleteMessage(grpc::CallbackServerContext* context,
                                          const v1::DeleteMessageRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerWriteReactor<v1::ConversationEvent>* StreamEvents(
      grpc::CallbackServerContext* context, const v1::StreamEventsRequest* request) override;

  grpc::ServerUnaryReactor* GetMessagePrompt(grpc::CallbackServerContext* context,
                                             const v1::GetMessagePromptRequest* request,
                                             v1::MessagePrompt* response) override;
  grpc::ServerUnaryReactor* GenerateResponse(grpc::CallbackServerContext* context,
                                             const v1::GenerateResponseRequest* request,
                                             v1::GenerateResponseResponse* response) override;
  grpc::ServerWriteReactor<v1::GenerateResponseEvent>* StreamGenerateResponse(
      grpc::CallbackServerContext* context, const v1::GenerateResponseRequest* request) override;

 private:
  // Answers with the turn's outcome when it has ended.
  void AnswerAtEnd(absl::StatusOr<std::shared_ptr<LiveTurn>> turn,
                   std::function<void(absl::StatusOr<v1::ChatResponse>)> done);

  const UseCases use_cases_;
  ServiceAdapter& rpc_;
  Executor& background_;
};

}  // namespace dramatis::conversation
