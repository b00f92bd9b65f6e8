#include "services/conversation/service.h"

namespace dramatis::conversation {
namespace {

void ServeTurns(MethodTable& rpc, const UseCases& use_cases) {
  TurnAnswers& answers = use_cases.answers;
  Turns& turns = use_cases.turns;
  rpc.Async("Chat", &TurnAnswers::Chat, answers);
  rpc.Stream("StreamChat", &TurnAnswers::StreamChat, answers);
  rpc.Unary("PreviewChat", &Previews::Preview, use_cases.previews);
  rpc.Stream("StreamTurn", &Turns::Stream, turns);
  rpc.Unary("GetTurn", [&turns](const CallContext& call, const v1::GetTurnRequest& asked) {
    return turns.Get(call, asked.turn_id());
  });
  rpc.Async("CancelTurn", &TurnAnswers::Cancel, answers);
  rpc.Unary("RetryTurn", &Turns::Retry, turns);
  rpc.Async("RegenerateTurn", &TurnAnswers::Regenerate, answers);
  rpc.Stream("StreamRegenerateTurn", &TurnAnswers::StreamRegenerate, answers);
  rpc.Unary("ListAlternatives", &Alternatives::List, use_cases.alternatives);
  rpc.Unary("SelectAlternative", &Alternatives::Select, use_cases.alternatives);
  rpc.Async("GenerateResponse", &TurnAnswers::Generate, answers);
  rpc.Stream("StreamGenerateResponse", &TurnAnswers::StreamGenerate, answers);
}

void ServeSessions(MethodTable& rpc, const UseCases& use_cases) {
  History& history = use_cases.history;
  rpc.Unary("CreateSession", &Sessions::Create, use_cases.sessions);
  rpc.Unary("GetSession", &Sessions::Get, use_cases.sessions);
  rpc.Unary("EndSession", &Sessions::End, use_cases.sessions);
  rpc.Unary("GetChatHistory", &History::Messages, history);
  rpc.Unary("ListHistory", &History::List, history);
  rpc.Unary("GetHistory", &History::Get, history);
  rpc.Unary("DeleteHistory", &History::Delete, history);
  rpc.Unary("ForkHistory", &Forks::Fork, use_cases.forks);
  rpc.Unary("ShareHistory", &Shares::Create, use_cases.shares);
  rpc.Unary("ListShares", &Shares::List, use_cases.shares);
  rpc.Unary("DeleteShare", &Shares::Delete, use_cases.shares);
  rpc.Unary("GetShared", &Shares::Get, use_cases.shares);
}

void ServeRooms(MethodTable& rpc, const UseCases& use_cases) {
  Rooms& rooms = use_cases.rooms;
  Participants& participants = use_cases.participants;
  RoomMessages& messages = use_cases.messages;
  rpc.Unary("ListConversations", &Rooms::List, rooms);
  rpc.Unary("CreateConversation", &Rooms::Create, rooms);
  rpc.Unary("GetConversation", &Rooms::Get, rooms);
  rpc.Unary("UpdateConversation", &Rooms::Update, rooms);
  rpc.Unary("DeleteConversation", &Rooms::Delete, rooms);
  rpc.Unary("CloseConversation", &Rooms::Close, rooms);
  rpc.Unary("PauseConversation", &Rooms::Pause, rooms);
  rpc.Unary("ResumeConversation", &Rooms::Resume, rooms);
  rpc.Unary("JoinConversation", &Participants::Join, participants);
  rpc.Unary("LeaveConversation", &Participants::Leave, participants);
  rpc.Unary("AddParticipant", &Participants::Add, participants);
  rpc.Unary("GetParticipant", &Participants::Get, participants);
  rpc.Unary("RemoveParticipant", &Participants::Remove, participants);
  rpc.Unary("RevealParticipant", &Participants::Reveal, participants);
  rpc.Unary("ListMessages", &RoomMessages::List, messages);
  rpc.Unary("CreateMessage", &RoomMessages::Create, messages);
  rpc.Unary("GetMessage", &RoomMessages::Get, messages);
  rpc.Unary("UpdateMessage", &RoomMessages::Update, messages);
  rpc.Unary("DeleteMessage", &RoomMessages::Delete, messages);
  rpc.Stream("StreamEvents", &RoomFollowing::Stream, use_cases.following);
  rpc.Unary("GetMessagePrompt", &MessagePrompts::Get, use_cases.prompts);
}

}  // namespace

void ServeConversations(MethodTable& rpc, const UseCases& use_cases) {
  ServeTurns(rpc, use_cases);
  ServeSessions(rpc, use_cases);
  ServeRooms(rpc, use_cases);
  rpc.Unary("DeleteAccount", &Accounts::Delete, use_cases.accounts);
}

void ServeArchives(MethodTable& rpc, Archives& archives) {
  rpc.Upload("CreateImport", &Archives::Import, archives);
  rpc.Unary("ListImports", &Archives::ListImports, archives);
  rpc.Unary("GetImport", &Archives::GetImport, archives);
  rpc.Unary("CreateExport", &Archives::Export, archives);
  rpc.Unary("GetExport", &Archives::GetExport, archives);
  rpc.Stream("GetExportArchive", &Archives::GetArchive, archives);
}

void ServeOpenAi(MethodTable& rpc, Completions& completions, CompletionAnswers& answers) {
  OpenAiModels& models = completions.models();
  rpc.Unary("ListModels", [&models](const CallContext& call, const openai::v1::ListModelsRequest&) {
    return models.List(call);
  });
  rpc.Unary("GetModel",
            [&models](const CallContext& call, const openai::v1::GetModelRequest& asked) {
              return models.Get(call, asked.model());
            });
  rpc.Async("CreateChatCompletion", &CompletionAnswers::CreateChat, answers);
  rpc.Stream("StreamChatCompletion", &CompletionAnswers::StreamChat, answers);
  rpc.Async("CreateResponse", &CompletionAnswers::CreateResponse, answers);
  rpc.Stream("StreamResponse", &CompletionAnswers::StreamResponse, answers);
  rpc.Unary("CreateEmbeddings", &OpenAiEmbeddings::Create, completions.embeddings());
}

}  // namespace dramatis::conversation
