#include "services/conversation/service.h"

namespace dramatis::conversation {

grpc::ServerUnaryReactor* ConversationService::ListConversations(
    grpc::CallbackServerContext* context,
    const v1::ListConversationsRequest* request,
    v1::ListConversationsResponse* response) {
  return rpc_.Unary("ListConversations", context, request, response,
                    [this](const CallContext& call, const v1::ListConversationsRequest& asked) {
                      return use_cases_.rooms.List(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::CreateConversation(
    grpc::CallbackServerContext* context,
    const v1::CreateConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("CreateConversation", context, request, response,
                    [this](const CallContext& call, const v1::CreateConversationRequest& asked) {
                      return Marked(call, use_cases_.rooms.Create(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetConversation(
    grpc::CallbackServerContext* context,
    const v1::GetConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("GetConversation", context, request, response,
                    [this](const CallContext& call, const v1::GetConversationRequest& asked) {
                      return use_cases_.rooms.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::UpdateConversation(
    grpc::CallbackServerContext* context,
    const v1::UpdateConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("UpdateConversation", context, request, response,
                    [this](const CallContext& call, const v1::UpdateConversationRequest& asked) {
                      return Marked(call, use_cases_.rooms.Update(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::DeleteConversation(
    grpc::CallbackServerContext* context,
    const v1::DeleteConversationRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteConversation", context, request, response,
                    [this](const CallContext& call, const v1::DeleteConversationRequest& asked) {
                      return use_cases_.rooms.Delete(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::CloseConversation(
    grpc::CallbackServerContext* context,
    const v1::CloseConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("CloseConversation", context, request, response,
                    [this](const CallContext& call, const v1::CloseConversationRequest& asked) {
                      return Marked(call, use_cases_.rooms.Close(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::PauseConversation(
    grpc::CallbackServerContext* context,
    const v1::PauseConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("PauseConversation", context, request, response,
                    [this](const CallContext& call, const v1::PauseConversationRequest& asked) {
                      return Marked(call, use_cases_.rooms.Pause(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::ResumeConversation(
    grpc::CallbackServerContext* context,
    const v1::ResumeConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("ResumeConversation", context, request, response,
                    [this](const CallContext& call, const v1::ResumeConversationRequest& asked) {
                      return Marked(call, use_cases_.rooms.Resume(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::JoinConversation(
    grpc::CallbackServerContext* context,
    const v1::JoinConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("JoinConversation", context, request, response,
                    [this](const CallContext& call, const v1::JoinConversationRequest& asked) {
                      return Marked(call, use_cases_.participants.Join(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::LeaveConversation(
    grpc::CallbackServerContext* context,
    const v1::LeaveConversationRequest* request,
    v1::Conversation* response) {
  return rpc_.Unary("LeaveConversation", context, request, response,
                    [this](const CallContext& call, const v1::LeaveConversationRequest& asked) {
                      return Marked(call, use_cases_.participants.Leave(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::AddParticipant(
    grpc::CallbackServerContext* context,
    const v1::AddParticipantRequest* request,
    v1::Participant* response) {
  return rpc_.Unary("AddParticipant", context, request, response,
                    [this](const CallContext& call, const v1::AddParticipantRequest& asked) {
                      return Marked(call, use_cases_.participants.Add(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetParticipant(
    grpc::CallbackServerContext* context,
    const v1::GetParticipantRequest* request,
    v1::Participant* response) {
  return rpc_.Unary("GetParticipant", context, request, response,
                    [this](const CallContext& call, const v1::GetParticipantRequest& asked) {
                      return use_cases_.participants.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::RemoveParticipant(
    grpc::CallbackServerContext* context,
    const v1::RemoveParticipantRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("RemoveParticipant", context, request, response,
                    [this](const CallContext& call, const v1::RemoveParticipantRequest& asked) {
                      return use_cases_.participants.Remove(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::RevealParticipant(
    grpc::CallbackServerContext* context,
    const v1::RevealParticipantRequest* request,
    v1::Participant* response) {
  return rpc_.Unary("RevealParticipant", context, request, response,
                    [this](const CallContext& call, const v1::RevealParticipantRequest& asked) {
                      return Marked(call, use_cases_.participants.Reveal(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::ListMessages(grpc::CallbackServerContext* context,
                                                            const v1::ListMessagesRequest* request,
                                                            v1::ListMessagesResponse* response) {
  return rpc_.Unary("ListMessages", context, request, response,
                    [this](const CallContext& call, const v1::ListMessagesRequest& asked) {
                      return use_cases_.messages.List(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::CreateMessage(
    grpc::CallbackServerContext* context,
    const v1::CreateMessageRequest* request,
    v1::CreateMessageResponse* response) {
  return rpc_.Unary("CreateMessage", context, request, response,
                    [this](const CallContext& call, const v1::CreateMessageRequest& asked) {
                      return Marked(call, use_cases_.messages.Create(call, asked));
                    });
}

grpc::ServerUnaryReactor* ConversationService::GetMessage(grpc::CallbackServerContext* context,
                                                          const v1::GetMessageRequest* request,
                                                          v1::ConversationMessage* response) {
  return rpc_.Unary("GetMessage", context, request, response,
                    [this](const CallContext& call, const v1::GetMessageRequest& asked) {
                      return use_cases_.messages.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::UpdateMessage(
    grpc::CallbackServerContext* context,
    const v1::UpdateMessageRequest* request,
    v1::ConversationMessage* response) {
  return rpc_.Unary("UpdateMessage", context, request, response,
                    [this](const CallContext& call, const v1::UpdateMessageRequest& asked) {
                      return use_cases_.messages.Update(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::DeleteMessage(
    grpc::CallbackServerContext* context,
    const v1::DeleteMessageRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteMessage", context, request, response,
                    [this](const CallContext& call, const v1::DeleteMessageRequest& asked) {
                      return use_cases_.messages.Delete(call, asked);
                    });
}

grpc::ServerWriteReactor<v1::ConversationEvent>* ConversationService::StreamEvents(
    grpc::CallbackServerContext* context, const v1::StreamEventsRequest* request) {
  return rpc_.Stream<v1::StreamEventsRequest, v1::ConversationEvent>(
      "StreamEvents", context, request,
      [this](const CallContext& call, const v1::StreamEventsRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<v1::ConversationEvent>>> {
        return use_cases_.following.Stream(call, asked);
      });
}

grpc::ServerUnaryReactor* ConversationService::GetMessagePrompt(
    grpc::CallbackServerContext* context,
    const v1::GetMessagePromptRequest* request,
    v1::MessagePrompt* response) {
  return rpc_.Unary("GetMessagePrompt", context, request, response,
                    [this](const CallContext& call, const v1::GetMessagePromptRequest& asked) {
                      return use_cases_.prompts.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* ConversationService::GenerateResponse(
    grpc::CallbackServerContext* context,
    const v1::GenerateResponseRequest* request,
    v1::GenerateResponseResponse* response) {
  return rpc_.Async(
      "GenerateResponse", context, request, response,
      [this](const CallContext& call, const v1::GenerateResponseRequest& asked,
             const std::function<void(absl::StatusOr<v1::GenerateResponseResponse>)>& done) {
        absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
            Marked(call, use_cases_.requested.Start(call, asked));
        if (!turn.ok()) return done(turn.status());
        WhenEnded(*turn, background_, [this, call, turn = *turn, done] {
          done(use_cases_.requested.Answer(call, *turn));
        });
      });
}

grpc::ServerWriteReactor<v1::GenerateResponseEvent>* ConversationService::StreamGenerateResponse(
    grpc::CallbackServerContext* context, const v1::GenerateResponseRequest* request) {
  return rpc_.Stream<v1::GenerateResponseRequest, v1::GenerateResponseEvent>(
      "StreamGenerateResponse", context, request,
      [this](const CallContext& call, const v1::GenerateResponseRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<v1::GenerateResponseEvent>>> {
        absl::StatusOr<std::shared_ptr<LiveTurn>> turn =
            Marked(call, use_cases_.requested.Start(call, asked));
        if (!turn.ok()) return std::move(turn).status();
        return use_cases_.requested.Events(call, asked, *std::move(turn));
      });
}

}  // namespace dramatis::conversation
