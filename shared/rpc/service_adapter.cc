#include "shared/rpc/service_adapter.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace dramatis {
namespace {

// For what is wrong with the program itself, noticed when it starts.
[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}

}  // namespace

ServiceAdapter::ServiceAdapter(const std::string& service,
                               Executor& executor,
                               const Clock& clock,
                               Logger& logger,
                               Metrics& metrics)
    : parts_{executor, clock, logger, metrics, UuidV7Source(clock)} {
  const google::protobuf::ServiceDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  if (descriptor == nullptr) Die(absl::StrCat("no service is called ", service));
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const google::protobuf::MethodDescriptor& method = *descriptor->method(i);
    absl::StatusOr<MethodAccess> access = ReadMethodAccess(method);
    if (!access.ok()) Die(std::string(access.status().message()));
    const std::string name = absl::StrCat(service, "/", method.name());
    methods_.emplace(
        method.name(),
        MethodFacts{
            name, *std::move(access),
            metrics.CounterOf("dramatis_rpc_requests_total", {{"method", name}, {"code", "OK"}}),
            metrics.HistogramOf("dramatis_rpc_duration_seconds", {{"method", name}})});
  }
}

void ServiceAdapter::Gate(std::initializer_list<const char*> methods,
                          const std::function<absl::Status()>& gate) {
  for (const char* const method : methods) {
    Find(method);  // dies where there is none
    methods_.at(method).gate = gate;
  }
}

const MethodFacts& ServiceAdapter::Find(const char* method) const {
  const auto found = methods_.find(method);
  if (found == methods_.end()) Die(absl::StrCat("no method is called ", method));
  return found->second;
}

}  // namespace dramatis
