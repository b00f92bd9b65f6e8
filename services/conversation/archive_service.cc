#include "services/conversation/archive_service.h"

#include "services/conversation/service.h"

namespace dramatis::conversation {

grpc::ServerReadReactor<v1::CreateImportRequest>* ArchiveServiceServer::CreateImport(
    grpc::CallbackServerContext* context, v1::Import* response) {
  return rpc_.Upload<v1::CreateImportRequest, v1::Import>(
      "CreateImport", context, response,
      [this](const CallContext& call, const v1::CreateImportRequest& first) {
        return archives_.Import(call, first);
      });
}

grpc::ServerUnaryReactor* ArchiveServiceServer::ListImports(grpc::CallbackServerContext* context,
                                                            const v1::ListImportsRequest* request,
                                                            v1::ListImportsResponse* response) {
  return rpc_.Unary("ListImports", context, request, response,
                    [this](const CallContext& call, const v1::ListImportsRequest& asked) {
                      return archives_.ListImports(call, asked);
                    });
}

grpc::ServerUnaryReactor* ArchiveServiceServer::GetImport(grpc::CallbackServerContext* context,
                                                          const v1::GetImportRequest* request,
                                                          v1::Import* response) {
  return rpc_.Unary("GetImport", context, request, response,
                    [this](const CallContext& call, const v1::GetImportRequest& asked) {
                      return archives_.GetImport(call, asked);
                    });
}

grpc::ServerUnaryReactor* ArchiveServiceServer::CreateExport(grpc::CallbackServerContext* context,
                                                             const v1::CreateExportRequest* request,
                                                             v1::Export* response) {
  return rpc_.Unary("CreateExport", context, request, response,
                    [this](const CallContext& call, const v1::CreateExportRequest& asked) {
                      return Marked(call, archives_.Export(call, asked));
                    });
}

grpc::ServerUnaryReactor* ArchiveServiceServer::GetExport(grpc::CallbackServerContext* context,
                                                          const v1::GetExportRequest* request,
                                                          v1::Export* response) {
  return rpc_.Unary("GetExport", context, request, response,
                    [this](const CallContext& call, const v1::GetExportRequest& asked) {
                      return archives_.GetExport(call, asked);
                    });
}

grpc::ServerWriteReactor<google::api::HttpBody>* ArchiveServiceServer::GetExportArchive(
    grpc::CallbackServerContext* context, const v1::GetExportRequest* request) {
  return rpc_.Stream<v1::GetExportRequest, google::api::HttpBody>(
      "GetExportArchive", context, request,
      [this](const CallContext& call, const v1::GetExportRequest& asked) {
        return archives_.GetArchive(call, asked);
      });
}

}  // namespace dramatis::conversation
