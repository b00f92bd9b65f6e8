// The journal's RPCs of MemoryService.
#include "services/memory/service.h"

namespace dramatis::memory {

grpc::ServerUnaryReactor* MemoryServiceServer::ListJournalEntries(
    grpc::CallbackServerContext* context,
    const v1::ListJournalEntriesRequest* request,
    v1::ListJournalEntriesResponse* response) {
  return rpc_.Unary("ListJournalEntries", context, request, response,
                    [this](const CallContext& call, const v1::ListJournalEntriesRequest& r) {
                      return journal_.List(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::CreateJournalEntry(
    grpc::CallbackServerContext* context,
    const v1::CreateJournalEntryRequest* request,
    v1::JournalEntry* response) {
  return rpc_.Unary("CreateJournalEntry", context, request, response,
                    [this](const CallContext& call, const v1::CreateJournalEntryRequest& r) {
                      return journal_.Create(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetJournalEntry(
    grpc::CallbackServerContext* context,
    const v1::GetJournalEntryRequest* request,
    v1::JournalEntry* response) {
  return rpc_.Unary("GetJournalEntry", context, request, response,
                    [this](const CallContext& call, const v1::GetJournalEntryRequest& r) {
                      return journal_.Get(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::UpdateJournalEntry(
    grpc::CallbackServerContext* context,
    const v1::UpdateJournalEntryRequest* request,
    v1::JournalEntry* response) {
  return rpc_.Unary("UpdateJournalEntry", context, request, response,
                    [this](const CallContext& call, const v1::UpdateJournalEntryRequest& r) {
                      return journal_.Update(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::DeleteJournalEntry(
    grpc::CallbackServerContext* context,
    const v1::DeleteJournalEntryRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteJournalEntry", context, request, response,
                    [this](const CallContext& call, const v1::DeleteJournalEntryRequest& r) {
                      return journal_.Delete(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetJournalStats(
    grpc::CallbackServerContext* context,
    const v1::GetJournalStatsRequest* request,
    v1::JournalStats* response) {
  return rpc_.Unary("GetJournalStats", context, request, response,
                    [this](const CallContext& call, const v1::GetJournalStatsRequest& r) {
                      return journal_.Stats(call, r);
                    });
}

}  // namespace dramatis::memory
