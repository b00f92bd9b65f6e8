#include "shared/methods/method_table.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace dramatis {
namespace {

// For what is wrong with the program itself, noticed when it starts.
[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}

const google::protobuf::ServiceDescriptor& FindService(const std::string& name) {
  const google::protobuf::ServiceDescriptor* const service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
  if (service == nullptr) Die(absl::StrCat("no service is called ", name));
  return *service;
}

// What is wrong with a line, empty where nothing is.
std::string Mismatch(const google::protobuf::MethodDescriptor& method,
                     const google::protobuf::Message& request,
                     const google::protobuf::Message& response,
                     bool uploads,
                     bool streams) {
  if (method.input_type() != request.GetDescriptor()) {
    return absl::StrCat("takes ", method.input_type()->full_name(), ", not ",
                        request.GetDescriptor()->full_name());
  }
  if (method.output_type() != response.GetDescriptor()) {
    return absl::StrCat("answers ", method.output_type()->full_name(), ", not ",
                        response.GetDescriptor()->full_name());
  }
  if (method.client_streaming() != uploads || method.server_streaming() != streams) {
    return "streams otherwise in its proto than in its line";
  }
  return "";
}

}  // namespace

MethodTable::MethodTable(const std::string& service,
                         Executor& executor,
                         const Clock& clock,
                         Logger& logger,
                         Metrics& metrics)
    : service_(service),
      descriptor_(FindService(service)),
      executor_(executor),
      parts_{clock, logger, metrics, UuidV7Source(clock)} {
  for (int i = 0; i < descriptor_.method_count(); ++i) {
    const absl::StatusOr<MethodAccess> access = ReadMethodAccess(*descriptor_.method(i));
    if (!access.ok()) Die(std::string(access.status().message()));
  }
  methods_.resize(static_cast<size_t>(descriptor_.method_count()));
}

MethodFacts MethodTable::FactsOf(const google::protobuf::MethodDescriptor& method) const {
  const std::string name = absl::StrCat(service_, "/", method.name());
  Metrics& metrics = parts_.metrics;
  return {name, *ReadMethodAccess(method),
          metrics.CounterOf("dramatis_rpc_requests_total", {{"method", name}, {"code", "OK"}}),
          metrics.HistogramOf("dramatis_rpc_duration_seconds", {{"method", name}})};
}

Method& MethodTable::Add(const char* name,
                         const Message& request,
                         const Message& response,
                         Handler handler) {
  const google::protobuf::MethodDescriptor* const method = descriptor_.FindMethodByName(name);
  if (method == nullptr) Die(absl::StrCat(service_, " has no RPC ", name));
  const std::string mismatch =
      Mismatch(*method, request, response, std::holds_alternative<UploadHandler>(handler),
               std::holds_alternative<StreamHandler>(handler));
  if (!mismatch.empty()) Die(absl::StrCat(service_, "/", name, " ", mismatch));
  std::unique_ptr<Method>& line = methods_[static_cast<size_t>(method->index())];
  if (line != nullptr) Die(absl::StrCat(service_, "/", name, " has two lines"));
  line = std::make_unique<Method>(FactsOf(*method), parts_, &executor_, request, response,
                                  std::move(handler));
  return *line;
}

void MethodTable::Gate(std::initializer_list<const char*> names,
                       const std::function<absl::Status()>& gate) {
  for (const char* const name : names) {
    const google::protobuf::MethodDescriptor* const method = descriptor_.FindMethodByName(name);
    Method* const line =
        method == nullptr ? nullptr : methods_[static_cast<size_t>(method->index())].get();
    if (line == nullptr) Die(absl::StrCat(service_, " has no line for ", name));
    line->gate = gate;
  }
}

void MethodTable::CheckComplete() const {
  for (int i = 0; i < descriptor_.method_count(); ++i) {
    if (methods_[static_cast<size_t>(i)] != nullptr) continue;
    Die(absl::StrCat(descriptor_.method(i)->full_name(), " has no line: nothing answers it"));
  }
}

}  // namespace dramatis
