// ArchiveService over gRPC: one statement per RPC, no rules.
#pragma once

#include "dramatis/conversation/v1/archives.grpc.pb.h"

#include "services/conversation/archives/archives.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::conversation {

inline constexpr char kArchiveServiceName[] = "dramatis.conversation.v1.ArchiveService";

class ArchiveServiceServer : public v1::ArchiveService::CallbackService {
 public:
  // References outlive the service.
  ArchiveServiceServer(Archives& archives, ServiceAdapter& rpc) : archives_(archives), rpc_(rpc) {}

  grpc::ServerReadReactor<v1::CreateImportRequest>* CreateImport(
      grpc::CallbackServerContext* context, v1::Import* response) override;
  grpc::ServerUnaryReactor* ListImports(grpc::CallbackServerContext* context,
                                        const v1::ListImportsRequest* request,
                                        v1::ListImportsResponse* response) override;
  grpc::ServerUnaryReactor* GetImport(grpc::CallbackServerContext* context,
                                      const v1::GetImportRequest* request,
                                      v1::Import* response) override;
  grpc::ServerUnaryReactor* CreateExport(grpc::CallbackServerContext* context,
                                         const v1::CreateExportRequest* request,
                                         v1::Export* response) override;
  grpc::ServerUnaryReactor* GetExport(grpc::CallbackServerContext* context,
                                      const v1::GetExportRequest* request,
                                      v1::Export* response) override;
  grpc::ServerWriteReactor<google::api::HttpBody>* GetExportArchive(
      grpc::CallbackServerContext* context, const v1::GetExportRequest* request) override;

 private:
  Archives& archives_;
  ServiceAdapter& rpc_;
};

}  // namespace dramatis::conversation
