#include "shared/rpc/reflection.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

#include "google/protobuf/descriptor.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "grpcpp/impl/server_initializer.h"

namespace dramatis {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

const DescriptorPool& Pool() {
  return *DescriptorPool::generated_pool();
}

// A file and everything it imports, dependencies last.
void AddFiles(const FileDescriptor& file,
              std::set<std::string>& seen,
              google::protobuf::RepeatedPtrField<std::string>& files) {
  if (!seen.insert(file.name()).second) return;
  FileDescriptorProto proto;
  file.CopyTo(&proto);
  files.Add(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i)
    AddFiles(*file.dependency(i), seen, files);
}

template <class Response>
void AnswerFile(const FileDescriptor* file, const std::string& what, Response& response) {
  if (file == nullptr) {
    response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    response.mutable_error_response()->set_error_message(what + " is not known");
    return;
  }
  std::set<std::string> seen;
  AddFiles(*file, seen,
           *response.mutable_file_descriptor_response()->mutable_file_descriptor_proto());
}

template <class Response>
void AnswerExtensions(const std::string& type, Response& response) {
  const Descriptor* message = Pool().FindMessageTypeByName(type);
  if (message == nullptr) return AnswerFile(nullptr, type, response);
  auto& numbers = *response.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(type);
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(message, &extensions);
  for (const FieldDescriptor* extension : extensions) {
    numbers.add_extension_number(extension->number());
  }
}

template <class Request, class Response>
void Answer(const Request& request, const std::vector<std::string>& names, Response& response) {
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return AnswerFile(Pool().FindFileByName(request.file_by_filename()),
                        request.file_by_filename(), response);
    case Request::kFileContainingSymbol:
      return AnswerFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
                        request.file_containing_symbol(), response);
    case Request::kFileContainingExtension: {
      const auto& wanted = request.file_containing_extension();
      const Descriptor* message = Pool().FindMessageTypeByName(wanted.containing_type());
      const FieldDescriptor* extension =
          message == nullptr ? nullptr
                             : Pool().FindExtensionByNumber(message, wanted.extension_number());
      return AnswerFile(extension == nullptr ? nullptr : extension->file(), "the extension",
                        response);
    }
    case Request::kAllExtensionNumbersOfType:
      return AnswerExtensions(request.all_extension_numbers_of_type(), response);
    case Request::kListServices:
      for (const std::string& name : names) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      return;
    default:
      response.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message("the request asks nothing");
  }
}

// Answers one request after the other until the client has no more.
template <class Request, class Response>
class Session : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit Session(const std::vector<std::string>& names) : names_(names) {
    this->StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    response_.Clear();
    Answer(request_, names_, response_);
    this->StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::CANCELLED);
    this->StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  const std::vector<std::string>& names_;
  Request request_;
  Response response_;
};

template <class Service, class Request, class Response>
class ReflectionService : public Service::CallbackService {
 public:
  // `names` are the server's, and live as long.
  void SetServiceNames(const std::vector<std::string>* names) { names_ = names; }
  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext*) override {
    return new Session<Request, Response>(*names_);
  }

 private:
  const std::vector<std::string>* names_ = nullptr;
};

namespace v1 = ::grpc::reflection::v1;
namespace v1alpha = ::grpc::reflection::v1alpha;

class ReflectionPlugin : public grpc::ServerBuilderPlugin {
 public:
  explicit ReflectionPlugin(const std::vector<std::string>** names) : names_(names) {}
  std::string name() override { return "dramatis.reflection"; }
  void InitServer(grpc::ServerInitializer* server) override {
    // The server shares them from here on.
    server->RegisterService(current_);
    server->RegisterService(alpha_);
  }
  void Finish(grpc::ServerInitializer* server) override {
    *names_ = server->GetServiceList();
    current_->SetServiceNames(*names_);
    alpha_->SetServiceNames(*names_);
  }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  const std::vector<std::string>** const names_;
  const std::shared_ptr<ReflectionService<v1::ServerReflection,
                                          v1::ServerReflectionRequest,
                                          v1::ServerReflectionResponse>>
      current_ = std::make_shared<decltype(current_)::element_type>();
  const std::shared_ptr<ReflectionService<v1alpha::ServerReflection,
                                          v1alpha::ServerReflectionRequest,
                                          v1alpha::ServerReflectionResponse>>
      alpha_ = std::make_shared<decltype(alpha_)::element_type>();
};

class ReflectionOption : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(const std::vector<std::string>** names) : names_(names) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<ReflectionPlugin>(names_));
  }

 private:
  const std::vector<std::string>** const names_;
};

}  // namespace

std::unique_ptr<grpc::ServerBuilderOption> MakeReflectionOption(
    const std::vector<std::string>** names) {
  return std::make_unique<ReflectionOption>(names);
}

}  // namespace dramatis
